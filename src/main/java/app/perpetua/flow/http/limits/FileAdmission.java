package app.perpetua.flow.http.limits;

import app.perpetua.flow.base.ErrorCode;
import app.perpetua.flow.base.Refusal;
import java.time.Duration;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;

/**
 * Limits how many temporary files requests hold in this process, which bounds their space on disk:
 * one of each user. Refuses instead of waiting. Thread-safe.
 */
public final class FileAdmission {
  private static final Duration RETRY_AFTER = Duration.ofSeconds(10);

  private final Semaphore free;
  private final ConcurrentHashMap<UUID, Boolean> users = new ConcurrentHashMap<>();
  private final String what;

  /**
   * @param atOnce files of all users
   * @param what names them in the message, in the plural
   */
  public FileAdmission(int atOnce, String what) {
    this.free = new Semaphore(atOnce);
    this.what = what;
  }

  /**
   * Admits a file.
   *
   * @throws Refusal {@code RATE_LIMIT_EXCEEDED} if the user has one, {@code SERVICE_UNAVAILABLE} if
   *     there are too many
   */
  public Permit acquire(UUID user) {
    if (users.putIfAbsent(user, true) != null) {
      throw Refusal.of(ErrorCode.RATE_LIMIT_EXCEEDED, "more than one of your " + what + " at once")
          .retryAfter(RETRY_AFTER);
    }
    if (!free.tryAcquire()) {
      users.remove(user);
      throw Refusal.of(ErrorCode.SERVICE_UNAVAILABLE, "too many " + what + " at once")
          .retryAfter(RETRY_AFTER);
    }
    return () -> {
      free.release();
      users.remove(user);
    };
  }
}
