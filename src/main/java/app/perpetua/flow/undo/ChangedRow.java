package app.perpetua.flow.undo;

import java.util.UUID;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * What one change has done to a row, all its statements together.
 *
 * @param type as the triggers of migration V27 record it, such as {@code task}
 * @param id the user's id for the user's own row
 * @param before former values of the columns that were updated, by column; all columns of a deleted
 *     row; empty for a created one
 * @param version the row's version after the change; null if it was deleted or has none
 */
public record ChangedRow(
    String type, UUID id, Kind kind, JsonNode before, @Nullable Integer version) {
  /** What the change has done to the row. */
  public enum Kind {
    CREATED,
    UPDATED,
    DELETED
  }

  /** Whether the change gave this column another value. */
  public boolean updated(String column) {
    return kind == Kind.UPDATED && before.has(column);
  }
}
