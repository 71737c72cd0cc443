package app.perpetua.flow.tasks;

import app.perpetua.flow.base.WireName;
import app.perpetua.flow.sql.Row;
import java.time.Instant;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * A subtask, as defined by the API contract.
 *
 * @param id UUID version 7
 * @param title 1 to 200 characters
 * @param completedAt null while open
 * @param orderIndex position among the task's subtasks, gapless from 0
 * @param version 1 at first, one higher after each change, including that of the position
 */
public record Subtask(
    UUID id,
    UUID taskId,
    String title,
    boolean completed,
    @Nullable Instant completedAt,
    int orderIndex,
    Source source,
    int version,
    Instant createdAt,
    Instant updatedAt) {
  /** Who wrote a subtask. */
  public enum Source implements WireName {
    USER,
    /** The assistant, confirmed by the user. */
    AI
  }

  static Subtask of(Row row) {
    return new Subtask(
        row.uuid("id"),
        row.uuid("task_id"),
        row.text("title"),
        row.bool("completed"),
        row.instantOrNull("completed_at"),
        row.integer("order_index"),
        row.wireName("source", Source.class),
        row.integer("version"),
        row.instant("created_at"),
        row.instant("updated_at"));
  }

  Subtask with(String newTitle, boolean nowCompleted, int newIndex, Instant now) {
    Instant since = !nowCompleted ? null : completedAt == null ? now : completedAt;
    return new Subtask(
        id, taskId, newTitle, nowCompleted, since, newIndex, source, version + 1, createdAt, now);
  }

  /** Keeps {@code updatedAt}: reordering changes the task, not its subtasks. */
  Subtask at(int index) {
    return index == orderIndex
        ? this
        : new Subtask(
            id,
            taskId,
            title,
            completed,
            completedAt,
            index,
            source,
            version + 1,
            createdAt,
            updatedAt);
  }
}
