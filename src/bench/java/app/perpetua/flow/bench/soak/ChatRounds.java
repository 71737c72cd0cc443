package app.perpetua.flow.bench.soak;

import app.perpetua.flow.bench.load.Chatters;
import java.io.IOException;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;

/**
 * Chats of several users at once, again and again, each to its end. Closing waits for the end of
 * the current ones. Thread-safe.
 */
final class ChatRounds implements AutoCloseable {
  private final int port;
  private final int users;
  private final int words;
  private final IntFunction<byte[]> request;
  private final Thread thread;
  private volatile boolean isEnding;
  private volatile int complete;
  private volatile int refused;
  private volatile @Nullable IOException failure;

  /**
   * Starts the first chats.
   *
   * @param words number of words of each answer
   * @param request each user's complete request, by number from 0
   */
  ChatRounds(int port, int users, int words, IntFunction<byte[]> request) {
    this.port = port;
    this.users = users;
    this.words = words;
    this.request = request;
    thread = Thread.ofPlatform().name("chats").daemon().start(this::run);
  }

  @SuppressWarnings("NonAtomicVolatileUpdate") // written by one thread
  private void run() {
    while (!isEnding) {
      try (Chatters round = new Chatters(port, users, words, request)) {
        round.await();
        complete += users;
        refused += round.refused();
      } catch (IOException e) {
        failure = e;
        return;
      }
    }
  }

  /** Number of chats that received their whole answer. */
  int complete() {
    return complete;
  }

  /** Number of chats that were refused at first because the service was busy. */
  int refused() {
    return refused;
  }

  /** Why a chat ended early; null if none did. */
  @Nullable IOException failure() {
    return failure;
  }

  /** Starts no further chats, and waits for the current ones. */
  void finish() throws InterruptedException {
    isEnding = true;
    thread.join();
  }

  @Override
  public void close() {
    isEnding = true;
    thread.interrupt();
  }
}
