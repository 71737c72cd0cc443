package app.perpetua.flow.events;

import com.fasterxml.jackson.annotation.JsonTypeInfo;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Something that happened to a user's data. Its {@link #name()} with {@code _} for {@code .} is the
 * action in the activity log; its {@link #metadata()} is the entry's metadata: ids and figures,
 * never what the user wrote. A reaction that is to be repeated waits as JSON, in which {@code
 * event} is the record's name: one that is renamed is not understood any more.
 */
@JsonTypeInfo(use = JsonTypeInfo.Id.SIMPLE_NAME, property = "event")
public sealed interface Event {
  /** Such as {@code task.completed}. */
  String name();

  /** What it happened to: one of the activity log's entity types. */
  String entityType();

  /** Which one. */
  UUID entityId();

  /** Further ids and figures; values are text, numbers, booleans, UUIDs. */
  default Map<String, Object> metadata() {
    return Map.of();
  }

  /** Something happened to a task. */
  sealed interface OfTask extends Event {
    /** The task. */
    UUID taskId();

    @Override
    default String entityType() {
      return "task";
    }

    @Override
    default UUID entityId() {
      return taskId();
    }
  }

  /** A task was created. */
  record TaskCreated(UUID taskId) implements OfTask {
    @Override
    public String name() {
      return "task.created";
    }
  }

  /**
   * Fields of a task changed.
   *
   * @param dueChanged whether the due date did
   * @param dueDate as it is now; null for none
   */
  record TaskUpdated(UUID taskId, boolean dueChanged, @Nullable Instant dueDate) implements OfTask {
    @Override
    public String name() {
      return "task.updated";
    }
  }

  /**
   * A task was completed.
   *
   * @param completedBy {@code manual}, {@code auto} or {@code force}
   */
  record TaskCompleted(UUID taskId, String completedBy) implements OfTask {
    @Override
    public String name() {
      return "task.completed";
    }

    @Override
    public Map<String, Object> metadata() {
      return Map.of("completed_by", completedBy);
    }
  }

  /** A completed task was opened again. */
  record TaskReopened(UUID taskId) implements OfTask {
    @Override
    public String name() {
      return "task.reopened";
    }
  }

  /** A task was deleted; the tombstone can bring it back for a while. */
  record TaskDeleted(UUID taskId, UUID tombstoneId) implements OfTask {
    @Override
    public String name() {
      return "task.deleted";
    }

    @Override
    public Map<String, Object> metadata() {
      return Map.of("tombstone_id", tombstoneId);
    }
  }

  /**
   * A deleted task was brought back.
   *
   * @param tombstoneId where it was kept
   * @param lapsed how many of its reminders count as fired now, though nobody was told
   */
  record TaskRecovered(UUID taskId, UUID tombstoneId, int lapsed) implements OfTask {
    @Override
    public String name() {
      return "task.recovered";
    }

    @Override
    public Map<String, Object> metadata() {
      return Map.of("tombstone_id", tombstoneId, "reminders_lapsed", lapsed);
    }
  }

  /** The subtasks of a task were put in another order. */
  record SubtasksReordered(UUID taskId, int count) implements OfTask {
    @Override
    public String name() {
      return "subtask.reordered";
    }

    @Override
    public Map<String, Object> metadata() {
      return Map.of("count", count);
    }
  }

  /**
   * Speech was turned into text, live or from a recording.
   *
   * @param transcription the live session, or what names the recording's charge
   */
  record AiTranscribed(UUID transcription, int creditsUsed, int durationSeconds) implements Event {
    @Override
    public String name() {
      return "ai.transcribed";
    }

    @Override
    public String entityType() {
      return "ai";
    }

    @Override
    public UUID entityId() {
      return transcription;
    }

    @Override
    public Map<String, Object> metadata() {
      return Map.of("credits_used", creditsUsed, "duration_seconds", durationSeconds);
    }
  }

  /** Something happened to a subtask. */
  sealed interface OfSubtask extends Event {
    /** The subtask. */
    UUID subtaskId();

    /** The task it belongs to. */
    UUID taskId();

    @Override
    default String entityType() {
      return "subtask";
    }

    @Override
    default UUID entityId() {
      return subtaskId();
    }

    @Override
    default Map<String, Object> metadata() {
      return Map.of("task_id", taskId());
    }
  }

  /** A subtask was created. */
  record SubtaskCreated(UUID subtaskId, UUID taskId) implements OfSubtask {
    @Override
    public String name() {
      return "subtask.created";
    }
  }

  /** A subtask was changed, moved or opened again. */
  record SubtaskUpdated(UUID subtaskId, UUID taskId) implements OfSubtask {
    @Override
    public String name() {
      return "subtask.updated";
    }
  }

  /** A subtask was completed. */
  record SubtaskCompleted(UUID subtaskId, UUID taskId) implements OfSubtask {
    @Override
    public String name() {
      return "subtask.completed";
    }
  }

  /** A subtask was deleted. */
  record SubtaskDeleted(UUID subtaskId, UUID taskId) implements OfSubtask {
    @Override
    public String name() {
      return "subtask.deleted";
    }
  }

  /** Something happened to a reminder. */
  sealed interface OfReminder extends Event {
    /** The reminder. */
    UUID reminderId();

    /** The task that it reminds of. */
    UUID taskId();

    @Override
    default String entityType() {
      return "reminder";
    }

    @Override
    default UUID entityId() {
      return reminderId();
    }

    @Override
    default Map<String, Object> metadata() {
      return Map.of("task_id", taskId());
    }
  }

  /** A reminder was created. */
  record ReminderCreated(UUID reminderId, UUID taskId) implements OfReminder {
    @Override
    public String name() {
      return "reminder.created";
    }
  }

  /**
   * A reminder was changed or moved.
   *
   * @param lapsed true if it counts as fired now, though nobody was told
   */
  record ReminderUpdated(UUID reminderId, UUID taskId, boolean lapsed) implements OfReminder {
    @Override
    public String name() {
      return "reminder.updated";
    }

    @Override
    public Map<String, Object> metadata() {
      return Map.of("task_id", taskId, "lapsed", lapsed);
    }
  }

  /** A reminder was deleted. */
  record ReminderDeleted(UUID reminderId, UUID taskId) implements OfReminder {
    @Override
    public String name() {
      return "reminder.deleted";
    }
  }

  /** A reminder's time has come, and its user was told. */
  record ReminderFired(UUID reminderId, UUID taskId) implements OfReminder {
    @Override
    public String name() {
      return "reminder.fired";
    }
  }

  /** Something happened to a template. */
  sealed interface OfTemplate extends Event {
    /** The template. */
    UUID templateId();

    @Override
    default String entityType() {
      return "template";
    }

    @Override
    default UUID entityId() {
      return templateId();
    }
  }

  /** A template was created. */
  record TemplateCreated(UUID templateId) implements OfTemplate {
    @Override
    public String name() {
      return "template.created";
    }
  }

  /**
   * Fields of a template changed, or it came to its end.
   *
   * @param active whether it makes tasks from now on
   */
  record TemplateUpdated(UUID templateId, boolean active) implements OfTemplate {
    @Override
    public String name() {
      return "template.updated";
    }

    @Override
    public Map<String, Object> metadata() {
      return Map.of("active", active);
    }
  }

  /** A template was deleted; its instances stay. */
  record TemplateDeleted(UUID templateId) implements OfTemplate {
    @Override
    public String name() {
      return "template.deleted";
    }
  }

  /** Something happened to a note. */
  sealed interface OfNote extends Event {
    /** The note. */
    UUID noteId();

    @Override
    default String entityType() {
      return "note";
    }

    @Override
    default UUID entityId() {
      return noteId();
    }
  }

  /** A note was created. */
  record NoteCreated(UUID noteId) implements OfNote {
    @Override
    public String name() {
      return "note.created";
    }
  }

  /** A note was changed, transcribed, archived or taken back. */
  record NoteUpdated(UUID noteId) implements OfNote {
    @Override
    public String name() {
      return "note.updated";
    }
  }

  /** A note was deleted; the tombstone can bring it back for a while. */
  record NoteDeleted(UUID noteId, UUID tombstoneId) implements OfNote {
    @Override
    public String name() {
      return "note.deleted";
    }

    @Override
    public Map<String, Object> metadata() {
      return Map.of("tombstone_id", tombstoneId);
    }
  }

  /** A deleted note was brought back. */
  record NoteRecovered(UUID noteId, UUID tombstoneId) implements OfNote {
    @Override
    public String name() {
      return "note.recovered";
    }

    @Override
    public Map<String, Object> metadata() {
      return Map.of("tombstone_id", tombstoneId);
    }
  }

  /**
   * A note became a task, and was archived by that.
   *
   * @param first false if it had been converted before: it counts once
   */
  record NoteConverted(UUID noteId, UUID taskId, boolean first) implements OfNote {
    @Override
    public String name() {
      return "note.converted";
    }

    @Override
    public Map<String, Object> metadata() {
      return Map.of("task_id", taskId);
    }
  }

  /** Credits of a user moved. */
  sealed interface OfCredits extends Event {
    /** The grant that they came to or from. */
    UUID grantId();

    /** Daily, subscription, purchased or kickstart. */
    String type();

    /** How many, above zero. */
    int amount();

    @Override
    default String entityType() {
      return "credit";
    }

    @Override
    default UUID entityId() {
      return grantId();
    }

    @Override
    default Map<String, Object> metadata() {
      return Map.of("type", type(), "amount", amount());
    }
  }

  /** Credits were added to a balance. */
  record CreditsGranted(UUID grantId, String type, int amount) implements OfCredits {
    @Override
    public String name() {
      return "credits.granted";
    }
  }

  /** Credits were spent. */
  record CreditsConsumed(UUID grantId, String type, int amount) implements OfCredits {
    @Override
    public String name() {
      return "credits.consumed";
    }
  }

  /** Credits were left unused. */
  record CreditsExpired(UUID grantId, String type, int amount) implements OfCredits {
    @Override
    public String name() {
      return "credits.expired";
    }
  }

  /** Credits were given back. */
  record CreditsRefunded(UUID grantId, String type, int amount) implements OfCredits {
    @Override
    public String name() {
      return "credits.refunded";
    }
  }

  /** Something happened to an account. */
  sealed interface OfUser extends Event {
    /** The account. */
    UUID userId();

    @Override
    default String entityType() {
      return "user";
    }

    @Override
    default UUID entityId() {
      return userId();
    }
  }

  /** A first sign-in made an account. */
  record UserRegistered(UUID userId) implements OfUser {
    @Override
    public String name() {
      return "user.registered";
    }
  }

  /** Somebody signed in. */
  record UserLoggedIn(UUID userId, @Nullable String userAgent, String ip) implements OfUser {
    @Override
    public String name() {
      return "user.logged_in";
    }

    @Override
    public Map<String, Object> metadata() {
      Map<String, Object> metadata = new LinkedHashMap<>();
      metadata.put("method", "google");
      metadata.put("ip", ip);
      if (userAgent != null) {
        metadata.put("user_agent", userAgent);
      }
      return metadata;
    }
  }

  /** A session was ended by its owner. */
  record UserLoggedOut(UUID userId) implements OfUser {
    @Override
    public String name() {
      return "user.logged_out";
    }
  }

  /**
   * A session was ended for its user, because a refresh token of it came back that was used before.
   *
   * @param session the sign-in that all its refresh tokens stem from
   */
  record UserSessionRevoked(UUID userId, UUID session) implements OfUser {
    @Override
    public String name() {
      return "user.session_revoked";
    }

    @Override
    public Map<String, Object> metadata() {
      return Map.of("session", session);
    }
  }

  /** A user changed their name or time zone. */
  record UserUpdated(UUID userId) implements OfUser {
    @Override
    public String name() {
      return "user.updated";
    }
  }
}
