package app.perpetua.flow.events;

import app.perpetua.flow.base.WireName;
import app.perpetua.flow.sql.LockedUser;
import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import java.time.Instant;
import java.time.LocalDate;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * A change of a user's data, with the ids and figures that listeners and the activity log need
 * ({@link ActivityEntry}), never text that the user wrote. The job that retries a failed listener
 * stores the event as JSON, with the record's simple name in {@code event}. Records and their
 * components therefore keep their names for as long as such jobs exist.
 */
@JsonTypeInfo(use = JsonTypeInfo.Id.SIMPLE_NAME, property = "event")
public sealed interface Event {

  // Tasks

  record TaskCreated(UUID taskId) implements Event {}

  /** A change of a task that may have ended the focus session on it. */
  sealed interface EndsFocus extends Event {
    UUID taskId();

    /** Seconds that the ended focus session counts; null if this change ended none. */
    @Nullable Integer focusSeconds();
  }

  /**
   * Fields of a task changed.
   *
   * @param dueChanged whether it is due at another instant or on another day, or is all-day no more
   * @param dueDate the current due date; null if the task has none
   * @param dueOn the current day of an all-day task; null for others
   */
  record TaskUpdated(
      UUID taskId,
      boolean dueChanged,
      @Nullable Instant dueDate,
      @JsonInclude(JsonInclude.Include.NON_NULL) @Nullable LocalDate dueOn,
      @Nullable Integer focusSeconds)
      implements EndsFocus {}

  /**
   * A task was completed.
   *
   * @param completedBy {@code manual}, {@code auto} or {@code force}
   * @param counts true only for the first completion of the task, which counts towards achievements
   * @param focused whether focus sessions, including the one that this completion ended, covered at
   *     least half of the estimate (FR-045); does not depend on {@code counts}
   */
  record TaskCompleted(
      UUID taskId,
      String completedBy,
      Instant at,
      boolean counts,
      boolean focused,
      @Nullable Integer focusSeconds)
      implements EndsFocus {}

  /**
   * A completed task is open again.
   *
   * @param dueOn the day of an all-day task; null for others
   */
  record TaskReopened(
      UUID taskId, @JsonInclude(JsonInclude.Include.NON_NULL) @Nullable LocalDate dueOn)
      implements Event {}

  /**
   * An occurrence was skipped: its task was archived.
   *
   * @param templateId of the task
   */
  record TaskSkipped(UUID taskId, UUID templateId, @Nullable Integer focusSeconds)
      implements EndsFocus {}

  /** A task was deleted; it can be recovered from the tombstone until that expires. */
  record TaskDeleted(UUID taskId, UUID tombstoneId, @Nullable Integer focusSeconds)
      implements EndsFocus {}

  /**
   * A deleted task was recovered.
   *
   * @param lapsed number of its reminders that were marked as fired without a notification
   */
  record TaskRecovered(UUID taskId, UUID tombstoneId, int lapsed) implements Event {}

  // Lists and labels

  /** A focus session that runs, and the seconds that it counts. */
  record RunningFocus(UUID taskId, int seconds) {}

  record ListCreated(UUID listId) implements Event {}

  record ListUpdated(UUID listId) implements Event {}

  /**
   * A list was deleted.
   *
   * @param tombstoneId from which it can be recovered with its tasks; null if they were kept
   * @param count number of its tasks
   * @param focus the focus session that the deletion of its task ended; null if it ended none
   */
  record ListDeleted(
      UUID listId, @Nullable UUID tombstoneId, int count, @Nullable RunningFocus focus)
      implements Event {}

  /**
   * A list was recovered with its tasks.
   *
   * @param count number of its tasks
   * @param lapsed number of their reminders that were marked as fired without a notification
   */
  record ListRecovered(UUID listId, UUID tombstoneId, int count, int lapsed) implements Event {}

  record LabelCreated(UUID labelId) implements Event {}

  record LabelUpdated(UUID labelId) implements Event {}

  record LabelDeleted(UUID labelId) implements Event {}

  // Subtasks

  record SubtaskCreated(UUID subtaskId, UUID taskId) implements Event {}

  /** A subtask was changed, moved or reopened. */
  record SubtaskUpdated(UUID subtaskId, UUID taskId) implements Event {}

  record SubtaskCompleted(UUID subtaskId, UUID taskId) implements Event {}

  record SubtaskDeleted(UUID subtaskId, UUID taskId) implements Event {}

  /** A task's subtasks were reordered; {@code count} is their number. */
  record SubtasksReordered(UUID taskId, int count) implements Event {}

  // Reminders

  record ReminderCreated(UUID reminderId, UUID taskId) implements Event {}

