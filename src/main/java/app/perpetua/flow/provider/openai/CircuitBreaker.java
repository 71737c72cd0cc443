package app.perpetua.flow.provider.openai;

import app.perpetua.flow.base.WireName;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

/**
 * A circuit breaker. Opens after five consecutive failures, or at once after a permanent one; after
 * 30 s it admits one call as a probe, and each probe that fails doubles the pause, up to five
 * minutes. A result counts only in the state in which its call was admitted. Thread-safe.
 */
final class CircuitBreaker {
  enum State implements WireName {
    CLOSED,
    OPEN,
    /** One call is admitted, and its result decides. */
    PROBING
  }

  private static final System.Logger LOG = System.getLogger(CircuitBreaker.class.getName());

  private static final int FAILURE_THRESHOLD = 5;
  private static final Duration MIN_PAUSE = Duration.ofSeconds(30);
  private static final Duration MAX_PAUSE = Duration.ofMinutes(5);

  private final String provider;
  private final Clock clock;
  private State state = State.CLOSED;
  private int failures;
  private Duration pause = MIN_PAUSE;
  private Instant openUntil = Instant.MIN;

  /** Counts state changes, so that results of calls admitted before one can be ignored. */
  private long generation;

  CircuitBreaker(String provider, Clock clock) {
    this.provider = provider;
    this.clock = clock;
  }

  /** Admits one call. Only the first result reported counts. */
  final class Permit {
    private final long admittedIn;
    private boolean isReported;

    private Permit(long admittedIn) {
      this.admittedIn = admittedIn;
    }

    /** The provider works, even if it rejected the request. */
    void succeeded() {
      synchronized (CircuitBreaker.this) {
        if (report()) {
          failures = 0;
          if (state == State.PROBING) {
            LOG.log(
                System.Logger.Level.INFO,
                "circuit breaker for {0} closed: calls succeed again",
                provider);
            pause = MIN_PAUSE;
            changeTo(State.CLOSED);
          }
        }
      }
    }

    /**
     * The provider failed.
     *
     * @param permanent whether waiting does not help
     */
    void failed(boolean permanent) {
      synchronized (CircuitBreaker.this) {
        if (report()) {
          failures++;
          if (state == State.PROBING) {
            Duration doubled = pause.multipliedBy(2);
            pause = doubled.compareTo(MAX_PAUSE) > 0 ? MAX_PAUSE : doubled;
            open();
          } else if (permanent || failures >= FAILURE_THRESHOLD) {
            open();
          }
        }
      }
    }

    /** The call ended without a result. */
    void released() {
      synchronized (CircuitBreaker.this) {
        if (report() && state == State.PROBING) {
          openUntil = clock.instant();
          changeTo(State.OPEN);
        }
      }
    }

    private boolean report() {
      boolean counts = !isReported && admittedIn == generation;
      isReported = true;
      return counts;
    }
  }

  /** A permit for one call; empty while open, see {@link #remaining}. */
  synchronized Optional<Permit> admit() {
    if (state == State.PROBING || (state == State.OPEN && !left().isZero())) {
      return Optional.empty();
    }
    if (state == State.OPEN) {
      changeTo(State.PROBING);
    }
    return Optional.of(new Permit(generation));
  }

  /** The rest of the pause; a second if a probe is in progress. */
  synchronized Duration remaining() {
    Duration left = state == State.OPEN ? left() : Duration.ZERO;
    return left.toSeconds() > 0 ? left : Duration.ofSeconds(1);
  }

  /** The rest of the pause; zero if the clock was set back to before its start. */
  private Duration left() {
    Duration left = Duration.between(clock.instant(), openUntil);
    return left.isNegative() || left.compareTo(pause) > 0 ? Duration.ZERO : left;
  }

  synchronized State state() {
    return state;
  }

  private void open() {
    LOG.log(
        System.Logger.Level.WARNING,
        "circuit breaker for {0} opened for {1} s",
        provider,
        Long.toString(pause.toSeconds()));
    openUntil = clock.instant().plus(pause);
    failures = 0;
    changeTo(State.OPEN);
  }

  private void changeTo(State next) {
    state = next;
    generation++;
  }
}
