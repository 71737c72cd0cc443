package app.perpetua.flow.notifications;

import app.perpetua.flow.base.WireName;
import app.perpetua.flow.sql.Row;
import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonUnwrapped;
import java.time.Instant;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * A notification (FR-055).
 *
 * @param readAt null while unread (FR-057)
 */
public record Notification(
    UUID id,
    UUID userId,
    Type type,
    @JsonUnwrapped Content content,
    boolean read,
    @Nullable Instant readAt,
    Instant createdAt,
    Instant updatedAt) {
  public enum Type implements WireName {
    REMINDER,
    ACHIEVEMENT,
    SUBSCRIPTION,
    SYSTEM
  }

  /**
   * What a notification shows.
   *
   * @param title 1 to 100 code points
   * @param body at most 500 code points
   * @param actionUrl the page that it opens; null for none
   * @param taskId a task, perhaps deleted since; null for none
   */
  public record Content(
      String title, String body, @Nullable String actionUrl, @Nullable UUID taskId) {
    /** The body again, under the name that the published frontend reads. */
    @JsonProperty
    public String message() {
      return body;
    }
  }

  Notification readAt(Instant time) {
    return new Notification(id, userId, type, content, true, time, createdAt, time);
  }

  static Notification of(Row row) {
    return new Notification(
        row.uuid("id"),
        row.uuid("user_id"),
        row.wireName("type", Type.class),
        new Content(
            row.text("title"),
            row.text("body"),
            row.textOrNull("action_url"),
            row.uuidOrNull("task_id")),
        row.bool("read"),
        row.instantOrNull("read_at"),
        row.instant("created_at"),
        row.instant("updated_at"));
  }
}
