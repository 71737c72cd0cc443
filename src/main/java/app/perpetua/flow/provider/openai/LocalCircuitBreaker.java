package app.perpetua.flow.provider.openai;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;

/** A circuit breaker of this process. Thread-safe. */
final class LocalCircuitBreaker implements CircuitBreaker {
  private static final System.Logger LOG = System.getLogger(LocalCircuitBreaker.class.getName());

  private final String provider;
  private final Clock clock;
  private State state = State.CLOSED;
  private int failures;
  private Duration pause = MIN_PAUSE;
  private Instant openUntil = Instant.MIN;

  /** Counts state changes, so that results of calls admitted before one can be ignored. */
  private long generation;

  LocalCircuitBreaker(String provider, Clock clock) {
    this.provider = provider;
    this.clock = clock;
  }

  private final class LocalPermit implements Permit {
    private final long admittedIn;
    private boolean isReported;

    private LocalPermit(long admittedIn) {
      this.admittedIn = admittedIn;
    }

    @Override
    public void succeeded() {
      synchronized (LocalCircuitBreaker.this) {
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

    @Override
    public void failed(boolean permanent) {
      synchronized (LocalCircuitBreaker.this) {
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

    @Override
    public void released() {
      synchronized (LocalCircuitBreaker.this) {
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

  @Override
  public synchronized Admission admit() {
    if (state == State.PROBING || (state == State.OPEN && !left().isZero())) {
      return new Admission.Paused(remaining());
    }
    if (state == State.OPEN) {
      changeTo(State.PROBING);
    }
    return new Admission.Admitted(new LocalPermit(generation));
  }

  private Duration remaining() {
    Duration left = state == State.OPEN ? left() : Duration.ZERO;
    return left.toSeconds() > 0 ? left : Duration.ofSeconds(1);
  }

  /** The rest of the pause; zero if the clock was set back to before its start. */
  private Duration left() {
    Duration left = Duration.between(clock.instant(), openUntil);
    return left.isNegative() || left.compareTo(pause) > 0 ? Duration.ZERO : left;
  }

  @Override
  public synchronized State state() {
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
