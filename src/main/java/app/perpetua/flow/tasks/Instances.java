package app.perpetua.flow.tasks;

import app.perpetua.flow.base.Ids;
import app.perpetua.flow.events.Event;
import app.perpetua.flow.events.Events;
import app.perpetua.flow.sql.Row;
import app.perpetua.flow.sql.Tx;
import java.time.Instant;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Instances: the tasks that templates create (FR-016). An instance is an ordinary task with a
 * template and an occurrence, a pair that is unique. Methods that write require the owner's lock.
 * Thread-safe.
 */
public final class Instances {
  /** An instance that is not completed; it may be hidden or archived. */
  public record Pending(Task task, Instant occurrence) {}

  /**
   * The instances of a template.
   *
   * @param newestOccurrence null if there are no instances
   * @param newestDueDate due date of the newest instance; null if it has none
   * @param pending the newest instance that is not completed
   * @param newestOtherOccurrence the newest occurrence except the pending one; null if there is no
   *     other, or none is pending
   */
  public record Summary(
      @Nullable Instant newestOccurrence,
      @Nullable Instant newestDueDate,
      Optional<Pending> pending,
      @Nullable Instant newestOtherOccurrence) {
    static Summary of(Row row) {
      return new Summary(
          row.instantOrNull("newest_occurrence"),
          row.instantOrNull("newest_due"),
          Optional.ofNullable(row.uuidOrNull("id"))
              .map(_ -> new Pending(Task.of(row), row.instant("occurrence_at"))),
          row.instantOrNull("other_occurrence"));
    }
  }

  private final Tasks tasks;
  private final Ids ids;
  private final Events events;

  public Instances(Tasks tasks, Ids ids, Events events) {
    this.tasks = tasks;
    this.ids = ids;
    this.events = events;
  }

  public Summary summary(Tx tx, UUID templateId) {
    return tx.sql("tasks.find_instances")
        .bind("template_id", templateId)
        .one(Summary::of)
        .orElse(new Summary(null, null, Optional.empty(), null));
  }

  /**
   * Creates an instance without checking the limit of open tasks.
   *
   * @param draft its due date is the occurrence
   */
  public Task create(Tx tx, UUID templateId, TaskDraft draft) {
    Task task = Task.create(ids.next(), tx.userId(), templateId, draft, tx.now());
    tasks.insert(tx, task, draft.dueDate());
    return task;
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
      boolean dueChanged = !Objects.equals(changed.dueDate(), old.dueDate());
      events.emit(tx, new Event.TaskUpdated(old.id(), dueChanged, changed.dueDate(), null));
    }
  }
}
