package app.perpetua.flow.http;

import app.perpetua.flow.base.Json;
import app.perpetua.flow.base.Refusal;
import app.perpetua.flow.http.Idempotency.KeyedRequest;
import app.perpetua.flow.http.Idempotency.Replay;
import app.perpetua.flow.http.Idempotency.Replayed;
import app.perpetua.flow.http.auth.Principal;
import app.perpetua.flow.http.auth.SessionCheck;
import app.perpetua.flow.http.limits.Admission;
import app.perpetua.flow.http.limits.KeyedSemaphore;
import app.perpetua.flow.http.limits.Permit;
import app.perpetua.flow.sql.Actor;
import app.perpetua.flow.sql.DatabaseException;
import app.perpetua.flow.sql.Db;
import app.perpetua.flow.sql.Tx;
import java.time.Duration;
import java.util.UUID;
import java.util.function.Function;

/** Executes each request with an idempotency key once, and replays its answer. Thread-safe. */
final class IdempotentWrites {
  private static final int ATTEMPTS = 3;

  /** Requests with the same key wait for each other this long, before they take a connection. */
  private static final Duration KEY_TIMEOUT = Duration.ofSeconds(4);

  private record UserKey(UUID userId, UUID key) {}

  private final Json json;
  private final Db db;
  private final SessionCheck sessions;
  private final Admission admission;
  private final KeyedSemaphore<UserKey> keys =
      new KeyedSemaphore<>(1, KEY_TIMEOUT, Idempotency::inProgress);

  IdempotentWrites(Json json, Db db, SessionCheck sessions, Admission admission) {
    this.json = json;
    this.db = db;
    this.sessions = sessions;
    this.admission = admission;
  }

  /** Runs a write and stores its answer in one transaction, or replays the stored answer. */
  Reply write(Principal principal, Actor actor, KeyedRequest request, Function<Tx, Reply> work) {
    return executeOrReplay(
        principal,
        actor,
        request,
        Replay::reply,
        tx -> {
          Reply reply = work.apply(tx).rendered(json);
          Idempotency.storeResponse(tx, request, reply);
          return reply;
        });
  }

  /**
   * Runs a transaction unless its request has been answered before. Requests with the same key run
   * one at a time, and hold no other permit and no connection while they wait for each other.
   *
   * @param execute stores the request's record; may run again
   * @throws Refusal as {@link SessionCheck#requireActive}, {@link Idempotency#open} and {@link
   *     Admission#write}
   */
  <T> T executeOrReplay(
      Principal principal,
      Actor actor,
      KeyedRequest request,
      Function<Replay, T> replay,
      Function<Tx, T> execute) {
    try (Permit _ = keys.acquire(new UserKey(principal.userId(), request.key()));
        Permit _ = admission.write(principal.limitId())) {
      return transaction(
          actor,
          tx -> {
            sessions.requireActive(tx, principal);
            Idempotency.open(tx, request);
            return execute.apply(tx);
          });
    } catch (Replayed e) {
      return replay.apply(e.replay());
    }
  }

  /**
   * Runs a transaction that executes or replays several requests of one user. Does not wait for
   * requests with the same keys that call a provider; {@link #executeOrReplay(Tx, KeyedRequest,
   * Function)} refuses them.
   *
   * @param work may run again
   * @throws Refusal as {@link Admission#write}
   */
  <T> T together(Principal principal, Actor actor, Function<Tx, T> work) {
    try (Permit _ = admission.write(principal.limitId())) {
      return transaction(
          actor,
          tx -> {
            sessions.requireActive(tx, principal);
            return work.apply(tx);
          });
    }
  }

  /**
   * Runs a write as a part of a transaction, unless it has been answered before. Nothing must be
   * deferred yet, because a replay would not discard it.
   *
   * @throws Refusal as {@link Idempotency#open} and the write
   */
  Reply executeOrReplay(Tx tx, KeyedRequest request, Function<Tx, Reply> work) {
    try {
      Idempotency.open(tx, request);
      // Sends the opening, so that the write does not begin if there is an answer.
      tx.owner();
    } catch (Replayed e) {
      return e.replay().reply();
    }
    Reply reply = work.apply(tx).rendered(json);
    if (reply instanceof Reply.Refused(Refusal refusal)) {
      throw refusal;
    }
    Idempotency.storeResponse(tx, request, reply);
    return reply;
  }

  private <T> T transaction(Actor actor, Function<Tx, T> work) {
    for (int attempt = 1; ; attempt++) {
      try {
        return db.write(actor, work);
      } catch (DatabaseException e) {
        // Another process has stored a record for the key; the next attempt finds it.
        if (!e.violates(Idempotency.ONE_RECORD_PER_KEY) || attempt == ATTEMPTS) {
          throw e;
        }
      }
    }
  }
}
