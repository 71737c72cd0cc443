package app.perpetua.flow.assistant;

import app.perpetua.flow.base.Code;
import app.perpetua.flow.base.Ids;
import app.perpetua.flow.base.Refusal;
import app.perpetua.flow.credits.Credits;
import app.perpetua.flow.events.Event;
import app.perpetua.flow.jobs.Jobs;
import app.perpetua.flow.sql.Tx;
import java.time.Duration;
import java.time.Instant;
import java.util.UUID;

/**
 * What a request to the model takes before it is made, and gives back if nothing usable comes. A
 * job stands by for the process that dies in between. Thread-safe.
 */
public final class Charges {
  /** The kind of the job that gives back what nobody settled; its key is the charge. */
  public static final String SETTLE = "reservation_settle";

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

  /**
   * For the job.
   *
   * @param key the idempotency key whose record is open
   * @param charge the charge's id
   */
  record Reservation(UUID key, UUID charge, int amount) {}

  private final Credits credits;
  private final Jobs jobs;
  private final Ids ids;
  private final AssistantConfig config;

  /** Charges go to the ledger. */
  public Charges(Credits credits, Jobs jobs, Ids ids, AssistantConfig config) {
    this.credits = credits;
    this.jobs = jobs;
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
    credits.spend(tx, amount, charge.ref(), description);
    jobs.enqueue(
        tx,
        SETTLE,
        charge.ref(),
        // As long again as the run itself may take, for what comes before and after it.
        tx.now().plus(config.timeout().multipliedBy(2)).plus(Duration.ofMinutes(1)),
        new Reservation(key, charge.id(), amount));
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
                            Code.AI_TASK_LIMIT_REACHED,
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
  public int keep(Tx tx, Charge charge) {
    jobs.cancel(tx, SETTLE, charge.ref());
    return credits.statement(tx).balance().total();
  }

  /** It was not. */
  public void giveBack(Tx tx, Charge charge) {
    jobs.cancel(tx, SETTLE, charge.ref());
    credits.refund(tx, charge.ref(), charge.amount());
  }

  /** For the job: gives back what nobody settled. */
  void giveBack(Tx tx, Reservation reservation) {
    Charge charge = new Charge(reservation.charge(), reservation.amount());
    credits.refund(tx, charge.ref(), charge.amount());
  }
}
