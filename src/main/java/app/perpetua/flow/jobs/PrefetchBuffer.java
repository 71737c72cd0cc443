package app.perpetua.flow.jobs;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;

/**
 * Jobs claimed before there is a slot for them, so that short ones need not wait for a claim each.
 * Never more than the worker ran in the last tenth of a second: with slow jobs there are none, and
 * none lies here for long while another worker is idle. Times are of the real clock, in
 * nanoseconds. Thread-safe.
 */
final class PrefetchBuffer {
  /** A worker that dies spends an attempt of each. */
  static final int MOST = 32;

  private static final Duration WINDOW = Duration.ofMillis(100);

  /** Half of what is left of the second within which what is due must start. */
  private static final Duration TIMEOUT = Duration.ofMillis(250);

  private record Waiting(Job job, long since) {}

  private final Deque<Waiting> jobs = new ArrayDeque<>();
  private long window;
  private int ranNow;
  private int ranBefore;

  /** One was run. */
  synchronized void ran(long now) {
    turn(now);
    ranNow++;
  }

  /** How many to claim; none while half of what is wanted is still here. */
  synchronized int wanted(long now) {
    turn(now);
    return isLow() ? target() - jobs.size() : 0;
  }

  /** True if it is time to claim. */
  synchronized boolean isLow() {
    return jobs.size() <= target() / 2 && target() > 0;
  }

  synchronized void add(Job job, long now) {
    jobs.addLast(new Waiting(job, now));
  }

  /** The next to run. */
  synchronized Optional<Job> poll() {
    return Optional.ofNullable(jobs.pollFirst()).map(Waiting::job);
  }

  /** Those that are held. */
  synchronized List<Job> all() {
    return jobs.stream().map(Waiting::job).toList();
  }

  /** Lets go of those that have waited too long. */
  synchronized List<Job> stale(long now) {
    List<Job> stale = new ArrayList<>();
    for (Iterator<Waiting> all = jobs.iterator(); all.hasNext(); ) {
      Waiting waiting = all.next();
      if (now - waiting.since() > TIMEOUT.toNanos()) {
        stale.add(waiting.job());
        all.remove();
      }
    }
    return stale;
  }

  /** Lets go of all. */
  synchronized List<Job> clear() {
    List<Job> all = all();
    jobs.clear();
    return all;
  }

  private int target() {
    return Math.min(MOST, Math.max(ranNow, ranBefore));
  }

  private void turn(long now) {
    long elapsed = now - window;
    if (elapsed >= WINDOW.toNanos()) {
      ranBefore = elapsed < 2 * WINDOW.toNanos() ? ranNow : 0;
      ranNow = 0;
      window = now;
    }
  }
}
