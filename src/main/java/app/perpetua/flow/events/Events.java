package app.perpetua.flow.events;

import app.perpetua.flow.base.Ids;
import app.perpetua.flow.base.Json;
import app.perpetua.flow.sql.Tx;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Publishes events inside the transaction of the change: each writes one activity entry, which
 * commits with the change (FR-052 to FR-054), and is passed to the listeners. Thread-safe.
 */
public final class Events {
  private final Ids ids;
  private final Json json;
  private volatile @Nullable EventListeners listeners;

  public Events(Ids ids, Json json) {
    this.ids = ids;
    this.json = json;
  }

  /** Registers the listeners. Call it once, after the services that they need are constructed. */
  public void setListeners(EventListeners listeners) {
    this.listeners = listeners;
  }

  /**
   * Writes the acting user's activity entry of the event and calls the listeners.
   *
   * @return the entry's id
   */
  public UUID emit(Tx tx, Event event) {
    UUID entryId = ids.next();
    ActivityEntry entry = ActivityEntry.of(event);
    tx.sql("events.append_activity")
        .bind("id", entryId)
        .bind("entity_type", entry.entityType())
        .bind("entity_id", entry.entityId())
        .bind("action", entry.action())
        .bind("source", tx.actor().source())
        .bind("metadata", json.text(entry.by(tx.actor().token()).metadata()))
        .bind("request_id", tx.actor().requestId())
        .atCommit();
    EmittedEntries.add(
        tx,
        new EmittedEntries.Entry(entryId, entry.entityType(), entry.action(), tx.actor().source()));
    EventListeners current = listeners;
    if (current != null) {
      current.notify(tx, entryId, event);
    }
    return entryId;
  }
}
