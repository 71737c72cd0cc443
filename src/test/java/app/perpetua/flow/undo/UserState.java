package app.perpetua.flow.undo;

import app.perpetua.flow.harness.TestDatabase;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.UUID;

/** Everything that a user has in the database, except versions, times of updates and logs. */
final class UserState {
  private static final Map<String, String> TABLES =
      Map.ofEntries(
          Map.entry(
              "user", "select to_jsonb(t) - '{updated_at}'::text[] from auth.users t where id = ?"),
          Map.entry("task", rows("tasks.task_instances")),
          Map.entry("subtask", rows("tasks.subtasks")),
          Map.entry("reminder", rows("tasks.reminders")),
          Map.entry("template", rows("tasks.task_templates")),
          Map.entry("focus", rows("tasks.focus_sessions")),
          Map.entry("tombstone", rows("tasks.deletion_tombstones")),
          Map.entry("note", rows("notes.notes")),
          Map.entry("filter", rows("tasks.filters")),
          Map.entry("suggestion", rows("activity.ai_suggestions")),
          Map.entry("notification", rows("activity.notifications")),
          Map.entry("unlock", rows("achievements.unlocks")),
          Map.entry(
              "achievements",
              """
              select to_jsonb(t) - '{updated_at,recent}'::text[]
              from achievements.user_achievement_states t
              where user_id = ? and (lifetime_tasks_completed, notes_converted) <> (0, 0)
              """),
          Map.entry(
              "job",
              """
              select to_jsonb(kind || ' ' || job_key || ' ' || run_at)
              from ops.job_queue
              where user_id = ? and kind in ('reminder_fire', 'focus_end') and state = 'queued'
              """));

  private UserState() {}

  private static String rows(String table) {
    return "select to_jsonb(t) - '{version,updated_at}'::text[] from "
        + table
        + " t where user_id = ?";
  }

  /** The rows by kind. */
  static Map<String, Set<String>> of(TestDatabase database, UUID user) {
    Map<String, Set<String>> state = new TreeMap<>();
    TABLES.forEach(
        (kind, sql) -> {
          List<String> rows =
              database.rows("select x::text as line from (" + sql + ") as q (x)", user).stream()
                  .map(row -> String.valueOf(row.get("line")))
                  .toList();
          state.put(kind, new TreeSet<>(rows));
        });
    return state;
  }

  /** What one state has and the other has not, for messages. */
  static String difference(Map<String, Set<String>> expected, Map<String, Set<String>> actual) {
    StringBuilder text = new StringBuilder();
    expected.forEach(
        (kind, rows) -> {
          Set<String> others = actual.getOrDefault(kind, Set.of());
          rows.stream()
              .filter(row -> !others.contains(row))
              .forEach(row -> text.append("\n- ").append(kind).append(' ').append(row));
          others.stream()
              .filter(row -> !rows.contains(row))
              .forEach(row -> text.append("\n+ ").append(kind).append(' ').append(row));
        });
    return text.toString();
  }
}
