package app.perpetua.flow.dev.control;

import app.perpetua.flow.base.Json;
import app.perpetua.flow.dev.control.ControlPort.Answer;
import app.perpetua.flow.dev.control.ControlPort.Call;
import app.perpetua.flow.fake.FakeOpenAi;
import app.perpetua.flow.fake.OpenAiStep;
import app.perpetua.flow.fake.OpenAiStep.Ending;
import app.perpetua.flow.fake.OpenAiStep.Part;
import app.perpetua.flow.fake.OpenAiStep.Reply;
import app.perpetua.flow.parsing.JsonReader;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/** Control-port calls that drive the fake OpenAI. Thread-safe. */
public final class OpenAiControls {
  private static final int MAX_STEPS = 1_000;
  private static final int MAX_TEXT = 50_000;
  private static final int MAX_MILLIS = 3_600_000;

  private final FakeOpenAi openAi;
  private final Json json;

  public OpenAiControls(FakeOpenAi openAi, Json json) {
    this.openAi = openAi;
    this.json = json;
  }

  /** All calls, in the order in which {@code GET /} lists them. */
  public List<Call> calls() {
    return List.of(
        new Call(
            "POST",
            "/openai/script",
            "{steps: [{text} | {tool, arguments} | {json} | {refusal} | {error: 429|500, code?:"
                + " \"insufficient_quota\", retry_after?, should_retry?} | {failed: code} |"
                + " {incomplete: reason} | {garbage: true} | {words: 1000000} | {stall_ms} | {cut:"
                + " true}]} or {down: true|false}",
            "scripts the model, one step per request, then its default behaviour; a step alone"
                + " with stall_ms delays the next, one alone with cut aborts the one before it;"
                + " within a step, stall_ms is silence in the middle; pace_ms slows it, times"
                + " repeats it",
            this::script),
        new Call(
            "GET",
            "/openai/calls",
            "",
            "the requests it received: {calls: [{status, outcome, request}]}",
            this::received));
  }

  private Answer received(JsonReader body) {
    body.validate();
    return Answer.ok(
        Map.of("calls", openAi.requests().stream().map(OpenAiControls::json).toList()));
  }