  /**
   * A reminder was changed or moved.
   *
   * @param lapsed whether it was marked as fired without a notification
   */
  record ReminderUpdated(UUID reminderId, UUID taskId, boolean lapsed) implements Event {}

  record ReminderDeleted(UUID reminderId, UUID taskId) implements Event {}

  /** Why a reminder was marked as fired without a notification. */
  enum SkipReason implements WireName {
    /** Its task was completed at its time. */
    COMPLETED,
    /** Its task was hidden at its time. */
    HIDDEN,
    /** Its task was archived at its time. */
    ARCHIVED,
    /** Its task was deleted at its time, and recovered later. */
    DELETED,
    /** It was moved or copied to a time that had passed. */
    PAST,
    /** It was due on a day on which the user pauses. */
    PAUSED
  }

  /** A reminder was marked as fired without a notification. */
  record ReminderSkipped(UUID reminderId, UUID taskId, SkipReason reason) implements Event {}

  /** A reminder was due, and its user was notified. */
  record ReminderFired(UUID reminderId, UUID taskId) implements Event {}

  // Focus

  record FocusStarted(UUID sessionId, UUID taskId) implements Event {}

  /** A focus session was ended: by the user, with its task, or at its time limit. */
  record FocusEnded(UUID sessionId, UUID taskId, int seconds) implements Event {}

  // Recurrence

  record TemplateCreated(UUID templateId) implements Event {}

  /**
   * Fields of a template changed, or its last instance was created.
   *
   * @param active whether it still creates instances
   */
  record TemplateUpdated(UUID templateId, boolean active) implements Event {}

  /** A template was deleted; its instances remain. */
  record TemplateDeleted(UUID templateId) implements Event {}

  // Saved filters

  record FilterCreated(UUID filterId) implements Event {}

  record FilterUpdated(UUID filterId) implements Event {}

  record FilterDeleted(UUID filterId) implements Event {}

  // Notes

  record NoteCreated(UUID noteId) implements Event {}

  /** A note was changed, transcribed, archived or unarchived. */
  record NoteUpdated(UUID noteId) implements Event {}

  /** A note was deleted; it can be recovered from the tombstone until that expires. */
  record NoteDeleted(UUID noteId, UUID tombstoneId) implements Event {}

  record NoteRecovered(UUID noteId, UUID tombstoneId) implements Event {}

  /**
   * A note was converted to a task and archived.
   *
   * @param first whether this is the first time that the user confirmed a suggestion to convert the
   *     note; no other conversion counts towards achievements (FR-080)
   */
  record NoteConverted(UUID noteId, UUID taskId, boolean first) implements Event {}

  // Assistant and speech

  /**
   * The assistant's run that an event results from.
   *
   * @param session the id of the access token ({@code jti})
   * @param tokensIn input tokens of all model calls of the run
   * @param tokensOut output tokens of all model calls of the run
   */
  record Origin(
      UUID runId, UUID session, String model, long tokensIn, long tokensOut, int creditsUsed) {}

  /**
   * The assistant answered a message.
   *
   * @param taskId the task that the message was about, if any
   * @param count number of actions that it suggested
   */
  record AiChat(Origin origin, @Nullable UUID taskId, int count) implements Event {}

  /** The assistant suggested {@code count} subtasks for a task. */
  record AiSubtasksGenerated(Origin origin, UUID taskId, int count) implements Event {}

  /** The assistant suggested a task for a note. */
  record AiNoteConversionSuggested(Origin origin, UUID noteId, UUID suggestionId)
      implements Event {}

  /**
   * The assistant suggested an action.
   *
   * @param taskId the task that the action would change; null if it would create something
   */
  record AiSuggested(UUID suggestionId, String actionType, @Nullable UUID taskId, Origin origin)
      implements Event {}

  /** The user confirmed a suggestion, and the action was carried out. */
  record AiSuggestionConfirmed(UUID suggestionId, String actionType, @Nullable UUID taskId)
      implements Event {}

  /**
   * Speech was transcribed, live or from a recording.
   *
   * @param transcription id of the live session, or of the recording's credit reservation
   */
  record AiTranscribed(UUID transcription, int creditsUsed, int durationSeconds) implements Event {}

  // Credits and subscriptions. A credit's type is daily, subscription, purchased or kickstart;
  // amounts are above zero.

  record CreditsGranted(UUID grantId, String type, int amount) implements Event {}

  record CreditsConsumed(UUID grantId, String type, int amount) implements Event {}

  record CreditsExpired(UUID grantId, String type, int amount) implements Event {}

  record CreditsRefunded(UUID grantId, String type, int amount) implements Event {}

