package app.perpetua.flow.chaos.load;

import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.function.Consumer;

/**
 * What one person has: as the answers say, or as it is stored.
 *
 * @param tasks title, version and completion of live tasks, by id
 * @param notes content, by id
 * @param reminders number of notifications of reminders whose time has come, by id
 * @param keys idempotency keys with a stored answer
 * @param created numbers of activity entries for created tasks, notes and reminders
 * @param credits balance
 */
public record State(
    Map<String, String> tasks,
    Map<String, String> notes,
    Map<String, Integer> reminders,
    Set<UUID> keys,
    Map<String, Integer> created,
    long credits) {

  /**
   * Reports each difference.
   *
   * @param stored as the database has it; this is what the answers say
   * @param problems receives each with expectation and finding
   */
  public void compare(State stored, Consumer<String> problems) {
    compare("task", tasks, stored.tasks, problems);
    compare("note", notes, stored.notes, problems);
    compare("notifications of reminder", reminders, stored.reminders, problems);
    compare("activity entries for", created, stored.created, problems);
    for (UUID key : keys) {
      if (!stored.keys.contains(key)) {
        problems.accept("key " + key + " was acknowledged; expected its record, there is none");
      }
    }
    for (UUID key : stored.keys) {
      if (!keys.contains(key)) {
        problems.accept("key " + key + " was not acknowledged; expected no record, there is one");
      }
    }
    if (credits != stored.credits) {
      problems.accept("credits: expected " + credits + ", stored " + stored.credits);
    }
  }

  private static <V> void compare(
      String what, Map<String, V> expected, Map<String, V> stored, Consumer<String> problems) {
    Set<String> all = new HashSet<>(expected.keySet());
    all.addAll(stored.keySet());
    for (String id : all) {
      V wanted = expected.get(id);
      V found = stored.get(id);
      if (wanted == null) {
        problems.accept("%s %s: never acknowledged, stored as %s".formatted(what, id, found));
      } else if (found == null) {
        problems.accept("%s %s: acknowledged as %s, not stored".formatted(what, id, wanted));
      } else if (!wanted.equals(found)) {
        problems.accept(
            "%s %s: acknowledged as %s, stored as %s".formatted(what, id, wanted, found));
      }
    }
  }
}
