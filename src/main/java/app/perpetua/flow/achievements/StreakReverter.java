package app.perpetua.flow.achievements;

import app.perpetua.flow.sql.Tx;
import app.perpetua.flow.undo.Changeset;
import app.perpetua.flow.undo.RowReverter;
import app.perpetua.flow.undo.RowStatements;

/**
 * Reverts changes of the settings or pauses of a streak, and then computes the streak as if they
 * had not been made. Thread-safe.
 */
final class StreakReverter implements RowReverter {
  private final RowStatements rows;
  private final Achievements achievements;

  StreakReverter(RowStatements rows, Achievements achievements) {
    this.rows = rows;
    this.achievements = achievements;
  }

  @Override
  public String type() {
    return rows.type();
  }

  @Override
  public void check(Tx tx, Changeset change) {
    rows.check(tx, change);
  }

  @Override
  public void removeCreated(Tx tx, Changeset change) {
    rows.removeCreated(tx, change);
  }

  @Override
  public void restore(Tx tx, Changeset change) {
    rows.restore(tx, change);
    if (!change.of(type()).isEmpty()) {
      achievements.recompute(tx);
    }
  }
}