  enum SubscriptionChange {
    CREATED,
    RENEWED,
    PAST_DUE,
    GRACE,
    CANCELLED,
    EXPIRED,
    /** A refund or dispute was undone. */
    RESTORED
  }

  /**
   * A subscription changed.
   *
   * @param tier what the user is entitled to after the change
   * @param status the subscription's status after the change
   * @param until end of the paid period or of the grace period; null if neither is running
   * @param reason why it expired: {@code cancelled}, {@code unpaid}, {@code refunded} or {@code
   *     disputed}; null if it did not expire
   */
  record SubscriptionChanged(
      UUID subscriptionId,
      SubscriptionChange change,
      LockedUser.Tier tier,
      String status,
      @Nullable Instant until,
      @Nullable String reason)
      implements Event {}

  /**
   * A second payment of an order was captured. It grants nothing.
   *
   * @param kind {@code credits}, {@code subscription} or {@code renewal}
   * @param amountCents in the currency's minor unit; null if unknown
   * @param currency ISO 4217; null if unknown
   */
  record PaymentDuplicated(
      UUID orderId, String kind, @Nullable Integer amountCents, @Nullable String currency)
      implements Event {}

  /** All or a part of an order's payment was refunded; as {@link PaymentDuplicated}. */
  record PaymentRefunded(
      UUID orderId, String kind, @Nullable Integer amountCents, @Nullable String currency)
      implements Event {}

  /**
   * A dispute of an order's payment changed; as {@link PaymentDuplicated}.
   *
   * @param stage as the provider calls it, such as {@code received} or {@code won}
   */
  record PaymentDisputed(
      UUID orderId,
      String kind,
      String stage,
      @Nullable Integer amountCents,
      @Nullable String currency)
      implements Event {}

  // Undo

  /**
   * A change was undone.
   *
   * @param entityType type of the entity that the change was about
   * @param entryId the undone change's entry of the activity log
   * @param action that entry's action, such as {@code task_completed}
   */
  record ChangeUndone(String entityType, @Nullable UUID entityId, UUID entryId, String action)
      implements Event {}

  // Account and achievements

  /**
   * A user unlocked an achievement.
   *
   * @param achievementId such as {@code tasks_5}
   * @param perk the limit that it raises, by {@code perkValue}: {@code max_tasks}, {@code
   *     max_notes} or {@code daily_credits}
   */
  record AchievementUnlocked(String achievementId, String perk, int perkValue) implements Event {}

  /**
   * A missed day used a freeze of the user's streak.
   *
   * @param day the missed day, such as {@code 2026-12-01}
   */
  record AchievementFreezeUsed(String day) implements Event {}

  /** A user's first sign-in created the account. */
  record UserRegistered(UUID userId) implements Event {}

  record UserLoggedIn(UUID userId, @Nullable String userAgent, String ip) implements Event {}

  record UserLoggedOut(UUID userId) implements Event {}

  /**
   * A session was revoked because one of its refresh tokens was used a second time.
   *
   * @param session the token family: all refresh tokens that derive from one sign-in
   */
  record UserSessionRevoked(UUID userId, UUID session) implements Event {}

  /** Why a session was ended, besides sign-out and theft. */
  enum SessionEndReason implements WireName {
    /** The user ended it from another session, or from itself. */
    REVOKED,
    /** A sign-in exceeded the limit of sessions, and this one was the least recently used. */
    EVICTED
  }

  /**
   * A session was ended.
   *
   * @param session the token family: all refresh tokens that derive from one sign-in
   */
  record UserSessionEnded(UUID userId, UUID session, SessionEndReason reason) implements Event {}

  /** A user created an address at which calendars read the user's tasks. */
  record UserCalendarFeedCreated(UUID userId, UUID feed) implements Event {}

  /** The address is unknown from now on. */
  record UserCalendarFeedDeleted(UUID userId, UUID feed) implements Event {}

  /** A user changed their name or time zone. */
  record UserUpdated(UUID userId) implements Event {}

  /** A user changed the settings or the pauses of the streak. */
  record UserStreakUpdated(UUID userId) implements Event {}

  /** A personal access token with this id was created. */
  record UserTokenCreated(UUID userId, UUID token) implements Event {}

  /** A personal access token with this id was revoked. */
  record UserTokenRevoked(UUID userId, UUID token) implements Event {}

  /**
   * A file was imported. What it added has no entries of its own.
   *
   * @param source the program and format of the file, such as {@code todoist_csv}
   */
  record DataImported(
      UUID userId, UUID importId, String source, int tasks, int templates, int notes)
      implements Event {}
}
