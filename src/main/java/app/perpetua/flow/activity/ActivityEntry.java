package app.perpetua.flow.activity;

import app.perpetua.flow.base.Json;
import app.perpetua.flow.sql.Actor;
import app.perpetua.flow.sql.Row;
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
 * @param extraData the same as {@code metadata}
 * @param requestId null for jobs
 */
record ActivityEntry(
    UUID id,
    UUID userId,
    String entityType,
    @Nullable UUID entityId,
    String action,
    Actor.Source source,
    JsonNode metadata,
    JsonNode extraData,
    @Nullable String requestId,
    Instant createdAt) {
  static ActivityEntry of(Row row, Json json) {
    JsonNode metadata = json.parse(row.text("metadata"));
    return new ActivityEntry(
        row.uuid("id"),
        row.uuid("user_id"),
        row.text("entity_type"),
        row.uuidOrNull("entity_id"),
        row.text("action"),
        row.wireName("source", Actor.Source.class),
        metadata,
        metadata,
        row.textOrNull("request_id"),
        row.instant("created_at"));
  }
}
