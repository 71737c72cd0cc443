package app.perpetua.flow.fake;

import app.perpetua.flow.base.Json;
import app.perpetua.flow.fake.FakeDeepgram.Step;
import app.perpetua.flow.fake.FakeProvider.State;
import java.io.IOException;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import java.util.zip.CRC32;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;

/** A live stream of the fake Deepgram. Thread-safe, except for the methods that run it. */
public final class DeepgramStreamFake {
  private static final byte[] EBML = {0x1a, 0x45, (byte) 0xdf, (byte) 0xa3};
  private static final Duration TIMEOUT = Duration.ofSeconds(10);

  /** Without a script, each sentence takes this many messages. */
  private static final int MESSAGES_PER_SENTENCE = 8;

  private final FakeDeepgram deepgram;
  private final Socket socket;
  private final Frames frames;
  private final Json json;
  private final @Nullable Deque<Step> steps;
  private final CountDownLatch over = new CountDownLatch(1);
  private final CRC32 checksum = new CRC32();
  private int messages;
  private long bytes;
  private int keepAlives;
  private int pings;
  private boolean finalized;
  private boolean closeRequested;
  private double transcribedUntil;
  private @Nullable String held;

  DeepgramStreamFake(
      FakeDeepgram deepgram, Socket socket, Frames frames, @Nullable List<Step> steps, Json json) {
    this.deepgram = deepgram;
    this.socket = socket;
    this.frames = frames;
    this.steps = steps == null ? null : new ArrayDeque<>(steps);
    this.json = json;
  }

  /** Number of audio messages received. */
  public synchronized int messages() {
    return messages;
  }

  /** Bytes of audio received. */
  public synchronized long bytes() {
    return bytes;
  }

  /** CRC-32 over all audio in the order of arrival. */
  public synchronized long checksum() {
    return checksum.getValue();
  }

  /** Number of keep-alive messages received. */
  public synchronized int keepAlives() {
    return keepAlives;
  }

  /** Whether the stream was finalized before it was closed, so that no transcript is lost. */
  public synchronized boolean wasFinished() {
    return finalized && closeRequested;
  }

  /** Waits until the connection has ended; false if it has not ended in time. */
  public boolean awaitEnd(Duration limit) throws InterruptedException {
    return over.await(limit.toNanos(), TimeUnit.NANOSECONDS);
  }

  void run() throws IOException, InterruptedException {
    try {
      long lastMessage = System.nanoTime();
      while (true) {
        long left = TIMEOUT.toNanos() - (System.nanoTime() - lastMessage);
        if (left <= 0) {
          frames.close(1011, "NET-0001");
          return;
        }
        socket.setSoTimeout((int) Math.max(1, left / 1_000_000));
        Frames.Frame frame;
        try {
          frame = frames.read();
        } catch (SocketTimeoutException e) {
          continue;
        }
        switch (frame.code()) {
          case Frames.BINARY -> {
            lastMessage = System.nanoTime();
            if (!onAudio(frame.payload())) {
              return;
            }
          }
          case Frames.TEXT -> {
            lastMessage = System.nanoTime();
            if (!onText(frame.text())) {
              return;
            }
          }
          case Frames.PING -> frames.write(Frames.PONG, true, frame.payload());
          case Frames.CLOSE -> {
            frames.close(frame.closeCode(), "");
            return;
          }
          case Frames.PONG -> {}
          default -> deepgram.fault("a frame of kind " + frame.code());
        }
        synchronized (this) {
          pings += frame.code() == Frames.PING ? 1 : 0;
        }
      }
    } finally {
      over.countDown();
    }
  }

  /** Number of pings received. */
  public synchronized int pings() {
    return pings;
  }

  private boolean onAudio(byte[] audio) throws IOException, InterruptedException {
    int count;
    synchronized (this) {
      if (audio.length == 0) {
        deepgram.fault("an empty message; Deepgram would end the stream");
      }
      messages++;
      count = messages;
      bytes += audio.length;
      checksum.update(audio);
    }
    if (count == 1 && !Arrays.equals(EBML, Arrays.copyOf(audio, EBML.length))) {
      frames.close(1008, "DATA-0000");
      return false;
    }
    if (steps == null) {
      if (deepgram.state() == State.FAILING) {
        frames.close(1011, "NET-0000");
        return false;
      }
      if (count % MESSAGES_PER_SENTENCE == 0) {
        results("Sentence " + count / MESSAGES_PER_SENTENCE + ".", true);
      } else if (count % 2 == 0) {
        results("Sentence", false);
      }
      return true;
    }
    return steps.isEmpty() || play(steps.pop());
  }

