package app.perpetua.flow.undo;

import app.perpetua.flow.base.ErrorCode;
import app.perpetua.flow.base.Json;
import app.perpetua.flow.base.Refusal;
import app.perpetua.flow.sql.Tx;
import app.perpetua.flow.undo.ChangedRow.Kind;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;

/**
 * Reverts rows with five statements, and nothing besides. Two of them take {@code :ids}, the others
 * {@code :rows}, a JSON array of {@code {"id", "before"}}. Thread-safe.
 *
 * @param find name of the statement that reads {@code id} and {@code version} of {@code :ids}
 * @param findEqual name of the statement that reads the {@code id} of those {@code :rows} that have
 *     the values {@code before}
 * @param remove name of the statement that deletes {@code :ids}
 * @param update name of the statement that sets the values {@code before} of {@code :rows}
 * @param insert name of the statement that inserts {@code :rows}
 */
public record RowStatements(
    String type,
    String find,
    String findEqual,
    String remove,
    String update,
    String insert,
    Json json)
    implements RowReverter {
  /** So many later changes of the rows are read to find their former values. */
  private static final int MAX_LATER_ROWS = 10_000;

  @Override
  public void check(Tx tx, Changeset change) {
    check(tx, change, change.of(type));
  }

  /** As {@link #check(Tx, Changeset)}, of some of the rows. */
  public void check(Tx tx, Changeset change, List<ChangedRow> rows) {
    if (rows.isEmpty()) {
      return;
    }
    Map<UUID, Integer> present = new HashMap<>();
    tx.sql(find)
        .bind("ids", rows.stream().map(ChangedRow::id).toList())
        .list(row -> present.put(row.uuid("id"), row.integer("version")));
    List<UUID> changed = new ArrayList<>();
    for (ChangedRow row : rows) {
      Integer version = present.get(row.id());
      if ((row.kind() == Kind.DELETED) != (version == null)) {
        throw changedSince(type);
      }
      if (version != null && !version.equals(row.version())) {
        changed.add(row.id());
      }
    }
    if (!changed.isEmpty()) {
      checkEqual(tx, type, findEqual, change, changed, json);
    }
  }

  /**
   * Checks that rows, which exist, have the values that the change has left, although later changes
   * may have given them others in between. So changes can be undone one after another.
   *
   * @param findEqual as of the record
   */
  public static void checkEqual(
      Tx tx, String type, String findEqual, Changeset change, List<UUID> ids, Json json) {
    if (ids.isEmpty()) {
      return;
    }
    List<Changeset.Recorded> later =
        tx.sql("undo.list_later_rows")
            .bind("change", change.change())
            .bind("type", type)
            .bind("ids", ids)
            .bind("limit", MAX_LATER_ROWS + 1)
            .list(row -> Changeset.Recorded.of(row, json));
    if (later.size() > MAX_LATER_ROWS) {
      throw changedSince(type);
    }
    List<ChangedRow> rows = Changeset.of(change.change(), later).of(type);
    if (rows.stream().anyMatch(row -> row.kind() != Kind.UPDATED)) {
      throw changedSince(type);
    }
    Set<UUID> unequal = new HashSet<>(rows.stream().map(ChangedRow::id).toList());
    if (!rows.isEmpty()) {
      unequal.removeAll(
          tx.sql(findEqual).bind("rows", json.text(rows)).list(row -> row.uuid("id")));
    }
    if (!unequal.isEmpty()) {
      throw changedSince(type);
    }
  }

  /** The refusal for a row that has changed since. */
  public static Refusal changedSince(String noun) {
    return Refusal.of(
        ErrorCode.CONFLICT,
        "the " + noun.replace('_', ' ') + " changed since then; undo the later change first");
  }

  @Override
  public void removeCreated(Tx tx, Changeset change) {
    List<UUID> ids = change.ids(type, Kind.CREATED);
    if (!ids.isEmpty()) {
      tx.sql(remove).bind("ids", ids).run();
    }
  }

  @Override
  public void restore(Tx tx, Changeset change) {
    update(tx, change.of(type, Kind.UPDATED));
    insert(tx, change.of(type, Kind.DELETED));
  }

  /** Sets the former values of updated rows. */
  public void update(Tx tx, List<ChangedRow> rows) {
    run(tx, update, rows);
  }

  /** Inserts deleted rows. */
  public void insert(Tx tx, List<ChangedRow> rows) {
    run(tx, insert, rows);
  }

  /** Runs a statement that takes {@code :rows}. */
  public void run(Tx tx, String statement, List<ChangedRow> rows) {
    if (!rows.isEmpty()) {
      tx.sql(statement).bind("rows", json.text(rows)).run();
    }
  }
}
