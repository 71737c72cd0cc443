package app.perpetua.flow.recovery;

import app.perpetua.flow.sql.Row;
import java.time.Instant;
import java.util.UUID;

/**
 * A deletion that can be undone, as the contract shows it.
 *
 * @param id the tombstone's
 * @param entityType {@code task} or {@code note}
 * @param entityId what was deleted
 * @param preview what to recognise it by
 * @param deletedAt since when
 * @param recoverableUntil until when, unless three newer ones come
 */
public record Deletion(
    UUID id,
    String entityType,
    UUID entityId,
    Preview preview,
    Instant deletedAt,
    Instant recoverableUntil) {
  /**
   * What to recognise it by.
   *
   * @param title a task's title, or a note's first line, cut
   */
  public record Preview(String title) {}

  static Deletion of(Row row) {
    return new Deletion(
        row.uuid("id"),
        row.text("entity_type"),
        row.uuid("entity_id"),
        new Preview(row.text("title")),
        row.instant("deleted_at"),
        row.instant("recoverable_until"));
  }
}
