package app.perpetua.flow.tasks;

import app.perpetua.flow.base.Ids;
import app.perpetua.flow.base.Json;
import app.perpetua.flow.events.Events;
import app.perpetua.flow.sql.Row;
import app.perpetua.flow.sql.Tx;
import java.time.Instant;
import java.time.LocalDate;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * Instances: the tasks that templates create (FR-016). An instance is an ordinary task with a
 * template and an occurrence, a pair that is unique. Methods that write require the owner's lock.
 * Thread-safe.
 */
public final class Instances {
  /** An instance that is neither completed nor skipped; it may be hidden or archived. */
  public record Pending(Task task, Instant occurrence) {}

  /**
   * The instances of a template.
   *
   * @param newestOccurrence null if there are no instances
   * @param newestDueDate due date of the newest instance; null if it has none
   * @param newestDueOn the day on which the newest instance is due; null if it is due at a time
   * @param newestEnded when the newest instance was completed or skipped; null if it was not
   * @param pending the newest instance that is not completed
   * @param newestOtherOccurrence the newest occurrence except the pending one; null if there is no
   *     other, or none is pending
   */
  public record Summary(
      @Nullable Instant newestOccurrence,
      @Nullable Instant newestDueDate,
      @Nullable LocalDate newestDueOn,
      @Nullable Instant newestEnded,
      Optional<Pending> pending,
      @Nullable Instant newestOtherOccurrence) {
    static Summary of(Row row) {
      return new Summary(
          row.instantOrNull("newest_occurrence"),
          row.instantOrNull("newest_due"),
          row.dateOrNull("newest_due_on"),
          row.instantOrNull("newest_ended"),
          Optional.ofNullable(row.uuidOrNull("id"))
              .map(_ -> new Pending(Task.of(row), row.instant("occurrence_at"))),
          row.instantOrNull("other_occurrence"));
    }
  }

  /** What the next instance copies; the reminders are those of {@link ReminderCopier#copy}. */
  private record Parts(List<SubtaskPart> subtasks, List<JsonNode> reminders) {}

  private record SubtaskPart(String title, Subtask.Source source) {}

  private final Tasks tasks;
  private final Subtasks subtasks;
  private final ReminderCopier reminders;
  private final Ids ids;
  private final Json json;
  private final Events events;

  public Instances(
      Tasks tasks, Subtasks subtasks, ReminderCopier reminders, Ids ids, Json json, Events events) {
    this.tasks = tasks;
    this.subtasks = subtasks;
    this.reminders = reminders;
    this.ids = ids;
    this.json = json;
    this.events = events;
  }

  public Summary summary(Tx tx, UUID templateId) {
    return tx.sql("tasks.find_instances")
        .bind("template_id", templateId)
        .one(Summary::of)
        .orElse(new Summary(null, null, null, null, Optional.empty(), null));
  }

  /**
   * Makes the first instance, which {@link #insert} stores, without checking the limit of open
   * tasks.
   *
   * @param draft with a due date
   */
  public Task prepare(Tx tx, UUID templateId, TaskDraft draft) {
    return Task.create(ids.next(), tx.userId(), templateId, draft, tx.now());
  }

  /** Stores the first instance at the commit. */
  public void insert(Tx tx, Task task, Instant occurrence) {
    tasks.insert(tx, task, occurrence);
  }

  /**
   * Creates the next instance, with the subtasks of the newest one, open, and its relative
   * reminders, not fired (FR-093), regardless of limits. If the newest one was deleted, they are as
   * they were then.
   *
   * @param draft with a due date
   */
  public void createNext(Tx tx, UUID templateId, TaskDraft draft, Instant occurrence) {
    Parts parts =
        tx.sql("tasks.find_parts")
            .bind("template_id", templateId)
            .one(
                row ->
                    new Parts(
                        List.of(json.read(row.text("subtasks"), SubtaskPart[].class)),
                        List.copyOf(json.parse(row.text("reminders")).values())))
            .orElse(new Parts(List.of(), List.of()));
    Task task =
        Task.create(ids.next(), tx.userId(), templateId, draft, tx.now())
            .withSubtasks(parts.subtasks().size(), 0);
    tasks.insert(tx, task, occurrence);
    for (int index = 0; index < parts.subtasks().size(); index++) {
      SubtaskPart part = parts.subtasks().get(index);
      subtasks.insert(tx, task.id(), part.title(), index, part.source());
    }
    reminders.copy(tx, task, parts.reminders());
    tx.sql("tasks.forget_deleted_parts").bind("template_id", templateId).atCommit();
  }

  /** Changes the fields and the occurrence of an instance. Its version stays if nothing changes. */
  public void update(Tx tx, Pending instance, TaskDraft draft, Instant occurrence) {
    Task old = instance.task();
    if (!occurrence.equals(instance.occurrence())) {
      tx.sql("tasks.move_occurrence")
          .bind("id", old.id())
          .bind("occurrence_at", occurrence)
          .atCommit();
    }
    Task changed = old.with(draft, old.completion(), old.hidden(), old.archived());
    if (!changed.equals(old)) {
      tasks.store(tx, old, changed);
      events.emit(tx, changed.updatedFrom(old, null));
    }
  }
}
