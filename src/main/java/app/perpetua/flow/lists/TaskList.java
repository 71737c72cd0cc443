package app.perpetua.flow.lists;

import app.perpetua.flow.sql.Row;
import java.time.Instant;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * A list of tasks, as defined by the API contract.
 *
 * @param name 1 to 100 code points
 * @param position order among the user's lists, as that of a task in its list
 */
record TaskList(
    UUID id,
    UUID userId,
    String name,
    String position,
    boolean archived,
    int version,
    Instant createdAt,
    Instant updatedAt) {
  /** Code points in a name of a list or label. */
  static final int MAX_NAME = 100;

  /**
   * A list with a figure that is not a part of it: tasks change it, and its version does not.
   *
   * @param openCount tasks that are not completed, hidden or archived
   */
  record Counted(
      UUID id,
      UUID userId,
      String name,
      String position,
      boolean archived,
      int openCount,
      int version,
      Instant createdAt,
      Instant updatedAt) {
    static Counted of(Row row) {
      return TaskList.of(row).counted(row.integer("open_count"));
    }

    TaskList list() {
      return new TaskList(id, userId, name, position, archived, version, createdAt, updatedAt);
    }
  }

  /**
   * A partial update; null keeps the old value.
   *
   * @param version the version that the client read; null accepts every version
   */
  record Patch(
      @Nullable Integer version,
      @Nullable String name,
      @Nullable String position,
      @Nullable Boolean archived) {}

  static TaskList of(Row row) {
    return new TaskList(
        row.uuid("id"),
        row.uuid("user_id"),
        row.text("name"),
        row.text("position"),
        row.bool("archived"),
        row.integer("version"),
        row.instant("created_at"),
        row.instant("updated_at"));
  }

  Counted counted(int openCount) {
    return new Counted(
        id, userId, name, position, archived, openCount, version, createdAt, updatedAt);
  }

  TaskList with(String newName, String newPosition, boolean nowArchived) {
    return new TaskList(
        id, userId, newName, newPosition, nowArchived, version, createdAt, updatedAt);
  }

  TaskList nextVersion(Instant now) {
    return new TaskList(id, userId, name, position, archived, version + 1, createdAt, now);
  }
}
