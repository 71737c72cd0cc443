package app.perpetua.flow.chaos.fault;

import app.perpetua.flow.chaos.wire.CommitTrap.Point;
import java.time.Duration;
import java.util.Random;
import java.util.concurrent.locks.LockSupport;

/**
 * One injection of a fault under load.
 *
 * @param number of the run among those of the fault, from 1
 * @param random source of all times and points
 * @param isShort the shortest durations
 * @param isLong the longest durations, and real leases
 */
public record Injection(int number, Random random, boolean isShort, boolean isLong) {
  /** Waits for a random time of this range, in milliseconds. */
  Duration pause(int from, int to) {
    Duration pause = Duration.ofMillis(random.nextInt(from, to + 1));
    hold(pause);
    return pause;
  }

  /** Waits. */
  static void hold(Duration time) {
    LockSupport.parkNanos(time.toNanos());
  }

  /** The runs of a fault go through the points in turn. */
  Point point() {
    Point[] points = Point.values();
    return points[(number - 1) % points.length];
  }
}
