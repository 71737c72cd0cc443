package app.perpetua.flow.chaos.load;

import java.time.Duration;

/**
 * One sending of a request.
 *
 * @param status of the answer; 0 if the connection was cut or refused
 * @param code the error's code; empty without an error
 * @param retryAfter whether the answer has {@code Retry-After}
 * @param replayed whether the answer was stored before
 * @param body the answer's; for a cut connection, the reason
 * @param beganNanos by {@link System#nanoTime}
 * @param endedNanos by the same clock
 * @param waited for the answer, without time in which the machine was busy with other processes
 */
public record Attempt(
    int status,
    String code,
    boolean retryAfter,
    boolean replayed,
    String body,
    long beganNanos,
    long endedNanos,
    Duration waited) {
  /** Whether the write took effect, then or earlier. */
  public boolean isSuccess() {
    return status / 100 == 2;
  }

  /** Whether the connection ended without an answer. */
  public boolean isCut() {
    return status == 0;
  }

  /**
   * Whether the same request must be sent again: also if the first one with its key has not ended
   * yet, or if another change of the person holds the lock.
   */
  boolean isRetryable() {
    return isCut() || status == 503 || (status == 409 && retryAfter);
  }
}
