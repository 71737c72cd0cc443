package app.perpetua.flow.harness.time;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicReference;

/** A clock that a test sets. Views in other zones share its instant. Thread-safe. */
public final class MutableClock extends Clock {
  /** The initial instant, a Tuesday morning; the template database has partitions around it. */
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

  /** Sets the instant; it may be earlier. */
  public void set(Instant instant) {
    now.set(instant);
  }

  /** Advances the clock, or moves it back if negative. */
  public void advance(Duration duration) {
    now.updateAndGet(instant -> instant.plus(duration));
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
