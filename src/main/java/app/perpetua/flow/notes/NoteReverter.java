package app.perpetua.flow.notes;

import app.perpetua.flow.achievements.Achievements;
import app.perpetua.flow.base.Json;
import app.perpetua.flow.sql.Tx;
import app.perpetua.flow.undo.ChangedRow;
import app.perpetua.flow.undo.ChangedRow.Kind;
import app.perpetua.flow.undo.Changeset;
import app.perpetua.flow.undo.RowReverter;
import app.perpetua.flow.undo.RowStatements;
import java.util.List;
import java.util.UUID;

/** Reverts changes of notes, with their number and the conversions that count. Thread-safe. */
final class NoteReverter implements RowReverter {
  private final RowStatements statements;
  private final Achievements achievements;

  NoteReverter(Json json, Achievements achievements) {
    this.statements =
        new RowStatements(
            "note",
            "notes.find_by_ids",
            "notes.find_equal_notes",
            "notes.remove_created_notes",
            "notes.set_former_note_values",
            "notes.insert_former_notes",
            json);
    this.achievements = achievements;
  }

  @Override
  public String type() {
    return statements.type();
  }

  @Override
  public void check(Tx tx, Changeset change) {
    statements.check(tx, change);
  }

  @Override
  public void removeCreated(Tx tx, Changeset change) {
    int before = counted(tx, change);
    statements.removeCreated(tx, change);
    count(tx, counted(tx, change) - before);
  }

  @Override
  public void restore(Tx tx, Changeset change) {
    int before = counted(tx, change);
    statements.restore(tx, change);
    count(tx, counted(tx, change) - before);
    achievements.correctNotes(tx, conversions(change));
  }

  /** How many of the rows count against the limit of notes. */
  private int counted(Tx tx, Changeset change) {
    List<UUID> ids = change.of(type()).stream().map(ChangedRow::id).toList();
    return ids.isEmpty()
        ? 0
        : tx.sql("notes.find_by_ids").bind("ids", ids).list(Note::of).stream()
            .mapToInt(Note::counted)
            .sum();
  }

  private static void count(Tx tx, int delta) {
    if (delta != 0) {
      tx.sql("notes.count_notes").bind("note_delta", delta).run();
    }
  }

  /**
   * By how much the number of converted notes changes. Conversions that the user did not confirm as
   * a suggestion do not count (FR-080).
   */
  private int conversions(Changeset change) {
    if (change.of("suggestion").isEmpty()) {
      return 0;
    }
    return change.of(type(), Kind.UPDATED).stream()
        .filter(row -> row.updated("converted_at"))
        .mapToInt(row -> row.before().path("converted_at").isNull() ? -1 : 1)
        .sum();
  }
}
