package app.perpetua.flow.focus;

import app.perpetua.flow.tasks.Task;
import java.time.Instant;
import java.util.UUID;

/**
 * A focus that goes on, as the contract shows it.
 *
 * @param sessionId UUID version 7
 * @param taskId what it is about
 * @param startedAt since when
 * @param focusTimeSeconds what the task has without this one, seconds
 */
public record FocusSession(UUID sessionId, UUID taskId, Instant startedAt, int focusTimeSeconds) {
  /**
   * A focus that has ended, as the contract shows it.
   *
   * @param sessionId UUID version 7
   * @param taskId what it was about
   * @param startedAt when it began
   * @param focusTimeSeconds what the task has with this one, seconds
   * @param durationSeconds what it counts
   * @param endedAt when it ended
   */
  public record Ended(
      UUID sessionId,
      UUID taskId,
      Instant startedAt,
      int focusTimeSeconds,
      int durationSeconds,
      Instant endedAt) {}

  static FocusSession of(FocusSessions.Running running, Task task) {
    return new FocusSession(
        running.id(), running.taskId(), running.startedAt(), task.focus().focusTimeSeconds());
  }
}