  private static Map<String, Object> json(FakeOpenAi.ReceivedRequest request) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("status", request.status());
    json.put("outcome", request.outcome().name().toLowerCase(Locale.ROOT));
    json.put("request", request.body());
    return json;
  }

  private Answer script(JsonReader body, JsonNode tree) {
    Boolean down = body.bool("down");
    if (!body.has("steps") && down == null) {
      body.required("steps");
    }
    JsonNode given = tree.path("steps");
    if (!given.isMissingNode() && (!given.isArray() || given.size() > MAX_STEPS)) {
      body.addError("steps", "must be a list of at most " + MAX_STEPS + " steps");
    }
    body.validate();
    if (down != null) {
      openAi.down(down);
    }
    if (given.isArray()) {
      openAi.script(steps(given));
    }
    return Answer.ok(Map.of("steps", given.size(), "down", Boolean.TRUE.equals(down)));
  }

  private List<OpenAiStep> steps(JsonNode given) {
    List<OpenAiStep> steps = new ArrayList<>();
    Duration stall = Duration.ZERO;
    for (JsonNode tree : given) {
      JsonReader step = JsonReader.parse(json, json.bytes(tree));
      Integer silence = step.integer("stall_ms", 0, MAX_MILLIS);
      boolean isCut = Boolean.TRUE.equals(step.bool("cut"));
      OpenAiStep scripted = scripted(step, tree);
      step.validate();
      if (scripted != null) {
        OpenAiStep paused =
            silence == null ? scripted : scripted.pausing(Duration.ofMillis(silence));
        steps.add((isCut ? paused.cut() : paused).after(stall));
        stall = Duration.ZERO;
      } else if (!isCut) {
        stall = stall.plusMillis(Objects.requireNonNullElse(silence, 0));
      } else if (!steps.isEmpty() && stall.isZero() && !isBroken(steps.getLast())) {
        steps.add(steps.removeLast().cut());
      } else {
        steps.add(OpenAiStep.turn().cut().after(stall));
        stall = Duration.ZERO;
      }
    }
    if (!stall.isZero()) {
      steps.add(OpenAiStep.of(new Reply.Sense()).after(stall));
    }
    return steps;
  }

  private static boolean isBroken(OpenAiStep step) {
    return step.manner().cutAt() != OpenAiStep.Manner.NEVER
        || !(step.reply() instanceof Reply.Turn);
  }

  /** The response of a step; null if it only stalls or cuts. */
  private @Nullable OpenAiStep scripted(JsonReader step, JsonNode tree) {
    Integer pace = step.integer("pace_ms", 0, MAX_MILLIS);
    Integer times = step.integer("times", 1, 1_000_000);
    Reply reply = reply(step, tree);
    if (reply == null) {
      return null;
    }
    OpenAiStep once = OpenAiStep.of(reply).times(Objects.requireNonNullElse(times, 1));
    return pace == null ? once : once.slowly(Duration.ofMillis(pace));
  }

  private @Nullable Reply reply(JsonReader step, JsonNode tree) {
    Reply error = error(step);
    Integer words = step.integer("words", 1, 10_000_000);
    Boolean garbage = step.bool("garbage");
    List<Part> parts = parts(step, tree);
    String failed = step.text("failed", 1, 64);
    String incomplete = step.text("incomplete", 1, 64);
    if (error != null) {
      return error;
    }
    if (words != null) {
      return new Reply.Flood(words);
    }
    if (Boolean.TRUE.equals(garbage)) {
      return new Reply.Raw(
          200, "text/html", "<html>Bad gateway</html>".getBytes(StandardCharsets.UTF_8));
    }
    if (failed != null) {
      return new Reply.Turn(parts, new Ending(Ending.Kind.FAILED, failed));
    }
    if (incomplete != null) {
      return new Reply.Turn(parts, new Ending(Ending.Kind.INCOMPLETE, incomplete));
    }
    return parts.isEmpty() ? null : new Reply.Turn(parts, new Ending(Ending.Kind.COMPLETED, ""));
  }

  private static @Nullable Reply error(JsonReader step) {
    Integer status = step.integer("error", 400, 599);
    String code = step.text("code", 1, 64);
    Integer retryAfter = step.integer("retry_after", 0, 1_000_000);
    Boolean shouldRetry = step.bool("should_retry");
    if (status == null) {
      return null;
    }
    Map<String, String> headers = new LinkedHashMap<>();
    if (retryAfter != null) {
      headers.put("Retry-After", retryAfter.toString());
    }
    if (shouldRetry != null) {
      headers.put("x-should-retry", shouldRetry.toString());
    }
    String usual =
        status == 429
            ? "rate_limit_exceeded"
            : status >= 500 ? "server_error" : "invalid_request_error";
    return new Reply.Problem(status, Objects.requireNonNullElse(code, usual), headers);
  }

  private List<Part> parts(JsonReader step, JsonNode tree) {
    List<Part> parts = new ArrayList<>();
    String text = step.untrimmedText("text", 1, MAX_TEXT);
    String refusal = step.untrimmedText("refusal", 1, MAX_TEXT);
    String tool = step.text("tool", 1, 64);
    boolean hasArguments = step.has("arguments");
    boolean hasForm = step.has("json");
    if (text != null) {
      parts.add(new Part.Text(text));
    }
    if (refusal != null) {
      parts.add(new Part.Refusal(refusal));
    }
    if (tool != null) {
      parts.add(new Part.Call(tool, hasArguments ? written(tree.path("arguments")) : "{}"));
    }
    if (hasForm) {
      parts.add(new Part.Form(written(tree.path("json"))));
    }
    return parts;
  }

  /** A string is used as it is, so that arguments need not be valid JSON. */
  private String written(JsonNode node) {
    return node.isString() ? node.stringValue() : json.text(node);
  }
}
