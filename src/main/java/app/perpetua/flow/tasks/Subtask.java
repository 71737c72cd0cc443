package app.perpetua.flow.tasks;

import app.perpetua.flow.base.WireName;
import java.time.Instant;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * A step of a task as the contract shows it.
 *
 * @param id UUID version 7
 * @param taskId the task it belongs to
 * @param title 1 to 200 characters
 * @param completed whether it is done
 * @param completedAt since when; null while open
 * @param orderIndex its place among its task's subtasks, gapless from 0
 * @param source who wrote it
 * @param createdAt when it was made
 * @param updatedAt when it last changed
 */
public record Subtask(
    UUID id,
    UUID taskId,
    String title,
    boolean completed,
    @Nullable Instant completedAt,
    int orderIndex,
    Source source,
    Instant createdAt,
    Instant updatedAt) {
  /** Who wrote a subtask: its user, or the assistant with the user's confirmation. */
  public enum Source implements WireName {
    USER,
    AI
  }

  Subtask changed(String newTitle, boolean nowCompleted, int newIndex, Instant when) {
    Instant since = !nowCompleted ? null : completedAt == null ? when : completedAt;
    return new Subtask(
        id, taskId, newTitle, nowCompleted, since, newIndex, source, createdAt, when);
  }

  /** In another place; moving is the task's change, so its own time of change stays. */
  Subtask at(int index) {
    return new Subtask(
        id, taskId, title, completed, completedAt, index, source, createdAt, updatedAt);
  }
}
