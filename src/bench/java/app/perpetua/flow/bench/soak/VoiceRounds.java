package app.perpetua.flow.bench.soak;

import app.perpetua.flow.bench.voice.VoiceSpeaker;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntFunction;

/**
 * Voice sessions of several users at once: a session ends by the service's limit, and the user
 * begins the next one. Thread-safe.
 */
final class VoiceRounds implements AutoCloseable {
  /** What the answer's {@code Retry-After} says. */
  private static final Duration AGAIN = Duration.ofSeconds(1);

  /** Time after which the end of the soak is noticed. */
  private static final Duration CHUNK = Duration.ofSeconds(1);

  private final int port;
  private final IntFunction<String> target;
  private final AtomicInteger number = new AtomicInteger();
  private final AtomicInteger limited = new AtomicInteger();
  private final AtomicInteger finished = new AtomicInteger();
  private final AtomicInteger refused = new AtomicInteger();
  private final List<String> failures = new ArrayList<>();
  private final List<Thread> threads = new ArrayList<>();
  private volatile boolean isEnding;

  /**
   * Starts the first sessions.
   *
   * @param target each user's path and query, by number from 0
   */
  VoiceRounds(int port, int users, IntFunction<String> target) {
    this.port = port;
    this.target = target;
    for (int i = 0; i < users; i++) {
      int user = i;
      threads.add(Thread.ofVirtual().start(() -> run(user)));
    }
  }

  private void run(int user) {
    try {
      while (!isEnding) {
        try (VoiceSpeaker speaker =
            new VoiceSpeaker(number.get(), port, target.apply(user), true)) {
          number.incrementAndGet();
          speak(speaker);
        } catch (VoiceSpeaker.Overloaded e) {
          refused.incrementAndGet();
          Thread.sleep(AGAIN);
        }
      }
    } catch (IOException e) {
      synchronized (failures) {
        failures.add("user " + user + ": " + e.getMessage());
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void speak(VoiceSpeaker speaker) throws IOException, InterruptedException {
    try {
      while (!isEnding && !speaker.isOver()) {
        speaker.speakUntil(System.nanoTime() + CHUNK.toNanos());
      }
    } catch (IOException e) {
      // The service has closed the connection while a frame was sent; why is in its record.
      speaker.awaitEnd();
    }
    if (speaker.isOver()) {
      limited.incrementAndGet();
    } else {
      speaker.finish();
      finished.incrementAndGet();
    }
  }

  /** Number of sessions that the service ended. */
  int limited() {
    return limited.get();
  }

  /** Number of sessions that the clients ended. */
  int finished() {
    return finished.get();
  }

  /** Number of sessions that were refused at first because the service was busy. */
  int refused() {
    return refused.get();
  }

  /** What went wrong; empty if nothing. */
  List<String> failures() {
    synchronized (failures) {
      return List.copyOf(failures);
    }
  }

  /** Lets the clients end their sessions, and waits for it. */
  void finish() throws InterruptedException {
    isEnding = true;
    for (Thread thread : threads) {
      thread.join();
    }
  }

  @Override
  public void close() {
    isEnding = true;
    threads.forEach(Thread::interrupt);
  }
}
