package app.perpetua.flow.provider.openai;

import app.perpetua.flow.base.WireName;
import java.time.Duration;

/**
 * A circuit breaker. Opens after five consecutive failures, or at once after a permanent one; after
 * 30 s it admits one call as a probe, and each probe that fails doubles the pause, up to five
 * minutes. A result counts only in the state in which its call was admitted. Thread-safe.
 */
interface CircuitBreaker {
  int FAILURE_THRESHOLD = 5;
  Duration MIN_PAUSE = Duration.ofSeconds(30);
  Duration MAX_PAUSE = Duration.ofMinutes(5);

  /** Whether calls are admitted. */
  enum State implements WireName {
    CLOSED,
    OPEN,
    /** One call is admitted, and its result decides. */
    PROBING
  }

  /** Whether a call may be made. */
  sealed interface Admission {
    record Admitted(Permit permit) implements Admission {}

    /**
     * No call is made.
     *
     * @param remaining the rest of the pause; a second if a probe is in progress
     */
    record Paused(Duration remaining) implements Admission {}
  }

  /** Admits one call. Only the first result reported counts. */
  interface Permit {
    /** The provider works, even if it rejected the request. */
    void succeeded();

    /**
     * The provider failed.
     *
     * @param permanent whether waiting does not help
     */
    void failed(boolean permanent);

    /** The call ended without a result. */
    void released();
  }

  /** Admits a call unless the breaker is open. */
  Admission admit();

  State state();
}
