package app.perpetua.flow.jobs;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;

/**
 * Jobs claimed before there is a slot for them, which saves short jobs a claim each. Its target
 * size is the number of jobs that the worker ran in the last tenth of a second, so slow jobs are
 * never prefetched, nor kept here while another worker is idle. Times are {@link System#nanoTime}.
 * Thread-safe.
 */
final class PrefetchBuffer {
  /** Each prefetched job loses an attempt if the process dies. */
  static final int MAX_SIZE = 32;

  private static final Duration WINDOW = Duration.ofMillis(100);

  /** Due jobs start within 1 s; polling takes up to half of it, waiting here up to a quarter. */
  private static final Duration TIMEOUT = Duration.ofMillis(250);

  private record Entry(Job job, long addedAt) {}

  private final Deque<Entry> entries = new ArrayDeque<>();
  private long windowStart;
  private int ranInWindow;
  private int ranInPreviousWindow;

  /** Counts a job that the worker ran. */
  synchronized void recordRun(long now) {
    advanceWindow(now);
    ranInWindow++;
  }

  /** How many jobs to claim: none until the buffer is half empty. */
  synchronized int claimSize(long now) {
    advanceWindow(now);
    return isLow() ? target() - entries.size() : 0;
  }

  /** Whether the buffer is at most half full. */
  synchronized boolean isLow() {
    return entries.size() <= target() / 2 && target() > 0;
  }

  synchronized void add(Job job, long now) {
    entries.addLast(new Entry(job, now));
  }

  synchronized Optional<Job> poll() {
    return Optional.ofNullable(entries.pollFirst()).map(Entry::job);
  }

  synchronized boolean isEmpty() {
    return entries.isEmpty();
  }

  synchronized List<Job> jobs() {
    return entries.stream().map(Entry::job).toList();
  }

  /** Removes and returns the jobs that have waited too long. */
  synchronized List<Job> removeStale(long now) {
    List<Job> stale = new ArrayList<>();
    for (Iterator<Entry> all = entries.iterator(); all.hasNext(); ) {
      Entry entry = all.next();
      if (now - entry.addedAt() > TIMEOUT.toNanos()) {
        stale.add(entry.job());
        all.remove();
      }
    }
    return stale;
  }

  /** Removes and returns all jobs. */
  synchronized List<Job> removeAll() {
    List<Job> all = jobs();
    entries.clear();
    return all;
  }

  private int target() {
    return Math.min(MAX_SIZE, Math.max(ranInWindow, ranInPreviousWindow));
  }

  private void advanceWindow(long now) {
    long elapsed = now - windowStart;
    if (elapsed >= WINDOW.toNanos()) {
      ranInPreviousWindow = elapsed < 2 * WINDOW.toNanos() ? ranInWindow : 0;
      ranInWindow = 0;
      windowStart = now;
    }
  }
}
