package app.perpetua.flow.assistant;

import app.perpetua.flow.base.ErrorCode;
import app.perpetua.flow.base.Ids;
import app.perpetua.flow.base.Refusal;
import app.perpetua.flow.credits.Reservations;
import app.perpetua.flow.http.auth.Principal;
import app.perpetua.flow.sql.Tx;
import java.time.Duration;
import java.time.Instant;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Charges for requests to the model, and their limit per task. Thread-safe. */
final class Charges {
  /** As long as an access token lives by default. */
  private static final Duration TOKEN_SESSION = Duration.ofMinutes(15);

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

  /**
   * The period in which the requests about a task are counted (FR-035).
   *
   * @param id unique
   */
  private record Session(String id, Instant end) {
    /**
     * The life of an access token. A personal access token lives for months, so its requests are
     * counted per quarter of an hour.
     */
    static Session of(Principal principal, Instant now) {
      if (principal.personalToken() == null) {
        return new Session(principal.tokenId().toString(), principal.expiresAt());
      }
      long quarter = now.getEpochSecond() / TOKEN_SESSION.toSeconds();
      return new Session(
          principal.tokenId() + "/" + quarter,
          Instant.ofEpochSecond((quarter + 1) * TOKEN_SESSION.toSeconds()));
    }
  }

  /** Counts a request about a task in the session of the token (FR-035). */
  private int count(Tx tx, Principal principal, UUID taskId) {
    Session session = Session.of(principal, tx.now());
    return tx.sql("assistant.count_request")
        .bind("session", session.id())
        .bind("task_id", taskId)
        .bind("expires_at", session.end())
        .bind("most", config.perTask())
        .one(row -> row.integer("requests"))
        .orElseThrow(
            () ->
                Refusal.of(
                        ErrorCode.AI_TASK_LIMIT_REACHED,
                        "at most "
                            + config.perTask()
                            + " requests about one task are allowed in a session")
                    .retryAfter(Duration.between(tx.now(), session.end())));
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
