package app.perpetua.flow.sync;

import app.perpetua.flow.sql.Row;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * An entry of the change feed.
 *
 * @param seq its number; of one user's changes, a later commit has a greater one
 * @param version after the change; null if the entity was deleted, or if entities of its type have
 *     no version
 */
record RecordedChange(long seq, String type, UUID id, @Nullable Integer version, boolean deleted) {
  static RecordedChange of(Row row) {
    return new RecordedChange(
        row.bigint("seq"),
        row.text("entity_type"),
        row.uuid("id"),
        row.integerOrNull("version"),
        row.bool("deleted"));
  }
}
