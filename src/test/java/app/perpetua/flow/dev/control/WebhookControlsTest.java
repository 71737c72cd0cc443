package app.perpetua.flow.dev.control;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import app.perpetua.flow.base.Json;
import app.perpetua.flow.fake.WebhookReceiver;
import app.perpetua.flow.harness.time.MutableClock;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.security.SecureRandom;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

class WebhookControlsTest {
  private final Json json = new Json();
  private final WebhookControls controls =
      new WebhookControls(
          new WebhookReceiver(new MutableClock(), 2),
          "http://localhost:1",
          new SecureRandom(),
          json);
  private final ControlPort port = new ControlPort(0, controls.calls(), Map::of, json);
  private final HttpClient http = HttpClient.newHttpClient();

  WebhookControlsTest() {
    port.serve(WebhookControls.RECEIVER, controls.receiver());
  }

  @AfterEach
  void stop() {
    http.close();
    port.close();
  }

  private HttpResponse<String> send(String method, String path, String body) throws Exception {
    return http.send(
        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port.address().getPort() + path))
            .method(method, HttpRequest.BodyPublishers.ofString(body))
            .build(),
        HttpResponse.BodyHandlers.ofString());
  }

  @Test
  void it_names_its_url_and_keeps_the_latest_deliveries() throws Exception {
    JsonNode receiver = json.parse(send("GET", "/webhooks/receiver", "").body());
    assertEquals(
        "http://localhost:1" + WebhookControls.RECEIVER, receiver.get("url").stringValue());
    assertTrue(receiver.get("secret").stringValue().startsWith("whsec_"));
    for (int i = 0; i < 3; i++) {
      assertEquals(400, send("POST", WebhookControls.RECEIVER, "unsigned " + i).statusCode());
    }
    JsonNode deliveries =
        json.parse(send("GET", "/webhooks/received", "").body()).get("deliveries");
    assertEquals(2, deliveries.size());
    assertEquals("unsigned 2", deliveries.get(1).get("body").stringValue());
    assertEquals(false, deliveries.get(1).get("verified").booleanValue());
  }

  @Test
  void it_can_be_told_to_fail_and_to_accept_another_secret() throws Exception {
    assertEquals(
        200, send("POST", "/webhooks/script", "{\"status\": 503, \"times\": 2}").statusCode());
    assertEquals(400, send("POST", "/webhooks/script", "{\"status\": 99}").statusCode());
    assertEquals(400, send("POST", "/webhooks/script", "{}").statusCode());
    assertEquals(
        200,
        send("POST", "/webhooks/secret", "{\"secret\": \"whsec_" + "QUJD".repeat(8) + "\"}")
            .statusCode());
    assertEquals(400, send("POST", "/webhooks/secret", "{\"secret\": \"whsec_%\"}").statusCode());
  }
}
