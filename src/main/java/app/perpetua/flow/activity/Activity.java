package app.perpetua.flow.activity;

import app.perpetua.flow.base.Code;
import app.perpetua.flow.base.Json;
import app.perpetua.flow.base.Refusal;
import app.perpetua.flow.sql.Tx;
import java.util.List;
import java.util.Optional;

/** Reads the activity log (FR-052 to FR-054), which events write. Thread-safe. */
public final class Activity {
  /**
   * A page of entries.
   *
   * @param total how many match on all pages
   */
  public record Listing(List<Entry> entries, int total) {}

  private final Json json;

  /** Metadata is kept as JSON. */
  public Activity(Json json) {
    this.json = json;
  }

  /**
   * The user's entries, newest first.
   *
   * @throws Refusal {@code UNAUTHORIZED} if the account is gone
   */
  public Listing list(Tx tx, ActivityFilter filter) {
    record Line(int total, Optional<Entry> entry) {}
    List<Line> lines =
        tx.sql("activity.list_entries")
            .bind("entity_type", filter.entityType())
            .bind("entity_id", filter.entityId())
            .bind("action", filter.action())
            .bind("source", filter.source())
            .bind("since", filter.since())
            .bind("offset", filter.offset())
            .bind("limit", filter.limit())
            .list(
                row ->
                    new Line(
                        row.integer("total"),
                        Optional.ofNullable(row.uuidOrNull("id")).map(_ -> Entry.of(row, json))));
    if (lines.isEmpty()) {
      throw Refusal.of(Code.UNAUTHORIZED, "this account was deleted");
    }
    return new Listing(
        lines.stream().flatMap(line -> line.entry().stream()).toList(), lines.getFirst().total());
  }
}
