package app.perpetua.flow.notifications;

import app.perpetua.flow.base.WireName;
import app.perpetua.flow.sql.Row;
import java.time.Instant;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Something a user is told (FR-055), as the contract shows it.
 *
 * @param type what it is about
 * @param title 1 to 100 code points
 * @param body at most 500 code points
 * @param actionUrl where it leads; null for nowhere
 * @param taskId the task it is about, which may be gone by now; null if about none
 * @param read whether the user has seen it (FR-057)
 * @param readAt when; null while unread
 */
public record Notification(
    UUID id,
    UUID userId,
    Type type,
    String title,
    String body,
    @Nullable String actionUrl,
    @Nullable UUID taskId,
    boolean read,
    @Nullable Instant readAt,
    Instant createdAt,
    Instant updatedAt) {
  /** What a notification is about. */
  public enum Type implements WireName {
    REMINDER,
    ACHIEVEMENT,
    SUBSCRIPTION,
    SYSTEM
  }

  /** The same, read at that time. */
  Notification readAt(Instant time) {
    return new Notification(
        id, userId, type, title, body, actionUrl, taskId, true, time, createdAt, time);
  }

  static Notification of(Row row) {
    return new Notification(
        row.uuid("id"),
        row.uuid("user_id"),
        row.wireName("type", Type.class),
        row.text("title"),
        row.text("body"),
        row.textOrNull("action_url"),
        row.uuidOrNull("task_id"),
        row.bool("read"),
        row.instantOrNull("read_at"),
        row.instant("created_at"),
        row.instant("updated_at"));
  }
}
