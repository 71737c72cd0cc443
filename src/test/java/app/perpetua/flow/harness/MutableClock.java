package app.perpetua.flow.harness;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicReference;

/**
 * A clock that stands still until a test moves it. Views in other zones move along. Thread-safe.
 */
public final class MutableClock extends Clock {
  /** Where clocks of tests begin: a Tuesday morning; the template database has its days. */
  public static final Instant START = Instant.parse("2026-03-10T09:30:00Z");

  private final AtomicReference<Instant> now;
  private final ZoneId zone;

  private MutableClock(AtomicReference<Instant> now, ZoneId zone) {
    this.now = now;
    this.zone = zone;
  }

  public MutableClock() {
    this(new AtomicReference<>(START), ZoneOffset.UTC);
  }

  /** Shows this instant from now on, be it earlier. */
  public void set(Instant instant) {
    now.set(instant);
  }

  /** Moves on, or back if negative. */
  public void advance(Duration duration) {
    now.updateAndGet(shown -> shown.plus(duration));
  }

  @Override
  public Instant instant() {
    return Objects.requireNonNull(now.get());
  }

  @Override
  public ZoneId getZone() {
    return zone;
  }

  @Override
  public MutableClock withZone(ZoneId other) {
    return new MutableClock(now, other);
  }
}
