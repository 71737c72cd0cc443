package app.perpetua.flow.events;

import app.perpetua.flow.base.Ids;
import app.perpetua.flow.base.Json;
import app.perpetua.flow.sql.Tx;
import java.util.Locale;

/**
 * Tells what happened, inside the transaction in which it happens: every event becomes one activity
 * entry that commits with the change (FR-052 to FR-054). Thread-safe.
 */
public final class Events {
  private final Ids ids;
  private final Json json;

  /** An entry needs an id and its metadata as JSON. */
  public Events(Ids ids, Json json) {
    this.ids = ids;
    this.json = json;
  }

  /** Records the event for the acting user. */
  public void emit(Tx tx, Event event) {
    tx.sql("events.append_activity")
        .bind("id", ids.next())
        .bind("entity_type", event.entityType())
        .bind("entity_id", event.entityId())
        .bind("action", event.name().replace('.', '_'))
        .bind("source", tx.actor().source().name().toLowerCase(Locale.ROOT))
        .bind("metadata", json.text(event.metadata()))
        .bind("request_id", tx.actor().requestId())
        .atCommit();
  }
}
