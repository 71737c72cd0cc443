package app.perpetua.flow.dev.control;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Jobs that have run in any process since the clock was last moved. Thread-safe. */
public final class RanJobs {
  private final List<Map<String, String>> ran = new ArrayList<>();

  /** Adds a run, given as {@code kind outcome}. */
  public synchronized void add(String run) {
    String[] parts = run.split(" ", 2);
    Map<String, String> entry = new LinkedHashMap<>();
    entry.put("kind", parts[0]);
    entry.put("outcome", parts[1]);
    ran.add(entry);
  }

  synchronized List<Map<String, String>> all() {
    return List.copyOf(ran);
  }

  /** Forgets all of them, because the clock moves. */
  public synchronized void forget() {
    ran.clear();
  }
}
