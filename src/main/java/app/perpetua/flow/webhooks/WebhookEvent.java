package app.perpetua.flow.webhooks;

import app.perpetua.flow.base.WireName;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** The types of events that endpoints receive (FR-167). */
enum WebhookEvent implements WireName {
  TASK_CREATED,
  TASK_UPDATED,
  TASK_COMPLETED,
  TASK_REOPENED,
  TASK_DELETED,
  TEMPLATE_CREATED,
  TEMPLATE_UPDATED,
  TEMPLATE_DELETED,
  NOTE_CREATED,
  NOTE_UPDATED,
  NOTE_DELETED,
  REMINDER_CREATED,
  REMINDER_UPDATED,
  REMINDER_FIRED,
  REMINDER_DELETED,
  LIST_CREATED,
  LIST_UPDATED,
  LIST_DELETED,
  LABEL_CREATED,
  LABEL_UPDATED,
  LABEL_DELETED;

  /** Selects all types, including those of later releases. */
  static final String ALL = "*";

  /** The type of a test, which endpoints do not select. */
  static final String TEST = "webhook.test";

  @Override
  public String wireName() {
    return name().toLowerCase(Locale.ROOT).replace('_', '.');
  }

  /**
   * The type of a change, each of which has exactly one.
   *
   * @param entityType {@code task}, {@code template}, {@code note}, {@code reminder}, {@code list}
   *     or {@code label}
   * @param formerCompleted whether a task was completed before; null if that has not changed
   * @param formerFired whether a reminder had fired before; null if that has not changed
   */
  static WebhookEvent of(
      String entityType,
      boolean deleted,
      boolean inserted,
      @Nullable String formerCompleted,
      @Nullable String formerFired) {
    return switch (entityType) {
      case "task" -> {
        if (deleted || inserted || formerCompleted == null) {
          yield common(deleted, inserted, TASK_CREATED, TASK_UPDATED, TASK_DELETED);
        }
        yield formerCompleted.equals("true") ? TASK_REOPENED : TASK_COMPLETED;
      }
      case "template" ->
          common(deleted, inserted, TEMPLATE_CREATED, TEMPLATE_UPDATED, TEMPLATE_DELETED);
      case "note" -> common(deleted, inserted, NOTE_CREATED, NOTE_UPDATED, NOTE_DELETED);
      case "reminder" ->
          !deleted && !inserted && "false".equals(formerFired)
              ? REMINDER_FIRED
              : common(deleted, inserted, REMINDER_CREATED, REMINDER_UPDATED, REMINDER_DELETED);
      case "list" -> common(deleted, inserted, LIST_CREATED, LIST_UPDATED, LIST_DELETED);
      case "label" -> common(deleted, inserted, LABEL_CREATED, LABEL_UPDATED, LABEL_DELETED);
      default -> throw new IllegalArgumentException("no events of type " + entityType);
    };
  }

  private static WebhookEvent common(
      boolean isDeleted,
      boolean isInserted,
      WebhookEvent created,
      WebhookEvent updated,
      WebhookEvent deleted) {
    return isDeleted ? deleted : isInserted ? created : updated;
  }
}
