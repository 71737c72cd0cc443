package app.perpetua.flow.activity;

import app.perpetua.flow.base.Json;
import app.perpetua.flow.sql.Page;
import app.perpetua.flow.sql.PageRequest;
import app.perpetua.flow.sql.Tx;

/** Reads the activity log (FR-052 to FR-054), which {@code events} writes. Thread-safe. */
final class Activity {
  private final Json json;

  Activity(Json json) {
    this.json = json;
  }

  /**
   * Returns the user's entries, newest first; refuses a deleted account. The total of a page is
   * exact up to 10,000; more entries have any greater total, which exceeds the page's end unless
   * the page is the last one.
   */
  Page<ActivityEntry> list(Tx tx, ActivityFilter filter) {
    return tx.sql("activity.list_entries")
        .bind("entity_type", filter.entityType())
        .bind("entity_id", filter.entityId())
        .bind("action", filter.action())
        .bind("source", filter.source())
        .bind("since", filter.since())
        .page(
            filter.page(),
            PageRequest.Position.beforeDescending("infinity"),
            row -> ActivityEntry.of(row, json));
  }
}
