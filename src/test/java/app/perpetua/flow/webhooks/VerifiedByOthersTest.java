package app.perpetua.flow.webhooks;

import static org.junit.jupiter.api.Assertions.assertEquals;

import app.perpetua.flow.base.Json;
import app.perpetua.flow.harness.NpmProject;
import app.perpetua.flow.webhooks.WebhookSender.Outcome;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

/**
 * FR-168 with an independent implementation: npm's {@code standardwebhooks} verifies what is sent.
 * Needs node and npm; installs the package once, below target/.
 */
class VerifiedByOthersTest {
  private static final NpmProject NPM = new NpmProject("webhooks");

  private final Clock clock =
      Clock.fixed(Instant.parse("2026-11-30T12:00:00.750Z"), ZoneOffset.UTC);
  private final Json json = new Json();

  @Test
  void FR_168_the_reference_implementation_verifies_messages() throws Exception {
    SecureRandom random = new SecureRandom();
    WebhookSecret generated = WebhookSecret.generate(random);
    byte[] shortest = new byte[24];
    byte[] longest = new byte[64];
    random.nextBytes(shortest);
    random.nextBytes(longest);
    List<WebhookSecret> secrets =
        List.of(generated, new WebhookSecret(shortest), new WebhookSecret(longest));
    List<String> bodies =
        List.of("{}", "{\"title\":\"Grüße 👩‍🚀\"}", "{\"long\":\"" + "x".repeat(10_000) + "\"}");
    List<Map<String, Object>> requests = new ArrayList<>();
    List<Object> expected = new ArrayList<>();
    for (WebhookSecret secret : secrets) {
      for (String body : bodies) {
        // The receiver knows one of the two secrets of a rotation.
        WebhookSender.Message sent = sent(body, List.of(WebhookSecret.generate(random), secret));
        requests.add(request(secret, sent, 0));
        expected.add(json.parse(body));
      }
    }
    WebhookSender.Message sent = sent("{}", List.of(generated));
    requests.add(request(WebhookSecret.generate(random), sent, 0));
    expected.add("No matching signature found");
    requests.add(request(generated, sent, 301));
    expected.add("Message timestamp too old");
    Map<String, Object> changed = new HashMap<>(request(generated, sent, 0));
    changed.put("body", "{ }");
    requests.add(changed);
    expected.add("No matching signature found");
    JsonNode verified = json.parse(node(json.text(requests)));
    assertEquals(json.parse(json.text(expected)), verified);
  }

  /** What the service sends for a delivery. */
  private WebhookSender.Message sent(String body, List<WebhookSecret> secrets) throws Exception {
    List<WebhookSender.Message> messages = new CopyOnWriteArrayList<>();
    Target target =
        new Target(
            UUID.randomUUID(),
            "https://hooks.example.com/",
            new WebhookEndpoint.Messages(
                List.of(WebhookEvent.ALL), WebhookEndpoint.Payload.THIN, null),
            secrets,
            0,
            null,
            0,
            null,
            false);
    new DeliveryRun(
            message -> {
              messages.add(message);
              return new Outcome.Answered(204, "", Duration.ZERO);
            },
            clock)
        .send(target, List.of(new PendingDelivery(UUID.randomUUID(), body, 10)));
    return messages.getFirst();
  }

  private Map<String, Object> request(
      WebhookSecret secret, WebhookSender.Message sent, int secondsLater) {
    return Map.of(
        "secret", secret.text(),
        "now", clock.instant().getEpochSecond() + secondsLater,
        "id", sent.id(),
        "timestamp", Long.toString(sent.timestamp()),
        "signature", sent.signature(),
        "body", new String(sent.body(), StandardCharsets.UTF_8));
  }

  private static String node(String input) {
    try {
      NPM.install();
      return NPM.run(input, "node", "verify.mjs");
    } catch (IOException e) {
      throw new AssertionError(
          "node or npm is missing, and with it the proof that others can verify our webhooks:"
              + " install Node.js 18 or later with npm (Debian: apt-get install nodejs npm)",
          e);
    }
  }
}
