package app.perpetua.flow.http;

import app.perpetua.flow.base.Code;
import app.perpetua.flow.base.Refusal;
import java.time.Duration;
import java.util.UUID;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;

/**
 * How much work is let in: so many requests at once for one user, so many in all, and behind them a
 * queue that is short enough to be worth waiting in. Whoever finds no place hears so at once
 * (promise 23). Requests pass here after their body is read, so a slow upload holds no place.
 * Thread-safe.
 */
final class Admission {
  /** Settled: more would let one user drain the pool. */
  private static final int PER_USER = 20;

  /** As long as a request's database work may take: whoever waits longer would fail there. */
  private static final Duration USER_PATIENCE = Duration.ofSeconds(5);

  /** Enough to keep every connection and core busy; more would only wait for a connection. */
  private static final int RUNNING = 64;

  /** A thousand users pressing a key in the same instant still get through. */
  private static final int WAITING = 1_024;

  private static final Duration PATIENCE = Duration.ofSeconds(1);

  private final Turns<UUID> users = new Turns<>(PER_USER, USER_PATIENCE);

  /** Writes of one user wait for each other's row lock anyway; here they hold no connection. */
  private final Turns<UUID> writers = new Turns<>(1, USER_PATIENCE);

  private final SearchAdmission searches;
  private final Semaphore running = new Semaphore(RUNNING);
  private final AtomicInteger waiting = new AtomicInteger();

  Admission() {
    this(new SearchAdmission());
  }

  /** For tests. */
  Admission(SearchAdmission searches) {
    this.searches = searches;
  }

  /**
   * Runs a user's read.
   *
   * @throws Refusal {@code RATE_LIMIT_EXCEEDED} if the user has too much running, {@code
   *     SERVICE_UNAVAILABLE} if everybody has
   */
  <T> T read(UUID userId, Supplier<T> work) {
    return users.take(userId, () -> admit(work)).orElseThrow(Admission::tooMany);
  }

  /**
   * Runs a user's search, which waits for other searches first. It counts for none of the places
   * that the user's other requests have: neither do they wait for it, nor does it keep others'
   * searches waiting for them.
   *
   * @throws Refusal {@code RATE_LIMIT_EXCEEDED} if too many searches are running, {@code
   *     SERVICE_UNAVAILABLE} if too much of everything is
   */
  <T> T search(UUID userId, Supplier<T> work) {
    return searches.run(userId, () -> admit(work));
  }

  /**
   * Runs a user's write, one at a time.
   *
   * @throws Refusal as {@link #read}
   */
  <T> T write(UUID userId, Supplier<T> work) {
    return users
        .take(userId, () -> writers.take(userId, () -> admit(work)))
        .flatMap(written -> written)
        .orElseThrow(Admission::tooMany);
  }

  /**
   * Runs work of nobody in particular.
   *
   * @throws Refusal {@code SERVICE_UNAVAILABLE} if too much is running
   */
  <T> T admit(Supplier<T> work) {
    enter();
    try {
      return work.get();
    } finally {
      running.release();
    }
  }

  private void enter() {
    if (running.tryAcquire()) {
      return;
    }
    try {
      if (waiting.incrementAndGet() <= WAITING
          && running.tryAcquire(PATIENCE.toMillis(), TimeUnit.MILLISECONDS)) {
        return;
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      waiting.decrementAndGet();
    }
    throw Refusal.of(Code.SERVICE_UNAVAILABLE, "too many requests are running")
        .retryAfter(PATIENCE);
  }

  private static Refusal tooMany() {
    return Refusal.of(Code.RATE_LIMIT_EXCEEDED, "more than " + PER_USER + " requests at once")
        .retryAfter(Duration.ofSeconds(1));
  }
}
