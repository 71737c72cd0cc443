package app.perpetua.flow.fake;

import app.perpetua.flow.base.Json;
import app.perpetua.flow.fake.OpenAiStep.Ending;
import app.perpetua.flow.fake.OpenAiStep.Manner;
import app.perpetua.flow.fake.OpenAiStep.Part;
import app.perpetua.flow.fake.OpenAiStep.Reply;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ThreadLocalRandom;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;

/**
 * OpenAI's Responses API on loopback: streams turns and rejects invalid requests as the real one
 * does, and follows a script if there is one. Records violations of the protocol and requests to
 * unknown paths, and fails on {@link #close}. Thread-safe.
 */
public final class FakeOpenAi implements FakeProvider, AutoCloseable {
  /** The only accepted API key. */
  public static final String KEY = "sk-fake-4711";

  /** Bounds memory: a dev server may run for days. */
  private static final int REMEMBERED = 1_000;

  private static final String PATH = "/v1/responses";
  private static final String MODELS = "/v1/models/";

  /** Pause between two words in state SLOW. */
  private static final Duration SLOW_PACE = Duration.ofMillis(300);

  /** The models that the account may use; any name of these families. */
  private static final String KNOWN_MODELS = "(gpt|o)[-0-9][-.a-z0-9]*";

  private static final String EVENTS = "text/event-stream; charset=utf-8";

  /** How a request ended. */
  public enum Outcome {
    ANSWERING,
    /** The response was sent completely. */
    COMPLETE,
    /** The script ended it. */
    BROKEN_OFF,
    /** The client ended it. */
    HUNG_UP
  }

  /**
   * A request that has arrived.
   *
   * @param body parsed JSON; a JSON null if it was not JSON
   * @param status of the answer; 0 before it began
   */
  public record ReceivedRequest(JsonNode body, int status, Outcome outcome) {}

  private final Json json = new Json();
  private final HttpWire wire;
  private final Duration pace;
  private final Queue<OpenAiStep> script = new ArrayDeque<>();
  private final Map<Integer, ReceivedRequest> requests = new LinkedHashMap<>();
  private final List<String> faults = new ArrayList<>();
  private boolean isDown;
  private volatile State state = State.UP;
  private CountDownLatch gate = new CountDownLatch(0);
  private int nextNumber;
  private String traceparent = "";

  /** Starts it on a free port; it answers without delay. */
  public FakeOpenAi() {
    this(Duration.ZERO);
  }

  /**
   * Starts it on a free port.
   *
   * @param pace default pause between two words
   */
  public FakeOpenAi(Duration pace) {
    this.pace = pace;
    this.wire = new HttpWire(this::answer);
  }

  /** Its base URL, for {@code OPENAI_BASE_URL}. */
  public URI baseUrl() {
    return wire.uri();
  }

  /** Scripts the next requests; later requests get the default behaviour. */
  public synchronized void script(OpenAiStep... steps) {
    script(List.of(steps));
  }

  /** As above. */
  public synchronized void script(List<OpenAiStep> steps) {
    script.clear();
    steps.stream().flatMap(OpenAiStep::each).forEach(script::add);
  }

  /** Sets whether it closes the connection of every request. */
  public synchronized void down(boolean down) {
    isDown = down;
  }

  @Override
  public State state() {
    return state;
  }

  @Override
  public void turn(State next) {
    state = next;
  }

  /** Sets the delay before each response. */
  public synchronized void answersAfter(CountDownLatch gate) {
    this.gate = gate;
  }

  /** The last thousand requests, oldest first. */
  public synchronized List<ReceivedRequest> requests() {
    return List.copyOf(requests.values());
  }

  /** {@code traceparent} of the last request; empty if it has none. */
  public synchronized String traceparent() {
    return traceparent;
  }

