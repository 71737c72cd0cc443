package app.perpetua.flow.fake;

import app.perpetua.flow.base.Json;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;

/**
 * Deepgram's live streams over WebSockets and recordings over HTTP, on loopback. Without a script
 * it recognizes a few words in any audio. Records violations of the protocol and fails on {@link
 * #close}. Thread-safe.
 */
public final class FakeDeepgram implements FakeProvider, AutoCloseable {
  /** The only accepted API key. */
  public static final String KEY = "fake-deepgram-key";

  private static final List<String> LIVE =
      List.of("model=nova-2", "smart_format=true", "punctuate=true", "interim_results=true");
  private static final List<String> RECORDED =
      List.of("model=nova-2", "smart_format=true", "detect_language=true");

  /** A scripted step of a stream. Transcripts come one step per audio message. */
  public sealed interface Step {
    /** An interim transcript. */
    record Partial(String text) implements Step {}

    /** A final transcript. */
    record Final(String text) implements Step {}

    /** A close frame. */
    record Close(int code, String reason) implements Step {}

    /** The connection is refused with this status; only as the first step. */
    record Refuse(int status) implements Step {}

    /** Silence. */
    record Stall(Duration time) implements Step {}

    /** The connection is reset. */
    record Reset() implements Step {}

    /** The stream stops reading and writing. */
    record Freeze() implements Step {}
  }

  /**
   * The answer to recordings.
   *
   * @param seconds value of {@code metadata.duration}
   * @param stall before the answer
   */
  public record Recording(
      int status,
      String transcript,
      String language,
      double confidence,
      double seconds,
      Duration stall) {
    /** A transcript. */
    public static Recording of(String transcript, double seconds) {
      return new Recording(200, transcript, "en", 0.97, seconds, Duration.ZERO);
    }

    /** A rejection. */
    public static Recording refused(int status) {
      return new Recording(status, "", "en", 0, 0, Duration.ZERO);
    }

    /** The same answer after a delay. */
    public Recording after(Duration time) {
      return new Recording(status, transcript, language, confidence, seconds, time);
    }
  }

  /** A request for a recording. */
  public record RecordingRequest(String url, String query) {}

  private static final Recording DEFAULT_RECORDING = Recording.of("This is a recorded note.", 12.5);

  private final ServerSocket listener;
  private final Json json = new Json();
  private final CountDownLatch closed = new CountDownLatch(1);
  private final List<DeepgramStreamFake> streams = new ArrayList<>();
  private final List<RecordingRequest> recordingRequests = new ArrayList<>();
  private final List<String> faults = new ArrayList<>();
  private final List<Socket> sockets = new ArrayList<>();
  private @Nullable List<Step> script;
  private Recording recording = DEFAULT_RECORDING;
  private CountDownLatch answering = new CountDownLatch(0);
  private volatile double secondsPerMessage = 0.1;
  private volatile State state = State.UP;

