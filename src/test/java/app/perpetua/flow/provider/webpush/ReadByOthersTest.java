package app.perpetua.flow.provider.webpush;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import app.perpetua.flow.base.AddressGuard;
import app.perpetua.flow.base.AllowedHost;
import app.perpetua.flow.base.Json;
import app.perpetua.flow.fake.FakePushService;
import app.perpetua.flow.fake.VapidKeys;
import app.perpetua.flow.harness.NpmProject;
import app.perpetua.flow.harness.time.MutableClock;
import app.perpetua.flow.notifications.PushService;
import app.perpetua.flow.notifications.Vapid;
import java.io.IOException;
import java.net.InetAddress;
import java.net.http.HttpClient;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

/**
 * FR-056 with independent implementations: npm's {@code http_ece} decrypts the messages, and {@code
 * jose} verifies the tokens. Needs node and npm; installs both packages once, below target/.
 */
class ReadByOthersTest {
  private static final NpmProject NPM = new NpmProject("webpush");

  private final MutableClock clock = new MutableClock();
  private final Json json = new Json();

  @Test
  void FR_056_other_implementations_decrypt_and_verify_messages() throws Exception {
    List<String> texts = new ArrayList<>(List.of("{\"title\":\"Grüße 👩‍🚀\"}"));
    for (int length : new int[] {1, 15, 16, 17, 1_000, 3_992, 3_993}) {
      texts.add("x".repeat(length));
    }
    List<FakePushService.Message> sent;
    List<FakePushService.Subscription> browsers = new ArrayList<>();
    try (FakePushService service = new FakePushService(clock);
        HttpClient http = HttpClient.newHttpClient()) {
      VapidKeys keys = VapidKeys.make();
      WebPush push =
          new WebPush(
              http,
              new Vapid(
                  Vapid.publicKey(keys.publicKey()),
                  Vapid.privateKey(keys.privateKey()),
                  "mailto:push@example.com"),
              new AddressGuard(
                  List.of(AllowedHost.parse(service.origin())), InetAddress::getAllByName),
              clock);
      for (String text : texts) {
        FakePushService.Subscription browser = service.subscribe();
        browsers.add(browser);
        assertEquals(new PushService.Outcome.Sent(), push.send(message(browser, text)));
      }
      sent = service.inbox();
      JsonNode read = json.parse(node(json.text(requests(sent, browsers, service.origin()))));
      for (int i = 0; i < texts.size(); i++) {
        JsonNode one = read.get(i);
        assertEquals(texts.get(i), one.get("text").stringValue());
        assertEquals("mailto:push@example.com", one.at("/claims/sub").stringValue());
        assertEquals(service.origin(), one.at("/claims/aud").stringValue());
        long life = one.at("/claims/exp").longValue() - clock.instant().getEpochSecond();
        assertTrue(life > 0 && life <= 12 * 3_600, () -> "lives " + life + " s");
      }
      assertEquals(texts.size(), read.size());
    }
  }

  private static PushService.Push message(FakePushService.Subscription browser, String text) {
    return new PushService.Push(
        browser.endpoint(),
        Base64.getUrlDecoder().decode(browser.inbox().p256dh()),
        Base64.getUrlDecoder().decode(browser.inbox().auth()),
        "topic",
        PushService.Urgency.NORMAL,
        Duration.ofHours(1),
        text.getBytes(StandardCharsets.UTF_8));
  }

  private List<Map<String, Object>> requests(
      List<FakePushService.Message> sent,
      List<FakePushService.Subscription> browsers,
      String audience) {
    List<Map<String, Object>> requests = new ArrayList<>();
    for (int i = 0; i < sent.size(); i++) {
      // A map, because the members have JavaScript names.
      requests.add(
          Map.of(
              "body",
              Base64.getUrlEncoder().withoutPadding().encodeToString(sent.get(i).body()),
              "privateKey",
              browsers.get(i).inbox().privateKey(),
              "publicKey",
              browsers.get(i).inbox().p256dh(),
              "auth",
              browsers.get(i).inbox().auth(),
              "authorization",
              sent.get(i).authorization(),
              "audience",
              audience,
              "now",
              clock.instant().getEpochSecond()));
    }
    return requests;
  }

  private static String node(String input) {
    try {
      NPM.install();
      return NPM.run(input, "node", "read.mjs");
    } catch (IOException e) {
      throw new AssertionError(
          "node or npm is missing, and with it the proof that others can read our pushes: install"
              + " Node.js 18 or later with npm (Debian: apt-get install nodejs npm)",
          e);
    }
  }
}
