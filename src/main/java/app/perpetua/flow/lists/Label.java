package app.perpetua.flow.lists;

import app.perpetua.flow.sql.Row;
import java.time.Instant;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * A label of tasks, as defined by the API contract.
 *
 * @param name 1 to 100 code points; unique among the user's labels, without regard to case and form
 *     of letters
 * @param colour as in CSS: {@code #} and six lower-case hexadecimal digits
 */
public record Label(
    UUID id,
    UUID userId,
    String name,
    String colour,
    int version,
    Instant createdAt,
    Instant updatedAt) {
  /** Grey. */
  public static final String DEFAULT_COLOUR = "#808080";

  /**
   * A partial update; null keeps the old value.
   *
   * @param version the version that the client read; null accepts every version
   */
  record Patch(@Nullable Integer version, @Nullable String name, @Nullable String colour) {}

  static Label of(Row row) {
    return new Label(
        row.uuid("id"),
        row.uuid("user_id"),
        row.text("name"),
        row.text("colour"),
        row.integer("version"),
        row.instant("created_at"),
        row.instant("updated_at"));
  }

  Label with(String newName, String newColour) {
    return new Label(id, userId, newName, newColour, version, createdAt, updatedAt);
  }

  Label nextVersion(Instant now) {
    return new Label(id, userId, name, colour, version + 1, createdAt, now);
  }
}
