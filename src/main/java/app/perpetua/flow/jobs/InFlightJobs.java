package app.perpetua.flow.jobs;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;

/** The claims that a worker works on. Times are of the real clock, in nanoseconds. Thread-safe. */
final class InFlightJobs {
  /** A handler that takes longer hangs: its claim is no longer extended. */
  private static final Duration LONGEST = Duration.ofMinutes(5);

  /**
   * A job that runs.
   *
   * @param since when it began
   */
  record Run(Job job, long since) {}

  private final Map<UUID, Run> runs = new ConcurrentHashMap<>();

  Run begin(Job job) {
    Run run = new Run(job, System.nanoTime());
    runs.put(job.id(), run);
    return run;
  }

  /** Not one that was claimed anew meanwhile. */
  void end(Run run) {
    runs.remove(run.job().id(), run);
  }

  /** All, in no order. */
  List<Job> all() {
    return runs.values().stream().map(Run::job).toList();
  }

  /** Those that do not hang. */
  List<Job> alive() {
    long now = System.nanoTime();
    return runs.values().stream()
        .filter(run -> now - run.since() < LONGEST.toNanos())
        .map(Run::job)
        .toList();
  }
}
