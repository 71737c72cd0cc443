package app.perpetua.flow.bench.soak;

import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/** What counts as growth. */
final class Steadiness {
  /** The largest growth of resident memory. */
  static final double DRIFT = 0.1;

  /** Connections and threads come and go with the load. */
  private static final double FLUCTUATION = 0.1;

  private static final int FEW = 5;

  /** The phase of autovacuum, which looks once a minute, differs from that of the samples. */
  private static final int LAST = 3;

  private Steadiness() {}

  /** Growth as a share of the first value; negative if the last one is smaller. */
  static double drift(long first, long last) {
    return (double) (last - first) / Math.max(1, first);
  }

  /** Whether a number of threads, descriptors or connections has grown. */
  static boolean isGrown(long first, long last) {
    return last > first * (1 + FLUCTUATION) + FEW;
  }

  /**
   * Dead rows that a table may have: those at which autovacuum starts, and as many as updates and
   * deletions left in the busiest minute, because autovacuum looks once a minute.
   *
   * @param minutes the table's state after each minute
   */
  static long bound(List<TableState> minutes) {
    return minutes.getLast().limit() + busiestMinute(minutes);
  }

  /** Updates and deletions in the busiest minute. */
  static long busiestMinute(List<TableState> minutes) {
    long most = 0;
    for (int i = 1; i < minutes.size(); i++) {
      most = Math.max(most, minutes.get(i).changed() - minutes.get(i - 1).changed());
    }
    return most;
  }

  /** Tables with more dead rows than their bound after each of the last three minutes. */
  static Set<String> unvacuumed(List<Map<String, TableState>> minutes) {
    Set<String> tables = new TreeSet<>();
    for (String name : minutes.getLast().keySet()) {
      List<TableState> states =
          minutes.stream()
              .filter(minute -> minute.containsKey(name))
              .map(minute -> minute.get(name))
              .toList();
      long bound = bound(states);
      if (states.subList(Math.max(0, states.size() - LAST), states.size()).stream()
          .allMatch(state -> state.dead() > bound)) {
        tables.add(name);
      }
    }
    return tables;
  }
}
