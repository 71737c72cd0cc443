package app.perpetua.flow.lists;

import app.perpetua.flow.base.ErrorCode;
import app.perpetua.flow.base.Json;
import app.perpetua.flow.base.Refusal;
import app.perpetua.flow.sql.Tx;
import app.perpetua.flow.undo.ChangedRow;
import app.perpetua.flow.undo.ChangedRow.Kind;
import app.perpetua.flow.undo.Changeset;
import app.perpetua.flow.undo.RowReverter;
import app.perpetua.flow.undo.RowStatements;
import java.util.List;
import java.util.stream.Stream;

/** Reverts changes of labels. Thread-safe. */
final class LabelReverter implements RowReverter {
  private final RowStatements statements;

  LabelReverter(Json json) {
    this.statements =
        new RowStatements(
            "label",
            "lists.find_labels_by_ids",
            "lists.find_equal_labels",
            "lists.remove_created_labels",
            "lists.set_former_label_values",
            "lists.insert_former_labels",
            json);
  }

  @Override
  public String type() {
    return statements.type();
  }

  /** Also refuses to restore a name that another label has since. */
  @Override
  public void check(Tx tx, Changeset change) {
    statements.check(tx, change);
    List<ChangedRow> named =
        Stream.of(Kind.UPDATED, Kind.DELETED)
            .flatMap(kind -> change.of(type(), kind).stream())
            .filter(row -> row.before().has("name"))
            .toList();
    boolean taken =
        !named.isEmpty()
            && tx.sql("lists.find_taken_names")
                .bind("rows", statements.json().text(named))
                .one(row -> row.bool("present"))
                .orElse(false);
    if (taken) {
      throw Refusal.of(ErrorCode.CONFLICT, "another label has the former name by now");
    }
  }

  @Override
  public void removeCreated(Tx tx, Changeset change) {
    statements.removeCreated(tx, change);
  }

  @Override
  public void restore(Tx tx, Changeset change) {
    statements.restore(tx, change);
  }
}
