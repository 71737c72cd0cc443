package app.perpetua.flow.events;

import app.perpetua.flow.sql.Tx;

/**
 * Listens to events of other features. A listener that fails does not fail the change: the change
 * commits without it, and a job retries it. Work that must commit with the change is a direct call,
 * not a listener. Implementations are thread-safe.
 */
public interface EventListener {
  /** Unique name in {@code snake_case}. It must never change, because retry jobs store it. */
  String name();

  /** Whether this listener has work to do for the event; must not query the database. */
  boolean handles(Event event);

  /**
   * Handles the event in the transaction of the change. Statements that the change deferred to the
   * commit have not run yet, so the event carries the data that listeners need.
   *
   * @param tx acts for the user, whose row is locked
   * @throws RuntimeException any exception rolls back the transaction, which runs again without
   *     this listener; a job then calls {@link #retry}
   */
  void handle(Tx tx, Event event);

  /**
   * Handles the event in a job, after {@link #handle} failed. The change has committed, and later
   * changes may have followed it: read current state instead of relying on the event's.
   *
   * @throws RuntimeException any exception fails the job, which is then retried
   */
  default void retry(Tx tx, Event event) {
    handle(tx, event);
  }
}