  private void answer(HttpWire.Request request, HttpWire.Connection to) throws IOException {
    JsonNode body = parsed(request.body());
    OpenAiStep step;
    int number;
    CountDownLatch open;
    synchronized (this) {
      open = gate;
      number = nextNumber++;
      traceparent = request.header("traceparent");
      requests.put(number, new ReceivedRequest(body, 0, Outcome.ANSWERING));
      requests.remove(number - REMEMBERED);
      OpenAiStep next = isDown ? OpenAiStep.hangUp() : script.poll();
      step = next == null ? unscripted() : next;
    }
    try {
      open.await();
      to.pause(state == State.SLOW ? step.stall().plus(DELAY) : step.stall());
      boolean whole = reply(checked(request, body, step.reply()), step.manner(), number, body, to);
      note(number, whole ? Outcome.COMPLETE : Outcome.BROKEN_OFF);
    } catch (IOException e) {
      note(number, Outcome.HUNG_UP);
      throw e;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException(e);
    }
  }

  private OpenAiStep unscripted() {
    return state == State.FAILING
        ? OpenAiStep.error(500, "server_error")
        : OpenAiStep.of(new Reply.Sense());
  }

  private JsonNode parsed(byte[] body) {
    try {
      return json.parse(new String(body, StandardCharsets.UTF_8));
    } catch (JacksonException e) {
      return json.parse("null");
    }
  }

  /** The scripted reply, or an error if the request is invalid. */
  private Reply checked(HttpWire.Request request, JsonNode body, Reply scripted) {
    if (scripted instanceof Reply.HangUp) {
      return scripted;
    }
    if (request.method().equals("GET") && request.path().startsWith(MODELS)) {
      return model(request, scripted);
    }
    if (!request.method().equals("POST") || !request.path().equals(PATH)) {
      fault("there is no " + request.method() + " " + request.path());
      return new Reply.Problem(404, "unknown_url", Map.of());
    }
    if (!request.header("authorization").equals("Bearer " + KEY)) {
      return new Reply.Problem(401, "invalid_api_key", Map.of());
    }
    List<String> wrong = new OpenAiRequest(body).faults();
    if (!wrong.isEmpty() || !request.header("content-type").startsWith("application/json")) {
      fault("a request that is refused: " + wrong);
      return new Reply.Problem(400, "invalid_request_error", Map.of());
    }
    return scripted;
  }

  /** Retrieves a model, unless the script answers otherwise. */
  private Reply model(HttpWire.Request request, Reply scripted) {
    if (!request.header("authorization").equals("Bearer " + KEY)) {
      return new Reply.Problem(401, "invalid_api_key", Map.of());
    }
    String id = request.path().substring(MODELS.length());
    if (!(scripted instanceof Reply.Sense)) {
      return scripted;
    }
    if (!id.matches(KNOWN_MODELS)) {
      return new Reply.Problem(404, "model_not_found", Map.of());
    }
    return new Reply.Raw(
        200,
        "application/json",
        json.bytes(
            Map.of("id", id, "object", "model", "created", 1_712_361_441, "owned_by", "system")));
  }

  /** True if the client received all of it. */
  private boolean reply(
      Reply reply, Manner manner, int number, JsonNode body, HttpWire.Connection to)
      throws IOException {
    OpenAiRequest request = new OpenAiRequest(body);
    String id = "%04x".formatted(number);
    switch (reply) {
      case Reply.HangUp _ -> {
        to.cut(manner.resets());
        return false;
      }
      case Reply.Problem(int status, String code, Map<String, String> headers) -> {
        begin(number, status, "application/json", headers, to);
        return send(List.of(json.bytes(Map.of("error", error(code)))), manner, to);
      }
      case Reply.Raw(int status, String type, byte[] bytes) -> {
        begin(number, status, type, Map.of(), to);
        return send(List.of(bytes), manner, to);
      }
      case Reply.Events(List<String> pieces) -> {
        begin(number, 200, EVENTS, Map.of(), to);
        return send(
            pieces.stream().map(piece -> piece.getBytes(StandardCharsets.UTF_8)).toList(),
            manner,
            to);
      }
      case Reply.Flood(int words) -> {
        begin(number, 200, EVENTS, Map.of(), to);
        return flood(words, to);
      }
      case Reply.Clock(int words) -> {
        begin(number, 200, EVENTS, Map.of(), to);
        clock(words, manner.pace(), to);
        to.chunk(OpenAiStream.of(json, request, id, List.of(), Ending.COMPLETED).getLast());
        to.end();
        return true;
      }
      case Reply.Turn(List<Part> parts, Ending ending) -> {
        begin(number, 200, EVENTS, Map.of(), to);
        return send(OpenAiStream.of(json, request, id, parts, ending), manner, to);
      }
      case Reply.Sense _ -> {
        begin(number, 200, EVENTS, Map.of(), to);
        List<Part> parts = OpenAiSense.answer(json, request);
        return send(OpenAiStream.of(json, request, id, parts, Ending.COMPLETED), manner, to);
      }
    }
  }