  /** Starts it on a free port. */
  public FakeDeepgram() {
    try {
      listener = new ServerSocket(0, 500, InetAddress.getLoopbackAddress());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    Thread.ofVirtual().start(this::accept);
  }

  /** Its base URL, for {@code DEEPGRAM_BASE_URL}. */
  public String origin() {
    return "http://127.0.0.1:" + listener.getLocalPort();
  }

  /** Scripts the next stream; transcripts left at its end are sent when it is finalized. */
  public synchronized void script(Step... steps) {
    script = List.of(steps);
  }

  /** Sets the duration of audio that each message counts for. */
  public void secondsPerMessage(double seconds) {
    secondsPerMessage = seconds;
  }

  double secondsPerMessage() {
    return secondsPerMessage;
  }

  /** Sets the answer to recordings. */
  public synchronized void respondWith(Recording answer) {
    recording = answer;
  }

  @Override
  public State state() {
    return state;
  }

  /** In state FAILING, streams without a script are closed at their next audio message. */
  @Override
  public void turn(State next) {
    state = next;
  }

  /** Leaves recordings unanswered until the next call. */
  public synchronized void hold(CountDownLatch until) {
    answering = until;
  }

  /** Restores the default answer to recordings. */
  public synchronized void recover() {
    answering = new CountDownLatch(0);
    recording = DEFAULT_RECORDING;
    script = null;
    secondsPerMessage = 0.1;
  }

  /** All streams, oldest first. */
  public synchronized List<DeepgramStreamFake> streams() {
    return List.copyOf(streams);
  }

  /** The latest stream. */
  public synchronized DeepgramStreamFake latest() {
    return streams.getLast();
  }

  /** All requests for recordings, oldest first. */
  public synchronized List<RecordingRequest> recordingRequests() {
    return List.copyOf(recordingRequests);
  }

  synchronized void fault(String what) {
    faults.add(what);
  }

  /** Waits, unless it is closed. */
  void pause(Duration time) throws InterruptedException {
    boolean over = closed.await(time.toNanos(), TimeUnit.NANOSECONDS);
    if (over) {
      throw new InterruptedException();
    }
  }

  private void accept() {
    while (true) {
      try {
        Socket socket = listener.accept();
        socket.setTcpNoDelay(true);
        synchronized (this) {
          sockets.add(socket);
        }
        Thread.ofVirtual().start(() -> serve(socket));
      } catch (IOException e) {
        return;
      }
    }
  }

  private void serve(Socket socket) {
    try (socket) {
      Frames frames = new Frames(socket.getInputStream(), socket.getOutputStream(), false);
      // A client may send several requests for recordings over one connection.
      boolean more = true;
      while (more) {
        more = answer(socket, frames, frames.head());
      }
    } catch (IOException e) {
      // A client may disconnect.
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private boolean answer(Socket socket, Frames frames, Frames.Head head)
      throws IOException, InterruptedException {
    String[] request = head.start().split(" ", -1);
    String query = request[1].replaceFirst("^[^?]*\\??", "");
    boolean isKeyDetails = request[0].equals("GET") && request[1].equals("/v1/auth/token");
    if (!isKeyDetails && !request[1].startsWith("/v1/listen?")) {
      fault("there is no " + head.start());
      refuse(socket, 404, "NOT_FOUND");
      return false;
    }
    if (!("Token " + KEY).equals(head.headers().get("authorization"))) {
      refuse(socket, 401, "INVALID_AUTH");
      return false;
    }
    if (isKeyDetails) {
      send(
          socket,
          200,
          json.text(
              Map.of("api_key_id", "fake", "scopes", List.of("usage:write"), "accessor", "fake")));
      return true;
    }
    if (request[0].equals("POST")) {
      recording(socket, query, frames, head);
      return true;
    }
    for (String expected : LIVE) {
      if (!List.of(query.split("&", -1)).contains(expected)) {
        fault("without " + expected + ": " + query);
      }
    }
    if (query.contains("encoding=") || query.contains("sample_rate=")) {
      fault("WebM declares its own encoding: " + query);
    }
    live(socket, frames, head);
    return false;
  }

  private void live(Socket socket, Frames frames, Frames.Head head)
      throws IOException, InterruptedException {
    List<Step> steps;
    DeepgramStreamFake stream;
    synchronized (this) {
      steps = script;
      script = null;
      stream = new DeepgramStreamFake(this, socket, frames, steps, json);
      boolean isRefused =
          steps == null
              ? state == State.FAILING
              : !steps.isEmpty() && steps.getFirst() instanceof Step.Refuse;
      if (!isRefused) {
        streams.add(stream);
      }
    }
    if (steps != null && !steps.isEmpty() && steps.getFirst() instanceof Step.Refuse(int status)) {
      refuse(socket, status, "REFUSED");
      return;
    }
    if (steps == null && state == State.FAILING) {
      refuse(socket, 500, "INTERNAL_SERVER_ERROR");
      return;
    }
    if (state == State.SLOW) {
      pause(DELAY);
    }
    socket
        .getOutputStream()
        .write(
            ("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                    + "Sec-WebSocket-Accept: "
                    + Frames.accept(String.valueOf(head.headers().get("sec-websocket-key")))
                    + "\r\ndg-request-id: fake\r\n\r\n")
                .getBytes(StandardCharsets.US_ASCII));
    stream.run();
  }

  private void recording(Socket socket, String query, Frames frames, Frames.Head head)
      throws IOException, InterruptedException {
    byte[] body = frames.body(Integer.parseInt(head.headers().getOrDefault("content-length", "0")));
    Recording answer;
    CountDownLatch until;
    synchronized (this) {
      boolean isFailing = state == State.FAILING && recording.equals(DEFAULT_RECORDING);
      answer = isFailing ? Recording.refused(500) : recording;
      until = answering;
      try {
        String url = json.parse(new String(body, StandardCharsets.UTF_8)).path("url").asString("");
        recordingRequests.add(new RecordingRequest(url, query));
      } catch (JacksonException e) {
        faults.add("no JSON: " + new String(body, StandardCharsets.UTF_8));
      }
    }
    for (String expected : RECORDED) {
      if (!List.of(query.split("&", -1)).contains(expected)) {
        fault("without " + expected + ": " + query);
      }
    }
    until.await();
    if (!answer.stall().isZero()) {
      pause(answer.stall());
    }
    if (state == State.SLOW) {
      pause(DELAY);
    }
    if (answer.status() != 200) {
      refuse(socket, answer.status(), "Bad Request");
      return;
    }
    Map<String, Object> alternative =
        Map.of("transcript", answer.transcript(), "confidence", answer.confidence());
    send(
        socket,
        200,
        json.text(
            Map.of(
                "metadata",
                Map.of("request_id", "fake", "duration", answer.seconds(), "channels", 1),
                "results",
                Map.of(
                    "channels",
                    List.of(
                        Map.of(
                            "alternatives",
                            List.of(alternative),
                            "detected_language",
                            answer.language()))))));
  }

  private void refuse(Socket socket, int status, String code) throws IOException {
    send(
        socket, status, json.text(Map.of("err_code", code, "err_msg", "no", "request_id", "fake")));
  }

  private static void send(Socket socket, int status, String body) throws IOException {
    byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
    String head =
        "HTTP/1.1 "
            + status
            + " X\r\nContent-Type: application/json\r\ndg-request-id: fake\r\n"
            + (status == 200 ? "" : "dg-error: refused\r\n")
            + "Content-Length: "
            + bytes.length
            + "\r\n\r\n";
    socket.getOutputStream().write(head.getBytes(StandardCharsets.US_ASCII));
    socket.getOutputStream().write(bytes);
    socket.getOutputStream().flush();
  }

  @Override
  public void close() {
    closed.countDown();
    List<Socket> open;
    synchronized (this) {
      open = List.copyOf(sockets);
    }
    try {
      listener.close();
      for (Socket socket : open) {
        socket.close();
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    synchronized (this) {
      if (!faults.isEmpty()) {
        throw new AssertionError("Deepgram rejects this: " + faults);
      }
    }
  }
}
