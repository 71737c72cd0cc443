package app.perpetua.flow.activity;

import app.perpetua.flow.base.Json;
import app.perpetua.flow.sql.Actor;
import app.perpetua.flow.sql.Row;
import app.perpetua.flow.undo.UndoableEntries;
import com.fasterxml.jackson.annotation.JsonProperty;
import java.time.Instant;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * An entry of the activity log, as defined by the API contract.
 *
 * @param entityId null for entities whose id is not a UUID
 * @param action the event's name in snake case
 * @param source who decided on the change
 * @param metadata further ids and figures
 * @param requestId null for jobs
 * @param changeId the change to which the entry belongs; null for changes of earlier releases
 * @param undoable whether the change can be undone, unless its rows have changed since
 */
record ActivityEntry(
    UUID id,
    UUID userId,
    String entityType,
    @Nullable UUID entityId,
    String action,
    Actor.Source source,
    JsonNode metadata,
    @Nullable String requestId,
    @Nullable Long changeId,
    boolean undoable,
    Instant createdAt) {
  static ActivityEntry of(Row row, Json json) {
    String entityType = row.text("entity_type");
    String action = row.text("action");
    Actor.Source source = row.wireName("source", Actor.Source.class);
    Long change = row.isNull("change") ? null : row.bigint("change");
    return new ActivityEntry(
        row.uuid("id"),
        row.uuid("user_id"),
        entityType,
        row.uuidOrNull("entity_id"),
        action,
        source,
        json.parse(row.text("metadata")),
        row.textOrNull("request_id"),
        change,
        change != null && UndoableEntries.contains(entityType, action, source),
        row.instant("created_at"));
  }

  /** The same as {@code metadata}, under the name that the public frontend reads. */
  @JsonProperty
  JsonNode extraData() {
    return metadata;
  }
}