  /** Like the real API's, the message quotes text that must not be logged. */
  private static Map<String, Object> error(String code) {
    Map<String, Object> error = new LinkedHashMap<>();
    error.put("message", "Something about " + code + " and the key " + KEY + ".");
    error.put("type", code.contains("quota") ? code : "some_error");
    error.put("param", "none");
    error.put("code", code);
    return error;
  }

  private void begin(
      int number, int status, String type, Map<String, String> more, HttpWire.Connection to)
      throws IOException {
    Map<String, String> headers = new LinkedHashMap<>();
    headers.put("Content-Type", type);
    headers.put("x-request-id", "req_" + number);
    headers.putAll(more);
    synchronized (this) {
      requests.computeIfPresent(
          number, (_, it) -> new ReceivedRequest(it.body(), status, it.outcome()));
    }
    to.begin(status, headers);
  }

  private boolean send(List<byte[]> pieces, Manner manner, HttpWire.Connection to)
      throws IOException {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    pieces.forEach(all::writeBytes);
    int cutAt = manner.cutAt() == Manner.HALFWAY ? halfway(pieces) : manner.cutAt();
    Duration usual = state == State.SLOW ? SLOW_PACE : pace;
    Duration between = manner.pace().isZero() ? usual : manner.pace();
    int sent = 0;
    for (int i = 0; i < pieces.size(); i++) {
      byte[] piece = pieces.get(i);
      if (cutAt != Manner.NEVER && sent + piece.length > cutAt) {
        to.chunk(Arrays.copyOf(piece, cutAt - sent));
        to.cut(manner.resets());
        return false;
      }
      to.chunk(piece);
      sent += piece.length;
      to.pause(i == pieces.size() / 2 && !manner.pause().isZero() ? manner.pause() : between);
    }
    if (cutAt != Manner.NEVER) {
      to.cut(manner.resets());
      return false;
    }
    to.end();
    return true;
  }

  /** In the middle of the middle event, thus within a word. */
  private static int halfway(List<byte[]> pieces) {
    int middle = pieces.size() / 2;
    int before = pieces.stream().limit(middle).mapToInt(piece -> piece.length).sum();
    return before + pieces.get(middle).length - 5;
  }

  private boolean flood(int words, HttpWire.Connection to) throws IOException {
    for (int i = 0; i < words; i++) {
      to.chunk(OpenAiStream.word(json, i, "word "));
    }
    to.end();
    return true;
  }

  /** Between half and one and a half times the pace, so that simultaneous streams drift apart. */
  private void clock(int words, Duration pace, HttpWire.Connection to) throws IOException {
    for (int i = 0; i < words; i++) {
      to.pause(
          pace.dividedBy(2).plusMillis(ThreadLocalRandom.current().nextLong(pace.toMillis() + 1)));
      to.chunk(OpenAiStream.word(json, i, System.nanoTime() + " "));
    }
  }

  private synchronized void note(int number, Outcome outcome) {
    requests.computeIfPresent(
        number, (_, it) -> new ReceivedRequest(it.body(), it.status(), outcome));
  }

  private synchronized void fault(String fault) {
    faults.add(fault);
  }

  @Override
  public void close() {
    wire.close();
    synchronized (this) {
      if (!faults.isEmpty()) {
        throw new AssertionError("OpenAI rejects this: " + faults);
      }
    }
  }
}
