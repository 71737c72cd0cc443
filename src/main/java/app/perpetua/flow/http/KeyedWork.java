package app.perpetua.flow.http;

import app.perpetua.flow.base.Json;
import app.perpetua.flow.sql.Actor;
import app.perpetua.flow.sql.DatabaseException;
import app.perpetua.flow.sql.Db;
import app.perpetua.flow.sql.Tx;
import io.helidon.webserver.http.ServerResponse;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Function;

/**
 * Requests with an idempotency key: answered before, or done now and their answer kept.
 * Thread-safe.
 */
final class KeyedWork {
  private static final String JSON = "application/json";
  private static final int ATTEMPTS = 3;

  /** Marks an answer that was given before. */
  static final String REPLAYED = "X-Idempotent-Replayed";

  private final Json json;
  private final Db db;
  private final Admission admission;
  private final Idempotency idempotency;

  KeyedWork(Json json, Db db, Idempotency idempotency, Admission admission) {
    this.json = json;
    this.db = db;
    this.idempotency = idempotency;
    this.admission = admission;
  }

  /** A write, in one transaction. */
  Reply write(
      UUID userId,
      Actor actor,
      Idempotency.Keyed request,
      Function<Tx, Reply> work,
      ServerResponse response) {
    return inTurn(userId, actor, request, tx -> once(tx, request, work, response));
  }

  /**
   * A transaction that opens or keeps the key's record. Of those with the same key one runs at a
   * time, and none holds a place or a connection while it waits for that.
   */
  <T> T inTurn(UUID userId, Actor actor, Idempotency.Keyed request, Function<Tx, T> work) {
    return idempotency.inTurn(
        userId, request, () -> admission.write(userId, () -> persistently(actor, work)));
  }

  private <T> T persistently(Actor actor, Function<Tx, T> work) {
    for (int attempt = 1; ; attempt++) {
      try {
        return db.write(actor, work);
      } catch (DatabaseException e) {
        // Another process took this key meanwhile: this time it will be seen.
        if (!e.violates(Idempotency.ONE_RECORD_PER_KEY) || attempt == ATTEMPTS) {
          throw e;
        }
      }
    }
  }

  private Reply once(
      Tx tx, Idempotency.Keyed request, Function<Tx, Reply> work, ServerResponse response) {
    Optional<Idempotency.Replay> replay = idempotency.open(tx, request);
    if (replay.isPresent()) {
      return replayed(replay.get(), response);
    }
    // Rendered before the commit: what is stored is what is sent.
    Reply reply = rendered(work.apply(tx));
    switch (reply) {
      case Reply.Bytes bytes -> idempotency.keep(tx, request, bytes.status(), bytes.bytes());
      case Reply.Body empty -> idempotency.keep(tx, request, empty.status(), null);
      case Reply.Refused _ -> {}
      case Reply.Stream _ -> throw new IllegalStateException("a stream cannot be kept");
      case Reply.Headed _ -> throw new IllegalStateException("headers cannot be kept");
    }
    return reply;
  }

  private static Reply replayed(Idempotency.Replay replay, ServerResponse response) {
    response.header(REPLAYED, "true");
    String body = replay.body();
    return body == null
        ? new Reply.Body(replay.status(), null)
        : bytes(replay.status(), body.getBytes(StandardCharsets.UTF_8));
  }

  /** As bytes, so that what is stored is what is sent. */
  Reply rendered(Reply reply) {
    return reply instanceof Reply.Body(int status, Object body) && body != null
        ? bytes(status, json.bytes(body))
        : reply;
  }

  static Reply bytes(int status, byte[] body) {
    return new Reply.Bytes(status, JSON, Reply.NO_STORE, body);
  }
}
