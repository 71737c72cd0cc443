package app.perpetua.flow.undo;

import app.perpetua.flow.sql.Tx;

/**
 * Reverts what a change has done to the rows of one type. The features that own the rows implement
 * it, so that this package depends on none of them. The caller holds the owner's lock, and calls
 * {@link #check} of every type before anything is changed. Statements run at once, not at the
 * commit. Thread-safe.
 */
public interface RowReverter {
  /** The type of the rows, as the triggers of migration V27 record it. */
  String type();

  /**
   * Checks that the rows have not changed since.
   *
   * @throws app.perpetua.flow.base.Refusal {@code CONFLICT} if one has
   */
  void check(Tx tx, Changeset change);

  /** Deletes the rows that the change has created. */
  void removeCreated(Tx tx, Changeset change);

  /**
   * Restores the rows that the change has updated or deleted. Runs after {@link #removeCreated} of
   * all types, and after the rows that these refer to are restored.
   */
  void restore(Tx tx, Changeset change);
}
