package app.perpetua.flow.events;

import app.perpetua.flow.sql.Tx;

/**
 * Something that follows from an event without being part of it: whatever goes wrong here never
 * stops what the user did (settled, 22). What belongs to the change itself is a direct call.
 * Thread-safe.
 */
public interface Reaction {
  /** Which one: {@code snake_case}, and kept for ever, because jobs name it. */
  String name();

  /** Whether it has anything to do for that event; decided by the event alone. */
  boolean concerns(Event event);

  /**
   * Reacts within the change's transaction. What the change has left for the commit cannot be read
   * yet, so the event carries what is needed of it.
   *
   * @param tx acts for the user, whose row is locked
   * @throws RuntimeException to fail: the change is made without this reaction, and {@link #later}
   *     runs soon after
   */
  void on(Tx tx, Event event);

  /**
   * Makes up for a reaction that failed, in a job. The change was committed; others may have
   * followed, so that what the event says need not hold any more.
   *
   * @throws RuntimeException to fail, and to be tried again later
   */
  default void later(Tx tx, Event event) {
    on(tx, event);
  }
}
