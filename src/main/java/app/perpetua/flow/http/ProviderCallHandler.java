package app.perpetua.flow.http;

import app.perpetua.flow.base.Cancellation;
import app.perpetua.flow.base.ErrorCode;
import app.perpetua.flow.base.Json;
import app.perpetua.flow.base.Refusal;
import app.perpetua.flow.http.Idempotency.KeyedRequest;
import app.perpetua.flow.http.auth.Principal;
import app.perpetua.flow.sql.Actor;
import app.perpetua.flow.sql.Db;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Runs requests that call a provider ({@link TwoPhaseRequest}), answered as one JSON document or as
 * a stream of server-sent events. During the call a request holds no permit and no connection; the
 * rate limit bounds how many of them one user has. Thread-safe.
 */
final class ProviderCallHandler {
  /** Documented in the contract; proxies close connections that are silent for longer. */
  private static final Duration HEARTBEAT = Duration.ofSeconds(15);

  /** Half of the time that shutdown grants requests, so that settling fits into the rest. */
  private static final Duration DRAIN_TIMEOUT = Duration.ofSeconds(10);

  private final Db db;
  private final Json json;
  private final Errors errors;
  private final IdempotentWrites writes;
  private final Set<Cancellation> running = ConcurrentHashMap.newKeySet();

  ProviderCallHandler(Db db, Json json, Errors errors, IdempotentWrites writes) {
    this.db = db;
    this.json = json;
    this.errors = errors;
    this.writes = writes;
  }

  /** {@code streamed} means that the answer is a stream of events. */
  record CallContext(
      Principal principal,
      Actor actor,
      RequestContext requestContext,
      KeyedRequest request,
      boolean streamed) {}

  /**
   * Answers a request.
   *
   * @throws Refusal if the request is refused before the call, or the call has no usable result
   */
  <R, O> Reply answer(CallContext context, TwoPhaseRequest<R, O> request) {
    Supplier<Reply> call =
        writes.executeOrReplay(
            context.principal(),
            context.actor(),
            context.request(),
            replay -> () -> replayed(context, replay),
            tx -> {
              R reserved = request.reserve().apply(tx, context.request().key());
              Idempotency.insertPending(tx, context.request());
              return () -> call(context, request, reserved);
            });
    return call.get();
  }

  /** Lets running calls finish within a time-out, then cancels them; returns at once. */
  void drain() {
    Thread.startVirtualThread(
        () -> {
          try {
            Thread.sleep(DRAIN_TIMEOUT);
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
          }
          running.forEach(Cancellation::cancel);
        });
  }

  private <R, O> Reply call(CallContext context, TwoPhaseRequest<R, O> request, R reserved) {
    return context.streamed()
        ? Reply.stream(Reply.EVENT_STREAM, out -> stream(context, request, reserved, out))
        : callAndSettle(context, request, reserved, null, new Cancellation());
  }

  private <R, O> void stream(
      CallContext context, TwoPhaseRequest<R, O> request, R reserved, OutputStream out)
      throws IOException {
    Cancellation cancellation = new Cancellation();
    try (Sse sse = new Sse(out, json, HEARTBEAT, cancellation::cancel)) {
      try {
        Consumer<String> deltas = text -> sse.data(Map.of("text", text));
        Reply reply = callAndSettle(context, request, reserved, deltas, cancellation);
        if (reply instanceof Reply.Bytes bytes) {
          sse.event("result", result(bytes.bytes()));
        }
      } catch (RuntimeException e) {
        Refusal refusal = errors.refusal(e, context.requestContext().requestId());
        context.requestContext().code(refusal.code());
        sse.event("error", errors.text(refusal, context.requestContext().requestId()));
      }
      sse.done();
      if (sse.isDisconnected()) {
        throw new IOException("the client closed the connection");
      }
    }
  }

  private <R, O> Reply callAndSettle(
      CallContext context,
      TwoPhaseRequest<R, O> request,
      R reserved,
      @Nullable Consumer<String> deltas,
      Cancellation cancellation) {
    O result;
    running.add(cancellation);
    try {
      result = request.call().call(reserved, deltas, cancellation);
    } finally {
      running.remove(cancellation);
    }
    return settle(context, request, reserved, result);
  }

  /** Settles in a transaction; throws a refusal after it has committed. */
  private <R, O> Reply settle(
      CallContext context, TwoPhaseRequest<R, O> request, R reserved, O result) {
    KeyedRequest keyed = context.request();
    Reply reply =
        db.write(
            context.actor(),
            tx -> {
              if (!Idempotency.isPending(tx, keyed)) {
                // The job that releases abandoned reservations has run.
                throw Refusal.of(ErrorCode.SERVICE_UNAVAILABLE, "the call took too long; try again")
                    .retryAfter(Duration.ofSeconds(1));
              }
              Reply settled = request.settle().settle(tx, reserved, result).rendered(json);
              switch (settled) {
                case Reply.Bytes bytes -> Idempotency.complete(tx, keyed, bytes);
                case Reply.Refused _ -> Idempotency.release(tx, keyed.key());
                default ->
                    throw new IllegalStateException("settle must return a body or a refusal");
              }
              return settled;
            });
    if (reply instanceof Reply.Refused(Refusal refusal)) {
      throw refusal;
    }
    return reply;
  }

  private Reply replayed(CallContext context, Idempotency.Replay replay) {
    if (!context.streamed()) {
      return replay.reply();
    }
    Reply stream =
        Reply.stream(
            Reply.EVENT_STREAM,
            out -> {
              try (Sse sse = new Sse(out, json, HEARTBEAT, () -> {})) {
                sse.event("result", result(replay.bytes()));
                sse.done();
              }
            });
    return new Reply.WithHeaders(stream, Idempotency.REPLAYED);
  }

  /** The {@code data} member of a JSON answer, which a stream sends as an event. */
  private String result(byte[] body) {
    return json.text(json.parse(new String(body, StandardCharsets.UTF_8)).get("data"));
  }
}
