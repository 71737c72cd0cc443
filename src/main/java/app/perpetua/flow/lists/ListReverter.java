package app.perpetua.flow.lists;

import app.perpetua.flow.base.Json;
import app.perpetua.flow.sql.Tx;
import app.perpetua.flow.undo.ChangedRow.Kind;
import app.perpetua.flow.undo.Changeset;
import app.perpetua.flow.undo.RowReverter;
import app.perpetua.flow.undo.RowStatements;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.stream.Stream;

/** Reverts changes of lists. Thread-safe. */
final class ListReverter implements RowReverter {
  private final RowStatements statements;

  ListReverter(Json json) {
    this.statements =
        new RowStatements(
            "list",
            "lists.find_lists_by_ids",
            "lists.find_equal_lists",
            "lists.remove_created_lists",
            "lists.set_former_list_values",
            "lists.insert_former_lists",
            json);
  }

  @Override
  public String type() {
    return statements.type();
  }

  /** Also refuses to remove a list with tasks or templates that were put into it since. */
  @Override
  public void check(Tx tx, Changeset change) {
    statements.check(tx, change);
    List<UUID> created = change.ids(type(), Kind.CREATED);
    if (created.isEmpty()) {
      return;
    }
    List<UUID> contents = new ArrayList<>();
    Stream.of("task", "template")
        .flatMap(type -> change.of(type).stream())
        .forEach(row -> contents.add(row.id()));
    boolean used =
        tx.sql("lists.find_other_contents")
            .bind("lists", created)
            .bind("ids", contents)
            .one(row -> row.bool("present"))
            .orElse(false);
    if (used) {
      throw RowStatements.changedSince(type());
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
