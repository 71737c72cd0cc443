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

/**
 * What a request to the model takes before it is made, and gives back if nothing usable comes.
 * Thread-safe.
 */
public final class Charges {
  /**
   * What was taken.
   *
   * @param id names it, and the run it paid for
   * @param amount credits
   */
  public record Charge(UUID id, int amount) {
    String ref() {
      return "ai:" + id;
    }

    /** What every entry about the run says of it. */
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
   * Takes what a request costs.
   *
   * @param key of the idempotency record that opens with it
   * @param description for the history
   * @throws Refusal {@code INSUFFICIENT_CREDITS}
   */
  public Charge take(Tx tx, UUID key, int amount, String description) {
    Charge charge = new Charge(ids.next(), amount);
    // As long again as the run itself may take, for what comes before and after it.
    Duration within = config.timeout().multipliedBy(2).plus(Duration.ofMinutes(1));
    reservations.take(tx, key, charge.ref(), amount, description, within);
    return charge;
  }

  /**
   * Counts a request about a task (FR-035); behind {@link #take}, whose refusal comes first.
   *
   * @param session the access token's
   * @param sessionEnds when that expires, and the count with it
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
   * It was worth it.
   *
   * @return what the user has left
   */
  public int commit(Tx tx, Charge charge) {
    return reservations.commit(tx, charge.ref());
  }

  /** It was not. */
  public void release(Tx tx, Charge charge) {
    reservations.release(tx, charge.ref(), charge.amount());
  }
}
