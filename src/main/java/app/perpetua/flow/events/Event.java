package app.perpetua.flow.events;

import com.fasterxml.jackson.annotation.JsonTypeInfo;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Locale;
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

  /** Which one; null if such things have no UUID. */
  @Nullable UUID entityId();

  /** Further ids and figures; values are text, numbers, booleans, UUIDs. */
  default Map<String, Object> metadata() {
    return Map.of();
  }

  /**
   * The run of the assistant that something came from.
   *
   * @param runId names it
   * @param session the access token's
   * @param model who answered
   * @param tokensIn tokens read, of all turns
   * @param tokensOut tokens written
   * @param creditsUsed what it cost
   */
  record Origin(
      UUID runId, UUID session, String model, long tokensIn, long tokensOut, int creditsUsed) {
    Map<String, Object> with(@Nullable UUID taskId) {
      Map<String, Object> metadata = new LinkedHashMap<>();
      if (taskId != null) {
        metadata.put("task_id", taskId);
      }
      metadata.put("run_id", runId);
      metadata.put("session", session);
      metadata.put("model", model);
      metadata.put("tokens_in", tokensIn);
      metadata.put("tokens_out", tokensOut);
      metadata.put("credits_used", creditsUsed);
      return metadata;
    }
  }

  /** The assistant was asked, proposed something, or was taken at its word. */
  sealed interface OfAi extends Event {
    @Override
    default String entityType() {
      return "ai";
    }
  }

  /**
   * The assistant answered a message.
   *
   * @param taskId what it was about; null for nothing in particular
   * @param count how many actions it proposed
   */
  record AiChat(Origin origin, @Nullable UUID taskId, int count) implements OfAi {
    @Override
    public String name() {
      return "ai.chat";
    }

    @Override
    public UUID entityId() {
      return origin.runId();
    }

    @Override
    public Map<String, Object> metadata() {
      Map<String, Object> metadata = origin.with(taskId);
      metadata.put("count", count);
      return metadata;
    }
  }

  /**
   * The assistant broke a task down.
   *
   * @param count how many subtasks it proposed
   */
  record AiSubtasksGenerated(Origin origin, UUID taskId, int count) implements OfAi {
    @Override
    public String name() {
      return "ai.subtasks_generated";
    }

    @Override
    public UUID entityId() {
      return origin.runId();
    }

    @Override
    public Map<String, Object> metadata() {
      Map<String, Object> metadata = origin.with(taskId);
      metadata.put("count", count);
      return metadata;
    }
  }

  /** The assistant proposed a task for a note. */
  record AiNoteConversionSuggested(Origin origin, UUID noteId, UUID suggestionId) implements OfAi {
    @Override
    public String name() {
      return "ai.note_conversion_suggested";
    }

    @Override
    public UUID entityId() {
      return origin.runId();
    }

    @Override
    public Map<String, Object> metadata() {
      Map<String, Object> metadata = origin.with(null);
      metadata.put("note_id", noteId);
      metadata.put("suggestion_id", suggestionId);
      return metadata;
    }
  }

  /**
   * The assistant made a proposal.
   *
   * @param actionType what it would do
   * @param taskId what it would change; null if it would make something
   */
  record AiSuggested(UUID suggestionId, String actionType, @Nullable UUID taskId, Origin origin)
      implements OfAi {
    @Override
    public String name() {
      return "ai.suggested";
    }

    @Override
    public UUID entityId() {
      return suggestionId;
    }

    @Override
    public Map<String, Object> metadata() {
      Map<String, Object> metadata = origin.with(taskId);
      metadata.put("suggestion_id", suggestionId);
      metadata.put("action_type", actionType);
      // The run's cost stands in the run's own entry, once.
      metadata.remove("credits_used");
      return metadata;
    }
  }

  /** The user confirmed a proposal, and it was carried out. */
  record AiSuggestionConfirmed(UUID suggestionId, String actionType, @Nullable UUID taskId)
      implements OfAi {
    @Override
    public String name() {
      return "ai.suggestion_confirmed";
    }

    @Override
    public UUID entityId() {
      return suggestionId;
    }

    @Override
    public Map<String, Object> metadata() {
      Map<String, Object> metadata = new LinkedHashMap<>();
      metadata.put("suggestion_id", suggestionId);
      metadata.put("action_type", actionType);
      if (taskId != null) {
        metadata.put("task_id", taskId);
      }
      return metadata;
    }
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
   * @param focusSeconds what the focus counts that this has ended; null if it has ended none
   */
  record TaskUpdated(
      UUID taskId, boolean dueChanged, @Nullable Instant dueDate, @Nullable Integer focusSeconds)
      implements OfTask {
    @Override
    public String name() {
      return "task.updated";
    }
  }

  /**
   * A task was completed.
   *
   * @param completedBy {@code manual}, {@code auto} or {@code force}
   * @param at when
   * @param counts whether it counts towards achievements: the first time in the task's life
   * @param focused whether at least half of its estimate was spent in focus (FR-045), the focus
   *     that this has ended included; true again if it is completed again
   * @param focusSeconds what the focus counts that this has ended; null if it has ended none
   */
  record TaskCompleted(
      UUID taskId,
      String completedBy,
      Instant at,
      boolean counts,
      boolean focused,
      @Nullable Integer focusSeconds)
      implements OfTask {
    @Override
    public String name() {
      return "task.completed";
    }

    @Override
    public Map<String, Object> metadata() {
      return Map.of("completed_by", completedBy, "counts", counts);
    }
  }

  /** A completed task was opened again. */
  record TaskReopened(UUID taskId) implements OfTask {
    @Override
    public String name() {
      return "task.reopened";
    }
  }

  /**
   * A task was deleted; the tombstone can bring it back for a while.
   *
   * @param focusSeconds what the focus counts that this has ended; null if it has ended none
   */
  record TaskDeleted(UUID taskId, UUID tombstoneId, @Nullable Integer focusSeconds)
      implements OfTask {
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

  /** Something happened to a focus. */
  sealed interface OfFocus extends Event {
    /** The session. */
    UUID sessionId();

    /** The task that it is about. */
    UUID taskId();

    /** How long it counts by now; 0 as it starts. */
    int seconds();

    @Override
    default String entityType() {
      return "focus";
    }

    @Override
    default UUID entityId() {
      return sessionId();
    }

    @Override
    default Map<String, Object> metadata() {
      return Map.of("task_id", taskId(), "seconds", seconds());
    }
  }

  /** A user began to focus on a task. */
  record FocusStarted(UUID sessionId, UUID taskId) implements OfFocus {
    @Override
    public String name() {
      return "focus.started";
    }

    @Override
    public int seconds() {
      return 0;
    }
  }

  /** A focus ended: by its user, with its task, or because it was forgotten. */
  record FocusEnded(UUID sessionId, UUID taskId, int seconds) implements OfFocus {
    @Override
    public String name() {
      return "focus.ended";
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

  /**
   * A subscription began, went on or came nearer to its end.
   *
   * @param change what happened: the event's name is {@code subscription.} and this
   * @param tier what the user is entitled to now
   * @param status the subscription's now
   * @param until when the paid period, or the grace, ends; null if there is nothing to wait for
   * @param reason why it ended: {@code cancelled}, {@code unpaid}, {@code refunded}, {@code
   *     disputed}; null if it did not
   */
  record SubscriptionChanged(
      UUID subscriptionId,
      SubscriptionChange change,
      String tier,
      String status,
      @Nullable Instant until,
      @Nullable String reason)
      implements Event {
    @Override
    public String name() {
      return "subscription." + change.word();
    }

    @Override
    public String entityType() {
      return "subscription";
    }

    @Override
    public UUID entityId() {
      return subscriptionId;
    }

    @Override
    public Map<String, Object> metadata() {
      Map<String, Object> metadata = new LinkedHashMap<>();
      metadata.put("tier", tier);
      metadata.put("status", status);
      if (reason != null) {
        metadata.put("reason", reason);
      }
      return metadata;
    }
  }

  /** What can happen to a subscription. */
  enum SubscriptionChange {
    CREATED,
    RENEWED,
    PAST_DUE,
    GRACE,
    CANCELLED,
    EXPIRED;

    /** As the event's name has it. */
    public String word() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /**
   * A user unlocked an achievement.
   *
   * @param achievementId such as {@code tasks_5}
   * @param perk the limit that it raises: {@code max_tasks}, {@code max_notes} or {@code
   *     daily_credits}
   * @param perkValue by how much
   */
  record AchievementUnlocked(String achievementId, String perk, int perkValue) implements Event {
    @Override
    public String name() {
      return "achievement.unlocked";
    }

    @Override
    public String entityType() {
      return "achievement";
    }

    @Override
    public @Nullable UUID entityId() {
      return null;
    }

    @Override
    public Map<String, Object> metadata() {
      return Map.of("achievement_id", achievementId, "perk", perk, "perk_value", perkValue);
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
