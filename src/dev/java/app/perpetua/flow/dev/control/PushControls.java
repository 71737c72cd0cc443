package app.perpetua.flow.dev.control;

import app.perpetua.flow.base.Json;
import app.perpetua.flow.dev.control.ControlPort.Answer;
import app.perpetua.flow.dev.control.ControlPort.Call;
import app.perpetua.flow.fake.FakePushService;
import app.perpetua.flow.fake.FakePushService.Mode;
import app.perpetua.flow.fake.FakePushService.Script;
import app.perpetua.flow.parsing.JsonReader;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/** Control-port calls that drive the fake push service. Thread-safe. */
public final class PushControls {
  private final FakePushService service;
  private final Json json;

  public PushControls(FakePushService service, Json json) {
    this.service = service;
    this.json = json;
  }

  /** All calls, in the order in which {@code GET /} lists them. */
  public List<Call> calls() {
    return List.of(
        new Call(
            "POST",
            "/push/subscription",
            "",
            "a browser's inbox: {endpoint, keys}, to be sent to /notifications/push-subscription",
            this::subscribe),
        new Call(
            "GET",
            "/push/inbox",
            "",
            "the received messages, decrypted: {messages: []}",
            this::inbox),
        new Call(
            "POST",
            "/push/script",
            "{status: 410, times?, retry_after?, stall?: true}",
            "sets the answer to all further pushes, or to the next ones; 201 delivers again",
            this::script));
  }

  private Answer subscribe(JsonReader body) {
    body.validate();
    return Answer.ok(service.subscribe().json());
  }

  private Answer inbox(JsonReader body) {
    body.validate();
    return Answer.ok(Map.of("messages", service.inbox().stream().map(this::shown).toList()));
  }

  private Map<String, Object> shown(FakePushService.Message message) {
    Map<String, Object> shown = new LinkedHashMap<>();
    shown.put("endpoint", message.endpoint());
    shown.put("ttl", Integer.parseInt(message.ttl()));
    shown.put("urgency", message.urgency());
    shown.put("topic", message.topic());
    shown.put("message", json.parse(message.text()));
    shown.put("subject", String.valueOf(message.claims().getSubject()));
    return shown;
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
    service.respondWith(script);
    return Answer.ok(Map.of("status", status));
  }
}
