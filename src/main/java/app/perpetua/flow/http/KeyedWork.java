package app.perpetua.flow.http;

import app.perpetua.flow.base.Code;
import app.perpetua.flow.base.Json;
import app.perpetua.flow.base.Refusal;
import app.perpetua.flow.sql.Actor;
import app.perpetua.flow.sql.DatabaseException;
import app.perpetua.flow.sql.Db;
import app.perpetua.flow.sql.Tx;
import io.helidon.webserver.http.ServerResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Function;

/**
 * Requests with an idempotency key: answered before, or done now and their answer kept.
 * Thread-safe.
 */
final class KeyedWork {
  private static final String JSON = "application/json";
  private static final String NO_STORE = "no-store";
  private static final int ATTEMPTS = 3;

  private final Json json;
  private final Db db;
  private final Admission admission;
  private final Idempotency idempotency = new Idempotency();

  KeyedWork(Json json, Db db, Admission admission) {
    this.json = json;
    this.db = db;
    this.admission = admission;
  }

  /** A write, in one transaction. */
  Reply write(
      UUID userId,
      Actor actor,
      Idempotency.Keyed request,
      Function<Tx, Reply> work,
      ServerResponse response) {
    return idempotency.inTurn(
        userId,
        request,
        () ->
            admission.write(
                userId, () -> persistently(actor, tx -> once(tx, request, work, response))));
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

  /** What the first phase found: an answer that was given before, or something to ask for. */
  private sealed interface Begun<W> {
    record Answered<W>(Reply reply) implements Begun<W> {}

    record Reserved<W>(W what) implements Begun<W> {}
  }

  /** What asks another company in between, in two. */
  <W, R> Reply inPhases(
      Actor actor,
      UUID userId,
      Idempotency.Keyed request,
      Route.Phases<W, R> phases,
      ServerResponse response) {
    return idempotency.inTurn(
        userId,
        request,
        () ->
            switch (admission.write(
                userId, () -> persistently(actor, tx -> begin(tx, request, phases, response)))) {
              case Begun.Answered<W>(Reply reply) -> reply;
              case Begun.Reserved<W>(W what) -> {
                R result = called(phases, what);
                yield admission.write(
                    userId, () -> db.write(actor, tx -> settle(tx, request, phases, what, result)));
              }
            });
  }

  private <W> Begun<W> begin(
      Tx tx, Idempotency.Keyed request, Route.Phases<W, ?> phases, ServerResponse response) {
    Optional<Idempotency.Replay> replay = idempotency.open(tx, request);
    if (replay.isPresent()) {
      return new Begun.Answered<>(replayed(replay.get(), response));
    }
    W what = phases.reserve(tx);
    idempotency.begin(tx, request);
    return new Begun.Reserved<>(what);
  }

  private static <W, R> R called(Route.Phases<W, R> phases, W what) {
    try {
      return phases.call(what);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw Refusal.of(Code.SERVICE_UNAVAILABLE, "the service is being stopped")
          .retryAfter(Duration.ofSeconds(1));
    }
  }

  private <W, R> Reply settle(
      Tx tx, Idempotency.Keyed request, Route.Phases<W, R> phases, W what, R result) {
    tx.lockOwner();
    Reply reply = rendered(phases.settle(tx, what, result));
    switch (reply) {
      case Reply.Bytes bytes -> idempotency.finish(tx, request, bytes.status(), bytes.bytes());
      case Reply.Refused _ -> idempotency.release(tx, request);
      default -> throw new IllegalStateException("this cannot be kept");
    }
    return reply;
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
    response.header("X-Idempotent-Replayed", "true");
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
    return new Reply.Bytes(status, JSON, NO_STORE, body);
  }
}
