package app.perpetua.flow.tasks;

import app.perpetua.flow.achievements.Achievements;
import app.perpetua.flow.base.Json;
import app.perpetua.flow.sql.Tx;
import app.perpetua.flow.undo.ChangedRow;
import app.perpetua.flow.undo.ChangedRow.Kind;
import app.perpetua.flow.undo.Changeset;
import app.perpetua.flow.undo.RowReverter;
import app.perpetua.flow.undo.RowStatements;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.UUID;

/**
 * Reverts changes of tasks, with what follows from them: the number of open tasks, the completions
 * that count towards achievements, and the next instances of templates. Thread-safe.
 */
final class TaskReverter implements RowReverter {
  private static final String TYPE = "task";

  private final RowStatements statements;
  private final Achievements achievements;
  private final InstanceScheduler instances;

  TaskReverter(Json json, Achievements achievements, InstanceScheduler instances) {
    this.statements =
        new RowStatements(
            TYPE,
            "tasks.find_by_ids",
            "tasks.find_equal_tasks",
            "tasks.remove_created_tasks",
            "tasks.set_former_task_values",
            "tasks.insert_former_tasks",
            json);
    this.achievements = achievements;
    this.instances = instances;
  }

  /** Reverts changes of subtasks. A change of a subtask also changes its task. */
  static RowReverter ofSubtasks(Json json) {
    return new RowStatements(
        "subtask",
        "tasks.find_subtasks_by_ids",
        "tasks.find_equal_subtasks",
        "tasks.remove_created_subtasks",
        "tasks.set_former_subtask_values",
        "tasks.insert_former_subtasks",
        json);
  }

  @Override
  public String type() {
    return TYPE;
  }

  @Override
  public void check(Tx tx, Changeset change) {
    statements.check(
        tx,
        change,
        change.of(TYPE).stream()
            .filter(row -> !lostOnlyItsTemplate(row) && !movedWithTimeZone(row, change))
            .toList());
  }

  /** A listener moves it again after the time zone is restored, whatever has changed since. */
  private static boolean movedWithTimeZone(ChangedRow row, Changeset change) {
    return row.updated("due_date") && row.before().size() == 1 && changesTimeZone(change);
  }

  /** Whether the change gave the user another time zone. */
  private static boolean changesTimeZone(Changeset change) {
    return change.of("settings").stream().anyMatch(row -> row.updated("timezone"));
  }

  /** The deletion of a template leaves the version of its tasks, which may have changed since. */
  private static boolean lostOnlyItsTemplate(ChangedRow row) {
    return row.updated("template_id") && row.before().size() == 1;
  }

  @Override
  public void removeCreated(Tx tx, Changeset change) {
    Map<UUID, Task> removed = find(tx, change.ids(TYPE, Kind.CREATED));
    statements.removeCreated(tx, change);
    countOpen(tx, removed.values(), List.of());
  }

  @Override
  public void restore(Tx tx, Changeset change) {
    List<ChangedRow> updated = new ArrayList<>(change.of(TYPE, Kind.UPDATED));
    List<ChangedRow> withoutTemplate =
        updated.stream().filter(TaskReverter::lostOnlyItsTemplate).toList();
    updated.removeAll(withoutTemplate);
    updated.removeIf(row -> movedWithTimeZone(row, change));
    List<ChangedRow> deleted = change.of(TYPE, Kind.DELETED);
    Set<UUID> ids = new HashSet<>();
    updated.forEach(row -> ids.add(row.id()));
    deleted.forEach(row -> ids.add(row.id()));
    Map<UUID, Task> old = find(tx, ids);
    statements.update(tx, updated);
    statements.insert(tx, deleted);
    statements.run(tx, "tasks.restore_templates_of_tasks", withoutTemplate);
    Map<UUID, Task> restored = find(tx, ids);
    countOpen(tx, old.values(), restored.values());
    old.forEach((id, task) -> countCompletion(tx, task, Objects.requireNonNull(restored.get(id))));
    restored.values().forEach(task -> scheduleNext(tx, task));
  }

  private static Map<UUID, Task> find(Tx tx, Collection<UUID> ids) {
    Map<UUID, Task> found = new HashMap<>();
    if (!ids.isEmpty()) {
      tx.sql("tasks.find_by_ids")
          .bind("ids", ids)
          .list(Task::of)
          .forEach(task -> found.put(task.id(), task));
    }
    return found;
  }

  private static void countOpen(Tx tx, Collection<Task> old, Collection<Task> present) {
    long delta =
        present.stream().filter(Task::open).count() - old.stream().filter(Task::open).count();
    if (delta != 0) {
      tx.sql("tasks.count_open_tasks").bind("open_delta", (int) delta).run();
    }
  }

  private void countCompletion(Tx tx, Task old, Task restored) {
    Instant wasCounted = old.completion().countedAt();
    Instant isCounted = restored.completion().countedAt();
    if (wasCounted != null && isCounted == null) {
      achievements.takeBackCompletion(tx, wasCounted, old.focused());
    } else if (wasCounted == null && isCounted != null) {
      achievements.countAgain(tx, isCounted, restored.focused());
    }
  }

  /** Has no effect if the template has an instance that is not completed. */
  private void scheduleNext(Tx tx, Task task) {
    if (task.templateId() != null && task.completed()) {
      instances.scheduleNext(tx, task.templateId());
    }
  }
}
