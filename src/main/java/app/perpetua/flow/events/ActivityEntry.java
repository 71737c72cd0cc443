package app.perpetua.flow.events;

import app.perpetua.flow.sql.Actor;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * What the activity log stores of an event (FR-052 to FR-054).
 *
 * @param name the event's name, such as {@code task.completed}
 * @param entityType type of the entity that changed
 * @param entityId the entity's id; null for entities whose id is not a UUID
 * @param metadata further ids and figures: text, numbers, booleans and UUIDs
 */
record ActivityEntry(
    String name, String entityType, @Nullable UUID entityId, Map<String, Object> metadata) {
  static ActivityEntry of(Event event) {
    return switch (event) {
      case Event.TaskCreated e -> entry("task.created", e.taskId());
      case Event.TaskUpdated e -> entry("task.updated", e.taskId());
      case Event.TaskCompleted e ->
          entry("task.completed", e.taskId())
              .with("completed_by", e.completedBy())
              .with("counts", e.counts());
      case Event.TaskReopened e -> entry("task.reopened", e.taskId());
      case Event.TaskSkipped e ->
          entry("task.skipped", e.taskId()).with("template_id", e.templateId());
      case Event.TaskDeleted e ->
          entry("task.deleted", e.taskId()).with("tombstone_id", e.tombstoneId());
      case Event.TaskRecovered e ->
          entry("task.recovered", e.taskId())
              .with("tombstone_id", e.tombstoneId())
              .with("reminders_lapsed", e.lapsed());

      case Event.ListCreated e -> entry("list.created", e.listId());
      case Event.ListUpdated e -> entry("list.updated", e.listId());
      case Event.ListDeleted e ->
          entry("list.deleted", e.listId())
              .with("tombstone_id", e.tombstoneId())
              .with("count", e.count());
      case Event.ListRecovered e ->
          entry("list.recovered", e.listId())
              .with("tombstone_id", e.tombstoneId())
              .with("count", e.count())
              .with("reminders_lapsed", e.lapsed());
      case Event.LabelCreated e -> entry("label.created", e.labelId());
      case Event.LabelUpdated e -> entry("label.updated", e.labelId());
      case Event.LabelDeleted e -> entry("label.deleted", e.labelId());

      case Event.SubtaskCreated e -> ofTask("subtask.created", e.subtaskId(), e.taskId());
      case Event.SubtaskUpdated e -> ofTask("subtask.updated", e.subtaskId(), e.taskId());
      case Event.SubtaskCompleted e -> ofTask("subtask.completed", e.subtaskId(), e.taskId());
      case Event.SubtaskDeleted e -> ofTask("subtask.deleted", e.subtaskId(), e.taskId());
      case Event.SubtasksReordered e ->
          entry("subtask.reordered", "task", e.taskId()).with("count", e.count());

      case Event.ReminderCreated e -> ofTask("reminder.created", e.reminderId(), e.taskId());
      case Event.ReminderUpdated e ->
          ofTask("reminder.updated", e.reminderId(), e.taskId()).with("lapsed", e.lapsed());
      case Event.ReminderDeleted e -> ofTask("reminder.deleted", e.reminderId(), e.taskId());
      case Event.ReminderSkipped e ->
          ofTask("reminder.skipped", e.reminderId(), e.taskId()).with("reason", e.reason());
      case Event.ReminderFired e -> ofTask("reminder.fired", e.reminderId(), e.taskId());

      case Event.FocusStarted e ->
          ofTask("focus.started", e.sessionId(), e.taskId()).with("seconds", 0);
      case Event.FocusEnded e ->
          ofTask("focus.ended", e.sessionId(), e.taskId()).with("seconds", e.seconds());

      case Event.TemplateCreated e -> entry("template.created", e.templateId());
      case Event.TemplateUpdated e ->
          entry("template.updated", e.templateId()).with("active", e.active());
      case Event.TemplateDeleted e -> entry("template.deleted", e.templateId());

      case Event.FilterCreated e -> entry("filter.created", e.filterId());
      case Event.FilterUpdated e -> entry("filter.updated", e.filterId());
      case Event.FilterDeleted e -> entry("filter.deleted", e.filterId());

      case Event.NoteCreated e -> entry("note.created", e.noteId());
      case Event.NoteUpdated e -> entry("note.updated", e.noteId());
      case Event.NoteDeleted e ->
          entry("note.deleted", e.noteId()).with("tombstone_id", e.tombstoneId());
      case Event.NoteRecovered e ->
          entry("note.recovered", e.noteId()).with("tombstone_id", e.tombstoneId());
      case Event.NoteConverted e -> ofTask("note.converted", e.noteId(), e.taskId());

      case Event.AiChat e ->
          run("ai.chat", e.origin()).with("task_id", e.taskId()).with("count", e.count());
      case Event.AiSubtasksGenerated e ->
          run("ai.subtasks_generated", e.origin())
              .with("task_id", e.taskId())
              .with("count", e.count());
      case Event.AiNoteConversionSuggested e ->
          run("ai.note_conversion_suggested", e.origin())
              .with("note_id", e.noteId())
              .with("suggestion_id", e.suggestionId());
      // The run's own entry shows the credits used.
      case Event.AiSuggested e ->
          entry("ai.suggested", e.suggestionId())
              .with("task_id", e.taskId())
              .with(e.origin())
              .with("suggestion_id", e.suggestionId())
              .with("action_type", e.actionType());
      case Event.AiSuggestionConfirmed e ->
          entry("ai.suggestion_confirmed", e.suggestionId())
              .with("suggestion_id", e.suggestionId())
              .with("action_type", e.actionType())
              .with("task_id", e.taskId());
      case Event.AiTranscribed e ->
          entry("ai.transcribed", e.transcription())
              .with("credits_used", e.creditsUsed())
              .with("duration_seconds", e.durationSeconds());

      case Event.CreditsGranted e -> credits("credits.granted", e.grantId(), e.type(), e.amount());
      case Event.CreditsConsumed e ->
          credits("credits.consumed", e.grantId(), e.type(), e.amount());
      case Event.CreditsExpired e -> credits("credits.expired", e.grantId(), e.type(), e.amount());
      case Event.CreditsRefunded e ->
          credits("credits.refunded", e.grantId(), e.type(), e.amount());
      case Event.SubscriptionChanged e ->
          entry("subscription." + e.change().name().toLowerCase(Locale.ROOT), e.subscriptionId())
              .with("tier", e.tier())
              .with("status", e.status())
              .with("reason", e.reason());
      case Event.PaymentDuplicated e ->
          payment("payment.duplicated", e.orderId(), e.kind(), e.amountCents(), e.currency());
      case Event.PaymentRefunded e ->
          payment("payment.refunded", e.orderId(), e.kind(), e.amountCents(), e.currency());
      case Event.PaymentDisputed e ->
          payment("payment.disputed", e.orderId(), e.kind(), e.amountCents(), e.currency())
              .with("stage", e.stage());

      case Event.ChangeUndone e ->
          entry(e.entityType() + ".undone", e.entityType(), e.entityId())
              .with("undone_id", e.entryId())
              .with("undone_action", e.action());

      case Event.AchievementUnlocked e ->
          entry("achievement.unlocked", null)
              .with("achievement_id", e.achievementId())
              .with("perk", e.perk())
              .with("perk_value", e.perkValue());
      case Event.AchievementFreezeUsed e ->
          entry("achievement.freeze_used", null).with("day", e.day());
      case Event.UserRegistered e -> entry("user.registered", e.userId());
      case Event.UserLoggedIn e ->
          entry("user.logged_in", e.userId())
              .with("method", "google")
              .with("ip", e.ip())
              .with("user_agent", e.userAgent());
      case Event.UserLoggedOut e -> entry("user.logged_out", e.userId());
      case Event.UserSessionRevoked e ->
          entry("user.session_revoked", e.userId()).with("session", e.session());
      case Event.UserSessionEnded e ->
          entry("user.session_ended", e.userId())
              .with("session", e.session())
              .with("reason", e.reason());
      case Event.UserCalendarFeedCreated e ->
          entry("user.calendar_feed_created", e.userId()).with("feed", e.feed());
      case Event.UserCalendarFeedDeleted e ->
          entry("user.calendar_feed_deleted", e.userId()).with("feed", e.feed());
      case Event.UserUpdated e -> entry("user.updated", e.userId());
      case Event.UserStreakUpdated e -> entry("user.streak_updated", e.userId());
      case Event.UserTokenCreated e ->
          entry("user.token_created", e.userId()).with("token", e.token());
      case Event.UserTokenRevoked e ->
          entry("user.token_revoked", e.userId()).with("token", e.token());
      case Event.DataImported e ->
          entry("user.data_imported", e.userId())
              .with("import_id", e.importId())
              .with("source", e.source())
              .with("tasks", e.tasks())
              .with("templates", e.templates())
              .with("notes", e.notes());
    };
  }

  /**
   * The same entry, which names the token that the change was made with.
   *
   * @param token null for none
   */
  ActivityEntry by(Actor.@Nullable Token token) {
    return token == null ? this : with("token_id", token.id()).with("token_name", token.name());
  }

  /** The name in snake case, as the log stores it. */
  String action() {
    return name.replace('.', '_');
  }

  /** An entry whose entity type is the part of the name before the dot. */
  private static ActivityEntry entry(String name, @Nullable UUID entityId) {
    return entry(name, name.substring(0, name.indexOf('.')), entityId);
  }

  private static ActivityEntry entry(String name, String entityType, @Nullable UUID entityId) {
    return new ActivityEntry(name, entityType, entityId, Map.of());
  }

  /** An entry of an entity that is related to a task. */
  private static ActivityEntry ofTask(String name, UUID entityId, UUID taskId) {
    return entry(name, entityId).with("task_id", taskId);
  }

  private static ActivityEntry run(String name, Event.Origin origin) {
    return entry(name, origin.runId()).with(origin).with("credits_used", origin.creditsUsed());
  }

  private static ActivityEntry credits(String name, UUID grantId, String type, int amount) {
    return entry(name, "credit", grantId).with("type", type).with("amount", amount);
  }

  /** An entry of what the order is for. */
  private static ActivityEntry payment(
      String name,
      UUID orderId,
      String kind,
      @Nullable Integer amountCents,
      @Nullable String currency) {
    return entry(name, kind.equals("credits") ? "credit" : "subscription", orderId)
        .with("kind", kind)
        .with("amount_cents", amountCents)
        .with("currency", currency);
  }

  private ActivityEntry with(Event.Origin origin) {
    return with("run_id", origin.runId())
        .with("session", origin.session())
        .with("model", origin.model())
        .with("tokens_in", origin.tokensIn())
        .with("tokens_out", origin.tokensOut());
  }

  /** A copy with this metadata added, unless the value is null. */
  private ActivityEntry with(String key, @Nullable Object value) {
    if (value == null) {
      return this;
    }
    Map<String, Object> extended = new LinkedHashMap<>(metadata);
    extended.put(key, value);
    return new ActivityEntry(name, entityType, entityId, extended);
  }
}
