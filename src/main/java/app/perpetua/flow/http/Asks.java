package app.perpetua.flow.http;

import app.perpetua.flow.base.Cancellation;
import app.perpetua.flow.base.Code;
import app.perpetua.flow.base.Json;
import app.perpetua.flow.base.Refusal;
import app.perpetua.flow.sql.Actor;
import app.perpetua.flow.sql.Db;
import app.perpetua.flow.sql.Tx;
import io.helidon.webserver.http.ServerResponse;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Runs requests that ask somebody else ({@link Asking}), answered as one JSON document or as a
 * stream of server-sent events. While it waits for others a request holds no place and no
 * connection; the rate limit bounds how many of them one user has. Thread-safe.
 */
final class Asks {
  /** The contract's: proxies close what is silent for longer. */
  private static final Duration BEAT = Duration.ofSeconds(15);

  /** At shutdown: half of what requests in flight get, so that the settling fits into the rest. */
  private static final Duration PATIENCE = Duration.ofSeconds(10);

  private final Db db;
  private final Json json;
  private final Errors errors;
  private final Idempotency idempotency;
  private final KeyedWork keyed;
  private final Set<Cancellation> running = ConcurrentHashMap.newKeySet();

  Asks(Db db, Json json, Errors errors, Idempotency idempotency, KeyedWork keyed) {
    this.db = db;
    this.json = json;
    this.errors = errors;
    this.idempotency = idempotency;
    this.keyed = keyed;
  }

  /** One request to be answered. */
  record Asked(
      UUID userId, Actor actor, Exchange exchange, Idempotency.Keyed keyed, boolean streamed) {}

  /** What the first transaction came to: an earlier answer, or a reservation. */
  private record Opened<R>(Idempotency.@Nullable Replay replay, @Nullable R reserved) {}

  /**
   * Answers a request.
   *
   * @throws Refusal if it is refused before anybody was asked, or nothing usable came
   */
  <R, O> Reply answer(Asked asked, Asking<R, O> asking, ServerResponse response) {
    Opened<R> opened = open(asked, asking);
    if (opened.replay() != null) {
      response.header(KeyedWork.REPLAYED, "true");
      return replayed(asked, opened.replay());
    }
    R reserved = Objects.requireNonNull(opened.reserved());
    return asked.streamed()
        ? Reply.stream("text/event-stream", out -> stream(asked, asking, reserved, out))
        : ask(asked, asking, reserved, null, new Cancellation());
  }

  /** Lets what is running finish for a while, then ends it; returns at once. */
  void drain() {
    Thread.startVirtualThread(
        () -> {
          try {
            Thread.sleep(PATIENCE);
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
          }
          running.forEach(Cancellation::cancel);
        });
  }

  private <R, O> Opened<R> open(Asked asked, Asking<R, O> asking) {
    return keyed.inTurn(
        asked.userId(), asked.actor(), asked.keyed(), tx -> openOnce(tx, asked, asking));
  }

  private <R, O> Opened<R> openOnce(Tx tx, Asked asked, Asking<R, O> asking) {
    Optional<Idempotency.Replay> replay = idempotency.open(tx, asked.keyed());
    if (replay.isPresent()) {
      return new Opened<>(replay.get(), null);
    }
    R reserved = asking.reserve(tx, asked.keyed().key());
    idempotency.reserve(tx, asked.keyed());
    return new Opened<>(null, reserved);
  }

  /** The refusal that ends it is thrown after its transaction has committed. */
  private <R, O> Reply settle(Asked asked, Asking<R, O> asking, R reserved, O outcome) {
    Reply reply =
        db.write(
            asked.actor(),
            tx -> {
              if (!idempotency.reopen(tx, asked.keyed())) {
                // The job that gives back what was never settled has been here.
                throw Refusal.of(Code.SERVICE_UNAVAILABLE, "this took too long: try it again")
                    .retryAfter(Duration.ofSeconds(1));
              }
              Reply settled = asking.settle(tx, reserved, outcome);
              return switch (settled) {
                case Reply.Body(int status, Object body) when body != null -> {
                  byte[] bytes = json.bytes(body);
                  idempotency.settle(tx, asked.keyed(), status, bytes);
                  yield KeyedWork.bytes(status, bytes);
                }
                case Reply.Refused refused -> {
                  Idempotency.release(tx, asked.keyed().key());
                  yield refused;
                }
                default -> throw new IllegalStateException("neither a body nor a refusal");
              };
            });
    if (reply instanceof Reply.Refused(Refusal refusal)) {
      throw refusal;
    }
    return reply;
  }

  private <R, O> void stream(Asked asked, Asking<R, O> asking, R reserved, OutputStream out)
      throws IOException {
    Cancellation cancellation = new Cancellation();
    try (Sse sse = new Sse(out, json, BEAT, cancellation::cancel)) {
      try {
        Consumer<String> words = text -> sse.data(Map.of("text", text));
        Reply reply = ask(asked, asking, reserved, words, cancellation);
        if (reply instanceof Reply.Bytes bytes) {
          sse.event("result", result(bytes.bytes()));
        }
      } catch (RuntimeException e) {
        Refusal refusal = errors.refusal(e, asked.exchange().requestId());
        asked.exchange().code(refusal.code());
        sse.event("error", errors.text(refusal, asked.exchange().requestId()));
      }
      sse.done();
      if (sse.broken()) {
        throw new IOException("the client has gone");
      }
    }
  }

  private <R, O> Reply ask(
      Asked asked,
      Asking<R, O> asking,
      R reserved,
      @Nullable Consumer<String> words,
      Cancellation cancellation) {
    O outcome;
    running.add(cancellation);
    try {
      outcome = asking.ask(reserved, words, cancellation);
    } finally {
      running.remove(cancellation);
    }
    return settle(asked, asking, reserved, outcome);
  }

  private Reply replayed(Asked asked, Idempotency.Replay replay) {
    byte[] body = Objects.requireNonNull(replay.body()).getBytes(StandardCharsets.UTF_8);
    if (!asked.streamed()) {
      return KeyedWork.bytes(replay.status(), body);
    }
    return Reply.stream(
        "text/event-stream",
        out -> {
          try (Sse sse = new Sse(out, json, BEAT, () -> {})) {
            sse.event("result", result(body));
            sse.done();
          }
        });
  }

  /** What stands in {@code data}, as the stream tells it. */
  private String result(byte[] body) {
    return json.text(json.parse(new String(body, StandardCharsets.UTF_8)).get("data"));
  }
}
