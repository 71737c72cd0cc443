package app.perpetua.flow.calendar;

import app.perpetua.flow.base.WireName;
import app.perpetua.flow.filters.Filter;
import app.perpetua.flow.sql.Row;
import app.perpetua.flow.tasks.Priority;
import java.time.Instant;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * A calendar feed, as defined by the API contract, without its secret. Never changed.
 *
 * @param id UUID version 7
 * @param name 1 to 100 characters; the calendar's
 * @param priority of the tasks that it has; null for all
 * @param templateId of the tasks that it has; null for all
 * @param filter that its tasks match; null for all. A feed with {@code filter} or {@code filterId}
 *     has no other selection
 * @param filterId of a saved filter that its tasks match; null for all. The user may have deleted
 *     it
 * @param lastReadAt when a calendar last asked for it, to the hour; null if none has
 */
record CalendarFeed(
    UUID id,
    String name,
    Kind kind,
    @Nullable Priority priority,
    @Nullable UUID templateId,
    @Nullable String filter,
    @Nullable UUID filterId,
    @Nullable Instant lastReadAt,
    Instant createdAt) {
  /** As what a feed shows tasks. */
  enum Kind implements WireName {
    /** Events, which every calendar shows. */
    EVENT,
    /** To-dos, which few calendars show. */
    TODO,
    BOTH;

    boolean hasEvents() {
      return this != TODO;
    }

    boolean hasTodos() {
      return this != EVENT;
    }
  }

  /** What the user chooses; the components are those of the feed. */
  record Draft(
      String name,
      Kind kind,
      @Nullable Priority priority,
      @Nullable UUID templateId,
      @Nullable Filter filter,
      @Nullable UUID filterId) {}

  static CalendarFeed of(Row row) {
    return new CalendarFeed(
        row.uuid("id"),
        row.text("name"),
        row.wireName("kind", Kind.class),
        row.wireNameOrNull("priority", Priority.class),
        row.uuidOrNull("template_id"),
        row.textOrNull("filter"),
        row.uuidOrNull("filter_id"),
        row.instantOrNull("last_read_at"),
        row.instant("created_at"));
  }
}
