package app.perpetua.flow.focus;

import app.perpetua.flow.tasks.Task;
import com.fasterxml.jackson.annotation.JsonUnwrapped;
import java.time.Instant;
import java.util.UUID;

/**
 * A running focus session, as defined by the API contract.
 *
 * @param sessionId UUID version 7
 * @param focusTimeSeconds total of the task without this session
 */
record FocusSession(UUID sessionId, UUID taskId, Instant startedAt, int focusTimeSeconds) {
  /**
   * An ended focus session, as defined by the API contract.
   *
   * @param session its total includes this session
   * @param durationSeconds time that this session counts
   */
  record Ended(@JsonUnwrapped FocusSession session, int durationSeconds, Instant endedAt) {}

  static FocusSession of(FocusSessions.Running running, Task task) {
    return new FocusSession(
        running.id(), running.taskId(), running.startedAt(), task.focus().focusTimeSeconds());
  }
}
