package app.perpetua.flow.assistant;

import app.perpetua.flow.base.ErrorCode;
import app.perpetua.flow.base.Ids;
import app.perpetua.flow.base.Refusal;
import app.perpetua.flow.credits.Reservations;
import app.perpetua.flow.events.Event;
import app.perpetua.flow.sql.Tx;
import java.time.Duration;
import java.time.Instant;
import java.util.UUID;

/** Charges for requests to the model, and their limit per task. Thread-safe. */
public final class Charges {
  /**
   * Reserved credits.
   *
   * @param id identifies the charge and the run it pays for
   * @param amount in credits
   */
  public record Charge(UUID id, int amount) {
    String ref() {
      return "ai:" + id;
    }

    /** The part that all events of the run share. */
    Event.Origin origin(UUID session, Run run) {
      return new Event.Origin(
          id, session, run.model(), run.usage().input(), run.usage().output(), amount);
    }
  }

  private final Reservations reservations;
  private final Ids ids;
  private final AssistantConfig config;

  public Charges(Reservations reservations, Ids ids, AssistantConfig config) {
    this.reservations = reservations;
    this.ids = ids;
    this.config = config;
  }

  /**
   * Reserves the price of a request.
   *
   * @param key of the idempotency record that is opened with the charge
   * @param description for the credit history
   * @throws Refusal {@code INSUFFICIENT_CREDITS}
   */
  public Charge reserve(Tx tx, UUID key, int amount, String description) {
    Charge charge = new Charge(ids.next(), amount);
    // Twice the run's time-out leaves time to wait before the call and to settle after it.
    Duration timeout = config.timeout().multipliedBy(2).plus(Duration.ofMinutes(1));
    reservations.reserve(tx, key, charge.ref(), amount, description, timeout);
    return charge;
  }

  /**
   * Counts a request about a task (FR-035), after {@link #reserve}, whose refusal takes precedence.
   *
   * @param sessionEnds when the access token's session expires, and the count with it
   * @return true if a warning is due
   * @throws Refusal {@code AI_TASK_LIMIT_REACHED}
   */
  public boolean count(Tx tx, UUID session, Instant sessionEnds, UUID taskId) {
    int requests =
        tx.sql("assistant.count_request")
            .bind("session", session.toString())
            .bind("task_id", taskId)
            .bind("expires_at", sessionEnds)
            .bind("most", config.perTask())
            .one(row -> row.integer("requests"))
            .orElseThrow(
                () ->
                    Refusal.of(
                            ErrorCode.AI_TASK_LIMIT_REACHED,
                            "no more than "
                                + config.perTask()
                                + " requests about one task in a session")
                        .retryAfter(Duration.between(tx.now(), sessionEnds)));
    return requests >= config.warnAt();
  }

  /**
   * Commits the charge.
   *
   * @return the user's remaining credits
   */
  public int commit(Tx tx, Charge charge) {
    return reservations.commit(tx, charge.ref());
  }

  /** Releases the reserved credits. */
  public void release(Tx tx, Charge charge) {
    reservations.release(tx, charge.ref(), charge.amount());
  }
}
