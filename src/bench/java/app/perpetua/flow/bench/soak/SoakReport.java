package app.perpetua.flow.bench.soak;

import app.perpetua.flow.bench.process.Report;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.ToLongFunction;

/** Prints the minutes of the soak, its tables and its verdict. Confined to one thread. */
final class SoakReport {
  private static final double MEGABYTE = 1024.0 * 1024;

  private final Report report;

  SoakReport(Report report) {
    this.report = report;
  }

  void header() {
    report.print(
        "%6s %8s %7s %6s | %8s %8s %8s %8s %6s %6s | %9s %8s",
        "minute",
        "served/s",
        "p99 ms",
        "failed",
        "RSS MB",
        "heap MB",
        "threads",
        "virtual",
        "files",
        "conns",
        "dead rows",
        "data MB");
  }

  void minute(int minute, Sample sample) {
    Footprint held = sample.footprint();
    report.print(
        "%6d %8.0f %7.0f %6d | %8.1f %8d %8d %8d %6d %6d | %,9d %8.1f",
        minute,
        sample.load().goodput(),
        sample.p99Millis(),
        sample.failed(),
        held.residentKilobytes() / 1024.0,
        held.heapMegabytes(),
        held.threads(),
        held.virtualThreads(),
        held.descriptors(),
        held.connections(),
        sample.dead(),
        sample.bytes() / MEGABYTE);
  }

  /**
   * Prints the tables in which rows changed.
   *
   * @param before their state before the load
   */
  void tables(Map<String, TableState> before, List<Sample> minutes) {
    report.print("");
    report.print(
        "%-36s %9s %8s %12s %12s %8s %9s %9s",
        "table", "rows", "dead", "vacuum above", "dead/minute", "vacuums", "MB before", "MB after");
    minutes
        .getLast()
        .tables()
        .forEach(
            (name, last) -> {
              TableState first = before.get(name);
              if (first != null
                  && last.changed() + last.inserted() > first.changed() + first.inserted()) {
                report.print(
                    "%-36s %,9d %,8d %,12d %,12d %8d %9.1f %9.1f",
                    name,
                    last.live(),
                    last.dead(),
                    last.limit(),
                    Steadiness.busiestMinute(states(name, minutes)),
                    last.vacuums() - first.vacuums(),
                    first.bytes() / MEGABYTE,
                    last.bytes() / MEGABYTE);
              }
            });
  }

  private static List<TableState> states(String name, List<Sample> minutes) {
    return minutes.stream()
        .filter(minute -> minute.tables().containsKey(name))
        .map(minute -> minute.tables().get(name))
        .toList();
  }

  /**
   * Prints whether what the service holds, and the dead rows, have grown.
   *
   * @param steady index of the first minute after the warm-up
   */
  void growth(List<Sample> minutes, int steady) {
    Footprint first = minutes.get(steady).footprint();
    Footprint last = minutes.getLast().footprint();
    double drift = Steadiness.drift(first.residentKilobytes(), last.residentKilobytes());
    report.print("");
    target(
        String.format(
            "resident memory: %.1f MB after minute %d, %.1f MB after minute %d, %+.1f %%, < 10 %%",
            first.residentKilobytes() / 1024.0,
            steady + 1,
            last.residentKilobytes() / 1024.0,
            minutes.size(),
            100 * drift),
        drift < Steadiness.DRIFT);
    same("threads", first, last, Footprint::threads);
    same("virtual threads", first, last, Footprint::virtualThreads);
    same("open files and sockets", first, last, Footprint::descriptors);
    same("connections to PostgreSQL", first, last, Footprint::connections);
    Set<String> unvacuumed = Steadiness.unvacuumed(minutes.stream().map(Sample::tables).toList());
    target("dead rows are removed" + named(unvacuumed), unvacuumed.isEmpty());
    long served =
        minutes.stream().mapToLong(sample -> sample.load().served().getTotalCount()).sum();
    // A JVM that still compiles may refuse; nothing else may fail even then.
    long failed =
        minutes.stream()
                .mapToLong(sample -> sample.load().failed() + sample.load().unexpected())
                .sum()
            + minutes.stream()
                .skip(steady)
                .mapToLong(sample -> sample.load().refused().getTotalCount())
                .sum();
    target(String.format("%,d requests, %d failed", served + failed, failed), failed == 0);
  }

  private void same(
      String what, Footprint first, Footprint last, ToLongFunction<Footprint> number) {
    long before = number.applyAsLong(first);
    long after = number.applyAsLong(last);
    target(what + ": " + before + ", then " + after, !Steadiness.isGrown(before, after));
  }

  void target(String what, boolean isMet) {
    report.print("  %-88s %s", what, isMet ? "met" : "MISSED");
  }

  private static String named(Set<String> tables) {
    return tables.isEmpty() ? "" : ", but not of " + String.join(", ", tables);
  }
}
