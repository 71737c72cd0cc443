package app.perpetua.flow.jobs;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;

/** The jobs that a worker is running. Times are {@link System#nanoTime}. Thread-safe. */
final class InFlightJobs {
  /** A handler that takes longer is considered stuck, and its lease is no longer extended. */
  private static final Duration MAX_DURATION = Duration.ofMinutes(5);

  record Entry(Job job, long startedAt) {}

  private final Map<UUID, Entry> entries = new ConcurrentHashMap<>();

  Entry add(Job job) {
    Entry entry = new Entry(job, System.nanoTime());
    entries.put(job.id(), entry);
    return entry;
  }

  /** Removes the entry unless the same job has been claimed again since. */
  void remove(Entry entry) {
    entries.remove(entry.job().id(), entry);
  }

  List<Job> jobs() {
    return entries.values().stream().map(Entry::job).toList();
  }

  /** The jobs whose leases are to be extended. */
  List<Job> notStuck() {
    long now = System.nanoTime();
    return entries.values().stream()
        .filter(entry -> now - entry.startedAt() < MAX_DURATION.toNanos())
        .map(Entry::job)
        .toList();
  }
}
