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
 * The tasks that templates make (FR-016). They are tasks like others, apart from the template and
 * the occurrence that they stand for, which are unique together. Runs under the owner's lock, as
 * {@link Tasks} does. Thread-safe.
 */
public final class Instances {
  /**
   * An instance that is not completed, be it hidden or archived.
   *
   * @param occurrence which one of the template's it stands for
   */
  public record Waiting(Task task, Instant occurrence) {}

  /**
   * What there is of a template.
   *
   * @param newest the latest occurrence of which there is a task; null if there is none
   * @param newestDue that task's due date; null if it has none
   * @param waiting the newest that is not completed
   * @param newestOther the latest occurrence but for the waiting one; null if there is none
   */
  public record Made(
      @Nullable Instant newest,
      @Nullable Instant newestDue,
      Optional<Waiting> waiting,
      @Nullable Instant newestOther) {
    static Made of(Row row) {
      return new Made(
          row.instantOrNull("newest_occurrence"),
          row.instantOrNull("newest_due"),
          Optional.ofNullable(row.uuidOrNull("id"))
              .map(_ -> new Waiting(Task.of(row), row.instant("occurrence_at"))),
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

  /** What the acting user has of that template. */
  public Made of(Tx tx, UUID templateId) {
    return tx.sql("tasks.find_instances")
        .bind("template_id", templateId)
        .one(Made::of)
        .orElse(new Made(null, null, Optional.empty(), null));
  }

  /**
   * Makes an instance. Whether there is room is the caller's question.
   *
   * @param draft its fields; its due date is the occurrence
   */
  public Task create(Tx tx, UUID templateId, TaskDraft draft) {
    Task task = Task.made(ids.next(), tx.userId(), templateId, draft, tx.now());
    tasks.insert(tx, task, draft.dueDate());
    return task;
  }

  /**
   * Gives an instance these fields. Nothing happens, and no version is spent, if it has them
   * already.
   *
   * @param occurrence which one it stands for from now on
   */
  public void rewrite(Tx tx, Waiting waiting, TaskDraft draft, Instant occurrence) {
    Task old = waiting.task();
    if (!occurrence.equals(waiting.occurrence())) {
      tx.sql("tasks.move_occurrence")
          .bind("id", old.id())
          .bind("occurrence_at", occurrence)
          .atCommit();
    }
    Task changed = old.with(draft);
    if (!changed.equals(old)) {
      tasks.store(tx, old, changed);
      boolean moved = !Objects.equals(changed.dueDate(), old.dueDate());
      events.emit(tx, new Event.TaskUpdated(old.id(), moved, changed.dueDate(), null));
    }
  }
}
