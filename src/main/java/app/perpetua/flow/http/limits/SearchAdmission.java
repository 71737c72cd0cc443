package app.perpetua.flow.http.limits;

import app.perpetua.flow.base.ErrorCode;
import app.perpetua.flow.base.Refusal;
import java.time.Duration;
import java.util.UUID;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

/**
 * Runs one search per user and two in all at once in this process, so that cores and connections
 * remain free for other requests (docs/decisions/searches.md). Further searches wait in a bounded
 * FIFO queue, in which each user has at most one place, so that many searches of one user do not
 * delay those of others. A waiting search holds no resource that other requests need. Thread-safe.
 */
final class SearchAdmission {
  /** As many as the database has cores on the smallest supported machine. */
  private static final int RUNNING = 2;

  /** Per user, in addition to the running one: clients may send a search per keystroke. */
  private static final int WAITING_PER_USER = 4;

  /** Running and waiting, of all users; more could not be served in time. */
  private static final int PRESENT = 128;

  /** For the wait for the user's own searches, and again for the wait for those of others. */
  private static final Duration TIMEOUT = Duration.ofSeconds(1);

  private final Duration timeout;
  private final Semaphore present = new Semaphore(PRESENT);
  private final KeyedSemaphore<UUID> presentOfUser =
      new KeyedSemaphore<>(1 + WAITING_PER_USER, Duration.ZERO, SearchAdmission::tooMany);
  private final KeyedSemaphore<UUID> users;
  private final Semaphore running = new Semaphore(RUNNING, true);

  SearchAdmission() {
    this(TIMEOUT);
  }

  /**
   * @param timeout for each of the two waits
   */
  SearchAdmission(Duration timeout) {
    this.timeout = timeout;
    this.users = new KeyedSemaphore<>(1, timeout, SearchAdmission::tooMany);
  }

  /**
   * Waits until a user's search may run.
   *
   * @throws Refusal {@code RATE_LIMIT_EXCEEDED} if that takes too long or too many wait
   */
  Permit acquire(UUID userId) {
    if (!present.tryAcquire()) {
      throw tooMany();
    }
    Permit place = present::release;
    return place
        .and(() -> presentOfUser.acquire(userId))
        .and(() -> users.acquire(userId))
        .and(this::acquireRunning);
  }

  /** The number of searches that run or wait. */
  int present() {
    return PRESENT - present.availablePermits();
  }

  /** The number of users whose search waits for those of others. */
  int waiting() {
    return running.getQueueLength();
  }

  private Permit acquireRunning() {
    try {
      if (running.tryAcquire(timeout.toMillis(), TimeUnit.MILLISECONDS)) {
        return running::release;
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    throw tooMany();
  }

  private static Refusal tooMany() {
    return Refusal.of(ErrorCode.RATE_LIMIT_EXCEEDED, "too many searches are running")
        .retryAfter(Duration.ofSeconds(1));
  }
}
