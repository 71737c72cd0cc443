package app.perpetua.flow.assistant;

import app.perpetua.flow.base.Json;
import app.perpetua.flow.sql.Tx;
import app.perpetua.flow.undo.Changeset;
import app.perpetua.flow.undo.RowReverter;

/**
 * Makes confirmed suggestions open again, so that they can be confirmed until they expire.
 * Thread-safe.
 */
final class SuggestionReverter implements RowReverter {
  private final Json json;

  SuggestionReverter(Json json) {
    this.json = json;
  }

  @Override
  public String type() {
    return "suggestion";
  }

  /** A confirmed suggestion does not change any more. */
  @Override
  public void check(Tx tx, Changeset change) {}

  /** Creating suggestions is not recorded. */
  @Override
  public void removeCreated(Tx tx, Changeset change) {}

  @Override
  public void restore(Tx tx, Changeset change) {
    if (!change.of(type()).isEmpty()) {
      tx.sql("assistant.set_former_suggestion_values")
          .bind("rows", json.text(change.of(type())))
          .run();
    }
  }
}
