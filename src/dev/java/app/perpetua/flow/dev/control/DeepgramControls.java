package app.perpetua.flow.dev.control;

import app.perpetua.flow.base.ErrorCode;
import app.perpetua.flow.base.Refusal;
import app.perpetua.flow.dev.control.ControlPort.Answer;
import app.perpetua.flow.dev.control.ControlPort.Call;
import app.perpetua.flow.fake.DeepgramStreamFake;
import app.perpetua.flow.fake.FakeDeepgram;
import app.perpetua.flow.fake.FakeDeepgram.Recording;
import app.perpetua.flow.fake.FakeDeepgram.Step;
import app.perpetua.flow.parsing.JsonReader;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Control-port calls that drive the fake Deepgram. Thread-safe. */
public final class DeepgramControls {
  private static final int MAX_TEXT = 2_000;
  private static final int MAX_STALL_MILLIS = 600_000;

  private final FakeDeepgram deepgram;

  public DeepgramControls(FakeDeepgram deepgram) {
    this.deepgram = deepgram;
  }

  /** All calls, in the order in which {@code GET /} lists them. */
  public List<Call> calls() {
    return List.of(
        new Call(
            "POST",
            "/deepgram/script",
            "{steps: [{partial} | {final} | {close: 1011} | {refuse: 401} | {stall_ms}]}",
            "scripts the next live stream, one step per audio message; with {recording:"
                + " {transcript?, seconds?, status?}} scripts the answer to recordings",
            this::script),
        new Call(
            "GET",
            "/deepgram/calls",
            "",
            "the requests it received: {streams, recordings}",
            this::calls));
  }

  private Answer script(JsonReader body) {
    List<Step> steps = new ArrayList<>();
    List<JsonReader> given = body.objects("steps", 0, 1_000);
    for (JsonReader step : given == null ? List.<JsonReader>of() : given) {
      steps.add(step(step));
    }
    JsonReader recording = body.object("recording");
    @Nullable Recording answer = recording == null ? null : recording(recording);
    boolean both = body.has("steps");
    body.validate();
    if (both) {
      deepgram.script(steps.toArray(Step[]::new));
    }
    if (answer != null) {
      deepgram.respondWith(answer);
    }
    return Answer.ok(Map.of("steps", steps.size()));
  }

  private static Step step(JsonReader body) {
    String partial = body.text("partial", 1, MAX_TEXT);
    String words = body.text("final", 1, MAX_TEXT);
    Integer close = body.integer("close", 1_000, 4_999);
    Integer refuse = body.integer("refuse", 400, 599);
    Integer stall = body.integer("stall_ms", 1, MAX_STALL_MILLIS);
    if (partial != null) {
      return new Step.Partial(partial);
    }
    if (words != null) {
      return new Step.Final(words);
    }
    if (close != null) {
      return new Step.Close(close, "scripted");
    }
    if (refuse != null) {
      return new Step.Refuse(refuse);
    }
    if (stall != null) {
      return new Step.Stall(Duration.ofMillis(stall));
    }
    throw Refusal.of(
        ErrorCode.VALIDATION_ERROR, "a step is partial, final, close, refuse or stall_ms");
  }

  private static Recording recording(JsonReader body) {
    String transcript = body.text("transcript", 0, MAX_TEXT);
    Integer seconds = body.integer("seconds", 0, 100_000);
    Integer status = body.integer("status", 400, 599);
    return status == null
        ? Recording.of(transcript == null ? "" : transcript, seconds == null ? 10 : seconds)
        : Recording.refused(status);
  }

  private Answer calls(JsonReader body) {
    body.validate();
    return Answer.ok(
        Map.of(
            "streams",
            deepgram.streams().stream().map(DeepgramControls::shown).toList(),
            "recordings",
            deepgram.recordingRequests().stream()
                .map(request -> Map.of("url", request.url()))
                .toList()));
  }

  private static Map<String, Object> shown(DeepgramStreamFake stream) {
    Map<String, Object> shown = new LinkedHashMap<>();
    shown.put("messages", stream.messages());
    shown.put("bytes", stream.bytes());
    shown.put("crc32", stream.checksum());
    shown.put("keep_alives", stream.keepAlives());
    shown.put("finished", stream.wasFinished());
    return shown;
  }
}
