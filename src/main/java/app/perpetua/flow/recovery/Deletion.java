package app.perpetua.flow.recovery;

import app.perpetua.flow.base.WireName;
import app.perpetua.flow.sql.Row;
import java.time.Instant;
import java.util.UUID;

/**
 * A deletion that can be undone, as defined by the API contract.
 *
 * @param id the tombstone's id
 * @param recoverableUntil when the tombstone expires, unless newer deletions displace it earlier
 */
record Deletion(
    UUID id,
    EntityType entityType,
    UUID entityId,
    Preview preview,
    Instant deletedAt,
    Instant recoverableUntil) {
  enum EntityType implements WireName {
    TASK,
    NOTE,
    LIST
  }

  /**
   * Identifies the entity: a task's title, a list's name, or the beginning of a note's first line.
   */
  record Preview(String title) {}

  static Deletion of(Row row) {
    return new Deletion(
        row.uuid("id"),
        row.wireName("entity_type", EntityType.class),
        row.uuid("entity_id"),
        new Preview(row.text("title")),
        row.instant("deleted_at"),
        row.instant("recoverable_until"));
  }
}
