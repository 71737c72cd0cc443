package app.perpetua.flow.http;

import app.perpetua.flow.base.Code;
import app.perpetua.flow.base.Refusal;
import java.time.Duration;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/**
 * Lets one search of a user and two of all users run at once in this process, so that searches
 * leave cores and connections to everybody else (docs/decisions/searches.md). The others wait in a
 * bounded queue, first come, first served, where a user has one place at most: many searches of one
 * user do not delay those of others. What waits here holds nothing that other requests need.
 * Thread-safe.
 */
final class SearchAdmission {
  /** As many as the database has cores, on the smallest machine that we run on. */
  private static final int RUNNING = 2;

  /** Of one user, beside the one that runs: somebody who types sends some before the answer. */
  private static final int WAITING_PER_USER = 4;

  /** Running and waiting, of all users; more would not be served in time. */
  private static final int PRESENT = 128;

  /** For a user's own search to end, and once more for those of others. */
  private static final Duration WAIT = Duration.ofSeconds(1);

  private final Duration wait;
  private final Semaphore present = new Semaphore(PRESENT);
  private final Turns<UUID> presentOfUser = new Turns<>(1 + WAITING_PER_USER, Duration.ZERO);
  private final Turns<UUID> users;
  private final Semaphore running = new Semaphore(RUNNING, true);

  SearchAdmission() {
    this(WAIT);
  }

  /**
   * For tests.
   *
   * @param wait for each of the two things that a search waits for
   */
  SearchAdmission(Duration wait) {
    this.wait = wait;
    this.users = new Turns<>(1, wait);
  }

  /**
   * Runs a user's search when it is its turn.
   *
   * @throws Refusal {@code RATE_LIMIT_EXCEEDED} if that takes too long or too many wait
   */
  <T> T run(UUID userId, Supplier<T> search) {
    if (!present.tryAcquire()) {
      throw tooMany();
    }
    try {
      return presentOfUser
          .take(userId, () -> users.take(userId, () -> amongAll(search)))
          .flatMap(ofUser -> ofUser.flatMap(ofAll -> ofAll))
          .orElseThrow(SearchAdmission::tooMany);
    } finally {
      present.release();
    }
  }

  /** How many are here, running or waiting. */
  int present() {
    return PRESENT - present.availablePermits();
  }

  /** How many users wait for one of the searches of others to end. */
  int waiting() {
    return running.getQueueLength();
  }

  private <T> Optional<T> amongAll(Supplier<T> search) {
    try {
      if (!running.tryAcquire(wait.toMillis(), TimeUnit.MILLISECONDS)) {
        return Optional.empty();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return Optional.empty();
    }
    try {
      return Optional.of(search.get());
    } finally {
      running.release();
    }
  }

  private static Refusal tooMany() {
    return Refusal.of(Code.RATE_LIMIT_EXCEEDED, "too many searches are running")
        .retryAfter(Duration.ofSeconds(1));
  }
}
