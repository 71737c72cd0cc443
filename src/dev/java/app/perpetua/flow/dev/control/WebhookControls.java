package app.perpetua.flow.dev.control;

import app.perpetua.flow.base.Json;
import app.perpetua.flow.dev.control.ControlPort.Answer;
import app.perpetua.flow.dev.control.ControlPort.Call;
import app.perpetua.flow.fake.WebhookReceiver;
import app.perpetua.flow.fake.WebhookReceiver.Mode;
import app.perpetua.flow.fake.WebhookReceiver.Received;
import app.perpetua.flow.fake.WebhookReceiver.Script;
import app.perpetua.flow.parsing.JsonReader;
import com.sun.net.httpserver.HttpHandler;
import java.security.SecureRandom;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/** Control-port calls that drive the receiver of webhooks. Thread-safe. */
public final class WebhookControls {
  /** The path of the receiver on the control port. */
  public static final String RECEIVER = "/webhooks/receiver/deliveries";

  private static final int SECRET_BYTES = 32;

  private final WebhookReceiver receiver;
  private final String origin;
  private final Json json;
  private final String secret;

  /**
   * @param origin of the control port
   * @param random generates the receiver's secret
   */
  public WebhookControls(WebhookReceiver receiver, String origin, SecureRandom random, Json json) {
    this.receiver = receiver;
    this.origin = origin;
    this.json = json;
    byte[] key = new byte[SECRET_BYTES];
    random.nextBytes(key);
    secret = "whsec_" + Base64.getEncoder().encodeToString(key);
    receiver.expect(secret);
  }

  /** All calls, in the order in which {@code GET /} lists them. */
  public List<Call> calls() {
    return List.of(
        new Call(
            "GET",
            "/webhooks/receiver",
            "",
            "a receiver of webhooks: {url, secret}, to be sent to /webhooks/endpoints",
            this::describe),
        new Call(
            "GET",
            "/webhooks/received",
            "",
            "the latest deliveries, oldest first: {deliveries: []}",
            this::received),
        new Call(
            "POST",
            "/webhooks/secret",
            "{secret}",
            "the receiver also accepts signatures with this secret, after a rotation",
            this::expect),
        new Call(
            "POST",
            "/webhooks/script",
            "{status: 503, times?, retry_after?, stall?: true}",
            "sets the answer to all further deliveries, or to the next ones; 200 accepts again",
            this::script));
  }

  /** Handles the deliveries. */
  public HttpHandler receiver() {
    return receiver;
  }

  private Answer describe(JsonReader body) {
    body.validate();
    return Answer.ok(Map.of("url", origin + RECEIVER, "secret", secret));
  }

  private Answer received(JsonReader body) {
    body.validate();
    return Answer.ok(Map.of("deliveries", receiver.received().stream().map(this::shown).toList()));
  }

  private Map<String, Object> shown(Received delivery) {
    Map<String, Object> shown = new LinkedHashMap<>();
    shown.put("id", delivery.id());
    shown.put("at", delivery.at());
    shown.put("signatures", delivery.signatures());
    shown.put("verified", delivery.verified());
    shown.put("status", delivery.status());
    // Anybody on this machine can send anything.
    shown.put("body", delivery.verified() ? json.parse(delivery.body()) : delivery.body());
    return shown;
  }

  private Answer expect(JsonReader body) {
    String text = body.required("secret").text("secret", 1, 100);
    if (text != null
        && !text.matches("whsec_([A-Za-z0-9+/]{4})+([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?")) {
      body.addError("secret", "must be whsec_ followed by base64");
    }
    body.validate();
    receiver.expect(Objects.requireNonNull(text));
    return Answer.ok(Map.of("expected", true));
  }

  private Answer script(JsonReader body) {
    body.required("status");
    Integer status = body.integer("status", 200, 599);
    Integer times = body.integer("times", 1, 1_000_000);
    Integer retryAfter = body.integer("retry_after", 0, 1_000_000);
    Boolean stall = body.bool("stall");
    body.validate();
    Script script = Script.status(Objects.requireNonNull(status));
    if (times != null) {
      script = script.times(times);
    }
    if (retryAfter != null) {
      script = script.retryAfter(retryAfter.toString());
    }
    if (Boolean.TRUE.equals(stall)) {
      script = script.in(Mode.STALLED);
    }
    receiver.respondWith(script);
    return Answer.ok(Map.of("status", status));
  }
}
