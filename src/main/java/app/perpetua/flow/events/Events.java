package app.perpetua.flow.events;

import app.perpetua.flow.base.Ids;
import app.perpetua.flow.base.Json;
import app.perpetua.flow.sql.Tx;
import java.util.Locale;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Tells what happened, inside the transaction in which it happens: every event becomes one activity
 * entry that commits with the change (FR-052 to FR-054), and whoever reacts to it is called.
 * Thread-safe.
 */
public final class Events {
  private final Ids ids;
  private final Json json;
  private volatile @Nullable Reactions reactions;

  /** An entry needs an id and its metadata as JSON. Nobody reacts yet. */
  public Events(Ids ids, Json json) {
    this.ids = ids;
    this.json = json;
  }

  /**
   * Lets these react from now on. Said once, when everything is composed and before anything runs:
   * reactions belong to services, and services need events.
   */
  public void reactWith(Reactions all) {
    reactions = all;
  }

  /** Records the event for the acting user, and lets others react to it. */
  public void emit(Tx tx, Event event) {
    UUID entryId = ids.next();
    ActivityEntry entry = ActivityEntry.of(event);
    tx.sql("events.append_activity")
        .bind("id", entryId)
        .bind("entity_type", entry.entityType())
        .bind("entity_id", entry.entityId())
        .bind("action", entry.action())
        .bind("source", tx.actor().source().name().toLowerCase(Locale.ROOT))
        .bind("metadata", json.text(entry.metadata()))
        .bind("request_id", tx.actor().requestId())
        .atCommit();
    Reactions listening = reactions;
    if (listening != null) {
      listening.react(tx, entryId, event);
    }
  }
}
