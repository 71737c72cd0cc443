package app.perpetua.flow.filters;

import app.perpetua.flow.parsing.Positions;
import app.perpetua.flow.sql.Row;
import java.time.Instant;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * A filter that the user keeps, as defined by the API contract.
 *
 * @param name 1 to 100 code points; several filters may have one name
 * @param query in the filter language; valid when it was stored, but lists and labels that it names
 *     may be gone since
 * @param position the order among the user's filters, see {@link Positions}
 */
record SavedFilter(
    UUID id,
    UUID userId,
    String name,
    String query,
    String position,
    int version,
    Instant createdAt,
    Instant updatedAt) {
  /** Longest name, in code points. */
  static final int MAX_NAME = 100;

  /**
   * A partial update; null keeps the old value.
   *
   * @param version the version that the client read; null accepts every version
   */
  record Patch(
      @Nullable Integer version,
      @Nullable String name,
      @Nullable Filter query,
      @Nullable String position) {}

  static SavedFilter of(Row row) {
    return new SavedFilter(
        row.uuid("id"),
        row.uuid("user_id"),
        row.text("name"),
        row.text("query"),
        row.text("position"),
        row.integer("version"),
        row.instant("created_at"),
        row.instant("updated_at"));
  }

  SavedFilter with(String newName, String newQuery, String newPosition) {
    return new SavedFilter(
        id, userId, newName, newQuery, newPosition, version, createdAt, updatedAt);
  }

  SavedFilter nextVersion(Instant now) {
    return new SavedFilter(id, userId, name, query, position, version + 1, createdAt, now);
  }
}
