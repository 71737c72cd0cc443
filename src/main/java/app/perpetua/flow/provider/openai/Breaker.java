package app.perpetua.flow.provider.openai;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

/**
 * Keeps us from asking a provider that fails every time. Opens after five failures in a row, or at
 * once for what does not pass by itself; answers for 30 s without asking; then lets one through. If
 * that fails too, the pause doubles, up to five minutes. Thread-safe.
 */
final class Breaker {
  /** Whether it lets requests through. */
  enum State {
    CLOSED,
    OPEN,
    /** One is through, and its end decides. */
    PROBING
  }

  private static final System.Logger LOG = System.getLogger(Breaker.class.getName());

  private static final int FAILURES = 5;
  private static final Duration FIRST_PAUSE = Duration.ofSeconds(30);
  private static final Duration LONGEST_PAUSE = Duration.ofMinutes(5);

  private final String provider;
  private final Clock clock;
  private State state = State.CLOSED;
  private int failures;
  private Duration pause = FIRST_PAUSE;
  private Instant openUntil = Instant.MIN;

  /** Permits from before a change of state say nothing about the state after it. */
  private long era;

  /**
   * @param provider for the log
   * @param clock times the pauses, so that nobody who moves it has to sit them out
   */
  Breaker(String provider, Clock clock) {
    this.provider = provider;
    this.clock = clock;
  }

  /** The leave to ask once. The first word about it counts. */
  final class Permit {
    private final long from;
    private boolean isSpent;

    private Permit(long from) {
      this.from = from;
    }

    /** The provider answered, whatever it said. */
    void succeeded() {
      synchronized (Breaker.this) {
        if (spend()) {
          failures = 0;
          if (state == State.PROBING) {
            LOG.log(System.Logger.Level.INFO, "{0} answers again", provider);
            pause = FIRST_PAUSE;
            become(State.CLOSED);
          }
        }
      }
    }

    /**
     * The provider failed.
     *
     * @param hopeless whether it will go on doing so
     */
    void failed(boolean hopeless) {
      synchronized (Breaker.this) {
        if (spend()) {
          failures++;
          if (state == State.PROBING) {
            Duration doubled = pause.multipliedBy(2);
            pause = doubled.compareTo(LONGEST_PAUSE) > 0 ? LONGEST_PAUSE : doubled;
            open();
          } else if (hopeless || failures >= FAILURES) {
            open();
          }
        }
      }
    }

    /** Nobody knows how it would have ended. */
    void released() {
      synchronized (Breaker.this) {
        if (spend() && state == State.PROBING) {
          openUntil = clock.instant();
          become(State.OPEN);
        }
      }
    }

    private boolean spend() {
      boolean counts = !isSpent && from == era;
      isSpent = true;
      return counts;
    }
  }

  /** Leave to ask; empty if there is none for {@link #remaining}. */
  synchronized Optional<Permit> admit() {
    if (state == State.PROBING || (state == State.OPEN && !left().isZero())) {
      return Optional.empty();
    }
    if (state == State.OPEN) {
      become(State.PROBING);
    }
    return Optional.of(new Permit(era));
  }

  /** How long it lets nobody through; a second if that depends on who is through already. */
  synchronized Duration remaining() {
    Duration left = state == State.OPEN ? left() : Duration.ZERO;
    return left.toSeconds() > 0 ? left : Duration.ofSeconds(1);
  }

  /** Of the pause; nothing if the clock was set back to before it. */
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
        "{0} fails, and is not asked for {1} s",
        provider,
        Long.toString(pause.toSeconds()));
    openUntil = clock.instant().plus(pause);
    failures = 0;
    become(State.OPEN);
  }

  private void become(State next) {
    state = next;
    era++;
  }
}
