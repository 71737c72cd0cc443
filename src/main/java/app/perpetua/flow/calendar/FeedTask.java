package app.perpetua.flow.calendar;

import app.perpetua.flow.tasks.TaskDraft;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * A task in a calendar.
 *
 * @param fields of a completed task without description
 * @param completedAt null while open
 * @param subtasks in their order; of a completed task none
 * @param alarms earliest first; of a completed task none
 */
record FeedTask(
    UUID id,
    TaskDraft fields,
    @Nullable Instant completedAt,
    List<Step> subtasks,
    List<Alarm> alarms,
    int version,
    Instant createdAt,
    Instant updatedAt) {
  FeedTask {
    subtasks = List.copyOf(subtasks);
    alarms = List.copyOf(alarms);
  }

  /** A subtask. */
  record Step(String title, boolean completed) {}

  /** When a reminder fires. */
  sealed interface Alarm {
    /** Minutes after the due date; before it if negative. */
    record Relative(int minutes) implements Alarm {}

    record At(Instant instant) implements Alarm {}
  }

  FeedTask with(List<Step> newSubtasks, List<Alarm> newAlarms) {
    return new FeedTask(
        id, fields, completedAt, newSubtasks, newAlarms, version, createdAt, updatedAt);
  }
}