  private boolean play(Step step) throws IOException, InterruptedException {
    switch (step) {
      case Step.Partial(String text) -> results(text, false);
      case Step.Final(String text) -> results(text, true);
      case Step.Stall(Duration time) -> deepgram.pause(time);
      case Step.Close(int code, String reason) -> {
        frames.close(code, reason);
        return false;
      }
      case Step.Reset _ -> {
        socket.setSoLinger(true, 0);
        socket.close();
        return false;
      }
      case Step.Freeze _ -> {
        deepgram.pause(Duration.ofMinutes(10));
        return false;
      }
      case Step.Refuse _ -> throw new IllegalStateException("only as the first step");
    }
    return true;
  }

  private boolean onText(String text) throws IOException, InterruptedException {
    String type;
    try {
      type = json.parse(text).path("type").asString("");
    } catch (JacksonException e) {
      type = "";
    }
    switch (type) {
      case "KeepAlive" -> {
        synchronized (this) {
          keepAlives++;
        }
      }
      case "Finalize" -> {
        synchronized (this) {
          finalized = true;
        }
        if (!flush()) {
          return false;
        }
      }
      case "CloseStream" -> {
        synchronized (this) {
          closeRequested = true;
        }
        frames.text(
            json.text(
                Map.of(
                    "type",
                    "Metadata",
                    "request_id",
                    "fake",
                    "duration",
                    messages() * deepgram.secondsPerMessage(),
                    "channels",
                    1)));
        frames.close(1000, "");
        return false;
      }
      default -> deepgram.fault("a message that it does not know: " + text);
    }
    return true;
  }

  private boolean flush() throws IOException, InterruptedException {
    if (deepgram.state() == State.SLOW) {
      deepgram.pause(FakeProvider.DELAY);
    }
    sendHeld();
    if (steps == null) {
      if (messages() % MESSAGES_PER_SENTENCE > 0) {
        results("And the last words.", true);
      }
      return true;
    }
    while (!steps.isEmpty()) {
      if (!play(steps.pop())) {
        return false;
      }
    }
    return true;
  }

  /**
   * In state SLOW, interim results are left out and each final one arrives with the next: pauses
   * would block the audio that follows, and the service ends a stream that does not read it.
   */
  private void results(String text, boolean isFinal) throws IOException {
    boolean isSlow = deepgram.state() == State.SLOW && !finalized();
    if (isSlow && !isFinal) {
      return;
    }
    sendHeld();
    String message = rendered(text, isFinal);
    if (isSlow) {
      held = message;
    } else {
      frames.text(message);
    }
  }

  private void sendHeld() throws IOException {
    if (held != null) {
      frames.text(held);
      held = null;
    }
  }

  private synchronized boolean finalized() {
    return finalized;
  }

  private String rendered(String text, boolean isFinal) {
    double until = messages() * deepgram.secondsPerMessage();
    String message =
        json.text(
            Map.of(
                "type",
                "Results",
                "start",
                transcribedUntil,
                "duration",
                until - transcribedUntil,
                "is_final",
                isFinal,
                "speech_final",
                isFinal,
                "channel",
                Map.of(
                    "alternatives",
                    List.of(
                        Map.of(
                            "transcript",
                            text,
                            "confidence",
                            0.91,
                            "words",
                            words(text, transcribedUntil, until))))));
    if (isFinal) {
      transcribedUntil = until;
    }
    return message;
  }

  /** All words take the same time. */
  private static List<Map<String, Object>> words(String text, double start, double end) {
    String[] words = text.strip().split(" +", -1);
    double each = (end - start) / words.length;
    return IntStream.range(0, words.length)
        .mapToObj(
            i ->
                Map.<String, Object>of(
                    "word",
                    words[i].toLowerCase(Locale.ROOT),
                    "punctuated_word",
                    words[i],
                    "start",
                    start + i * each,
                    "end",
                    start + (i + 1) * each,
                    "confidence",
                    0.91))
        .toList();
  }
}
