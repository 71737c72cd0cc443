package app.perpetua.flow.assistant;

import app.perpetua.flow.base.ErrorCode;
import app.perpetua.flow.base.Ids;
import app.perpetua.flow.base.Refusal;
import app.perpetua.flow.credits.Reservations;
import app.perpetua.flow.http.Principal;
import app.perpetua.flow.sql.Tx;
import java.time.Duration;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Charges for requests to the model, and their limit per task. Thread-safe. */
final class Charges {
  private final Reservations reservations;
  private final Ids ids;
  private final AssistantConfig config;

  Charges(Reservations reservations, Ids ids, AssistantConfig config) {
    this.reservations = reservations;
    this.ids = ids;
    this.config = config;
  }

  /**
   * Reserves the price of a request, and counts a request about a task.
   *
   * @param key of the idempotency record that is opened with the charge
   * @param description for the credit history
   * @param taskId null if the request is not about a task
   * @throws Refusal {@code INSUFFICIENT_CREDITS}, {@code AI_TASK_LIMIT_REACHED}
   */
  <D> Reserved<D> reserve(
      Tx tx,
      UUID key,
      Principal principal,
      int credits,
      String description,
      @Nullable UUID taskId,
      D data) {
    UUID runId = ids.next();
    // Twice the run's time-out leaves time to wait before the call and to settle after it.
    Duration timeout = config.timeout().multipliedBy(2).plus(Duration.ofMinutes(1));
    reservations.reserve(tx, key, ref(runId), credits, description, timeout);
    // After the reservation, whose refusal takes precedence.
    boolean warning = taskId != null && count(tx, principal, taskId) >= config.warnAt();
    return new Reserved<>(
        runId, credits, warning, principal, tx.now(), tx.owner().timezone(), data);
  }

  /** Counts a request about a task in the session of the access token (FR-035). */
  private int count(Tx tx, Principal principal, UUID taskId) {
    return tx.sql("assistant.count_request")
        .bind("session", principal.tokenId().toString())
        .bind("task_id", taskId)
        .bind("expires_at", principal.expiresAt())
        .bind("most", config.perTask())
        .one(row -> row.integer("requests"))
        .orElseThrow(
            () ->
                Refusal.of(
                        ErrorCode.AI_TASK_LIMIT_REACHED,
                        "at most "
                            + config.perTask()
                            + " requests about one task are allowed in a session")
                    .retryAfter(Duration.between(tx.now(), principal.expiresAt())));
  }

  /** Commits the charge; returns the user's remaining credits. */
  int commit(Tx tx, Reserved<?> reserved) {
    return reservations.commit(tx, ref(reserved.runId()));
  }

  void release(Tx tx, Reserved<?> reserved) {
    reservations.release(tx, ref(reserved.runId()), reserved.credits());
  }

  private static String ref(UUID runId) {
    return "ai:" + runId;
  }
}
