package app.perpetua.flow.account;

import app.perpetua.flow.base.Json;
import app.perpetua.flow.sql.Tx;
import app.perpetua.flow.undo.ChangedRow;
import app.perpetua.flow.undo.Changeset;
import app.perpetua.flow.undo.RowReverter;
import app.perpetua.flow.undo.RowStatements;
import java.util.List;
import java.util.UUID;

/** Reverts changes of a user's name and time zone. Thread-safe. */
final class SettingsReverter implements RowReverter {
  private final Json json;

  SettingsReverter(Json json) {
    this.json = json;
  }

  @Override
  public String type() {
    return "settings";
  }

  @Override
  public void check(Tx tx, Changeset change) {
    List<UUID> ids = change.of(type()).stream().map(ChangedRow::id).toList();
    RowStatements.checkEqual(tx, type(), "account.find_equal_settings", change, ids, json);
  }

  /** Accounts are not created by changes that can be undone. */
  @Override
  public void removeCreated(Tx tx, Changeset change) {}

  @Override
  public void restore(Tx tx, Changeset change) {
    for (ChangedRow row : change.of(type())) {
      tx.sql("account.set_former_settings").bind("before", json.text(row.before())).run();
    }
  }
}
