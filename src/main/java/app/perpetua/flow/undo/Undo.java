package app.perpetua.flow.undo;

import app.perpetua.flow.base.ErrorCode;
import app.perpetua.flow.base.Json;
import app.perpetua.flow.base.Refusal;
import app.perpetua.flow.events.Event;
import app.perpetua.flow.events.Events;
import app.perpetua.flow.sql.Actor;
import app.perpetua.flow.sql.Row;
import app.perpetua.flow.sql.Tx;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Undoes changes (FR-150 to FR-153): restores the rows that a change of the user, or a confirmed
 * suggestion, has created, updated or deleted. The undo is a change itself, whose rows are recorded
 * like those of any other, and so can be undone (docs/decisions/undo.md). Thread-safe.
 */
final class Undo {
  /** How long changes can be undone; entries and recorded rows are kept a little longer. */
  static final Duration PERIOD = Duration.ofDays(30);

  /** Only deleting a template with thousands of instances changes as many rows. */
  private static final int MAX_ROWS = 20_000;

  /**
   * The result, as defined by the API contract.
   *
   * @param id of the activity entry of the undo, with which it can be undone
   * @param undoneId of the entry that was undone
   * @param action of the entry that was undone
   */
  record Undone(
      UUID id, UUID undoneId, String entityType, @Nullable UUID entityId, String action) {}

  private record Entry(
      String entityType,
      @Nullable UUID entityId,
      String action,
      @Nullable Long change,
      boolean undoable,
      Instant createdAt) {
    static Entry of(Row row) {
      return new Entry(
          row.text("entity_type"),
          row.uuidOrNull("entity_id"),
          row.text("action"),
          row.isNull("change") ? null : row.bigint("change"),
          UndoableEntries.contains(
              row.text("entity_type"),
              row.text("action"),
              row.wireName("source", Actor.Source.class)),
          row.instant("created_at"));
    }
  }

  private final List<RowReverter> reverters;
  private final Events events;
  private final Json json;

  /**
   * @param reverters in the order in which rows are restored: those that others refer to come first
   */
  Undo(List<RowReverter> reverters, Events events, Json json) {
    this.reverters = List.copyOf(reverters);
    this.events = events;
    this.json = json;
  }

  /**
   * Undoes the change to which an entry of the activity log belongs. Requires the owner's lock.
   *
   * @throws Refusal {@code FORBIDDEN}, {@code NOT_FOUND}, {@code CONFLICT} if changes of its kind
   *     cannot be undone, if it is older than 30 days or if one of its rows has changed since
   */
  Undone undo(Tx tx, UUID entryId) {
    Entry entry =
        tx.sql("undo.find_entry")
            .bind("id", entryId)
            .one(Entry::of)
            .orElseThrow(() -> tx.missing("undo.find_entry_owner", "entry", entryId));
    Changeset change = changeset(tx, entry);
    reverters.forEach(reverter -> reverter.check(tx, change));
    reverters.reversed().forEach(reverter -> reverter.removeCreated(tx, change));
    reverters.forEach(reverter -> reverter.restore(tx, change));
    UUID undo =
        events.emit(
            tx,
            new Event.ChangeUndone(entry.entityType(), entry.entityId(), entryId, entry.action()));
    return new Undone(undo, entryId, entry.entityType(), entry.entityId(), entry.action());
  }

  private Changeset changeset(Tx tx, Entry entry) {
    Long change = entry.change();
    if (!entry.undoable() || change == null) {
      throw refused("such a change cannot be undone");
    }
    if (entry.createdAt().isBefore(tx.now().minus(PERIOD))) {
      throw refused("a change can be undone for " + PERIOD.toDays() + " days");
    }
    if (tx.sql("undo.find_pending")
        .bind("change", change)
        .one(row -> row.bool("pending"))
        .orElse(false)) {
      throw refused("a part of the change is not completed yet; try again later");
    }
    List<Changeset.Recorded> rows =
        tx.sql("undo.list_rows")
            .bind("change", change)
            .bind("types", reverters.stream().map(RowReverter::type).toArray(String[]::new))
            .bind("limit", MAX_ROWS + 1)
            .list(row -> Changeset.Recorded.of(row, json));
    if (rows.isEmpty()) {
      throw refused("nothing is left to undo of this change");
    }
    if (rows.size() > MAX_ROWS) {
      throw refused("a change of more than " + MAX_ROWS + " rows cannot be undone");
    }
    return Changeset.of(change, rows);
  }

  private static Refusal refused(String message) {
    return Refusal.of(ErrorCode.CONFLICT, message);
  }
}
