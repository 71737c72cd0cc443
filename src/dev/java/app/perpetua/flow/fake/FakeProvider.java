package app.perpetua.flow.fake;

import java.time.Duration;

/** A fake that can be switched as a whole, on top of its script. */
public interface FakeProvider {
  /** How it answers requests. */
  enum State {
    /** As scripted, otherwise normally. */
    UP,
    /** As in state UP, but later by {@link #DELAY}; streams are slow as well. */
    SLOW,
    /** With an error; only a scripted answer takes precedence. */
    FAILING
  }

  /** Noticeable, and half of the shortest time-out of the service's calls, which is 3 s. */
  Duration DELAY = Duration.ofMillis(1_500);

  State state();

  /** Sets the state of all further answers. */
  void turn(State state);
}
