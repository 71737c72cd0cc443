package app.perpetua.flow.dev.control;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;

import app.perpetua.flow.base.AddressGuard;
import app.perpetua.flow.base.AllowedHost;
import app.perpetua.flow.base.Json;
import app.perpetua.flow.fake.FakePushService;
import app.perpetua.flow.fake.VapidKeys;
import app.perpetua.flow.harness.time.MutableClock;
import app.perpetua.flow.notifications.PushService.Outcome;
import app.perpetua.flow.notifications.PushService.Push;
import app.perpetua.flow.notifications.PushService.Urgency;
import app.perpetua.flow.notifications.Vapid;
import app.perpetua.flow.provider.webpush.WebPush;
import java.io.IOException;
import java.net.InetAddress;
import java.net.http.HttpClient;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

class PushControlsTest {
  private final MutableClock clock = new MutableClock();
  private final Json json = new Json();
  private final FakePushService service = new FakePushService(clock);
  private final HttpClient http = HttpClient.newHttpClient();
  private final ControlPort control =
      new ControlPort(0, new PushControls(service, json).calls(), Map::of, json);

  @AfterEach
  void stop() {
    control.close();
    http.close();
    service.close();
  }

  private JsonNode call(String method, String path, String body, int status) throws Exception {
    return new ControlClient(control, http, json).call(method, path, body, status);
  }

  private Outcome push(JsonNode browser, String text) throws InterruptedException, IOException {
    VapidKeys keys = VapidKeys.make();
    return new WebPush(
            http,
            new Vapid(
                Vapid.publicKey(keys.publicKey()),
                Vapid.privateKey(keys.privateKey()),
                "mailto:push@example.com"),
            new AddressGuard(
                List.of(AllowedHost.parse(service.origin())), InetAddress::getAllByName),
            clock)
        .send(
            new Push(
                browser.get("endpoint").stringValue(),
                Base64.getUrlDecoder().decode(browser.at("/keys/p256dh").stringValue()),
                Base64.getUrlDecoder().decode(browser.at("/keys/auth").stringValue()),
                "topic",
                Urgency.NORMAL,
                Duration.ofHours(1),
                text.getBytes(StandardCharsets.UTF_8)));
  }

  @Test
  void received_pushes_are_shown_decrypted() throws Exception {
    JsonNode browser = call("POST", "/push/subscription", "", 200);
    assertEquals(0, call("GET", "/push/inbox", "", 200).get("messages").size());
    assertInstanceOf(Outcome.Sent.class, push(browser, "{\"title\":\"a\"}"));
    JsonNode message = call("GET", "/push/inbox", "", 200).get("messages").get(0);
    assertEquals(browser.get("endpoint"), message.get("endpoint"));
    assertEquals("a", message.at("/message/title").stringValue());
    assertEquals(3_600, message.get("ttl").intValue());
  }

  @Test
  void pushes_get_the_scripted_answer() throws Exception {
    JsonNode browser = call("POST", "/push/subscription", "{}", 200);
    call("POST", "/push/script", "{\"status\": 410}", 200);
    assertInstanceOf(Outcome.Gone.class, push(browser, "{}"));
    assertInstanceOf(Outcome.Gone.class, push(browser, "{}"));
    call("POST", "/push/script", "{\"status\": 429, \"retry_after\": 9, \"times\": 1}", 200);
    assertEquals(
        new Outcome.Unavailable(Duration.ofSeconds(9), "the push service responded with 429"),
        push(browser, "{}"));
    assertInstanceOf(Outcome.Sent.class, push(browser, "{}"));
    call("POST", "/push/script", "{\"status\": 201, \"stall\": true, \"times\": 1}", 200);
    assertInstanceOf(Outcome.Unavailable.class, push(browser, "{}"));
    call("POST", "/push/script", "{}", 400);
    call("POST", "/push/script", "{\"status\": 99}", 400);
  }
}
