package app.perpetua.flow.http;

import app.perpetua.flow.account.AccessTokens;
import app.perpetua.flow.account.Principal;
import app.perpetua.flow.base.Code;
import app.perpetua.flow.base.Json;
import app.perpetua.flow.base.Refusal;
import app.perpetua.flow.sql.Actor;
import app.perpetua.flow.sql.Db;
import app.perpetua.flow.sql.Tx;
import io.helidon.http.HeaderNames;
import io.helidon.http.Status;
import io.helidon.webserver.CloseConnectionException;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import java.io.IOException;
import java.io.OutputStream;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * What every request passes, in the order in which refusals are told: token, rate, key, body, then
 * the route's own work inside a transaction, and at last the answer, rendered before the commit so
 * that a keyed write stores the very bytes it sends. Thread-safe.
 */
public final class Endpoint {
  private static final String BEARER = "Bearer ";
  private static final String JSON = "application/json";
  private static final String EVENT_STREAM = "text/event-stream";

  /** What the twin that always streams has behind its path: a repeat may come to either. */
  private static final String STREAM_TWIN = "/stream";

  private final Json json;
  private final Errors errors;
  private final Db db;
  private final AccessTokens tokens;
  private final RateLimiter limiter;
  private final HttpConfig limits;
  private final Admission admission = new Admission();
  private final KeyedWork keyed;
  private final Asks asks;

  /** Everything a request passes on its way. */
  public Endpoint(
      Json json,
      Errors errors,
      Db db,
      AccessTokens tokens,
      RateLimiter limiter,
      HttpConfig limits) {
    this.json = json;
    this.errors = errors;
    this.db = db;
    this.tokens = tokens;
    this.limiter = limiter;
    this.limits = limits;
    Idempotency idempotency = new Idempotency();
    this.keyed = new KeyedWork(json, db, idempotency, admission);
    this.asks = new Asks(db, json, errors, idempotency, keyed);
  }

  /**
   * Deletes answers kept for idempotency keys that have outlived their 24 hours.
   *
   * @param tx the system's
   * @return how many, at most {@code batch}
   */
  public static int deleteOutlivedKeys(Tx tx, int batch) {
    return Idempotency.deleteOutlived(tx, batch);
  }

  /**
   * Frees a key whose request asked somebody else and was never settled.
   *
   * @param tx the owner's, locked
   * @return false if it was settled, or is free already
   */
  public static boolean release(Tx tx, UUID key) {
    return Idempotency.release(tx, key);
  }

  /** At shutdown: requests that wait for somebody else end before the server stops waiting. */
  public void drain() {
    asks.drain();
  }

  /** Answers one request; nothing but a broken connection gets out of here as an exception. */
  public void handle(Route route, ServerRequest request, ServerResponse response) {
    Exchange exchange = request.context().get(Exchange.class).orElseThrow();
    exchange.route(route.path());
    try {
      send(exchange, response, answer(exchange, route, request, response));
    } catch (CloseConnectionException e) {
      throw e;
    } catch (RuntimeException e) {
      send(exchange, response, refused(exchange, e, response));
    }
  }

  private Reply answer(
      Exchange exchange, Route route, ServerRequest request, ServerResponse response) {
    Principal principal =
        switch (route.handler()) {
          case Route.Read _, Route.Write _, Route.Ask _ -> authenticate(exchange, request);
          case Route.Plain _, Route.Open _, Route.Socket _ -> null;
        };
    // Whoever asked for an upgrade was counted then.
    if (!(route.handler() instanceof Route.Socket) || header(request, Sockets.REFUSED) == null) {
      limit(exchange, route, principal, response);
    }
    UUID key =
        switch (route.handler()) {
          case Route.Write _, Route.Ask _ -> key(route, request);
          case Route.Read _, Route.Plain _, Route.Open _, Route.Socket _ -> null;
        };
    byte[] body = body(route, request);
    Request parsed = parsed(exchange, principal, request, body);
    return switch (route.handler()) {
      case Route.Plain plain -> plain.answer().apply(parsed);
      case Route.Socket socket -> socket.answer().apply(parsed);
      case Route.Open open -> {
        Function<Tx, Reply> work = open.work().prepare(parsed);
        Actor system = Actor.system(exchange.requestId());
        yield admission.admit(() -> db.write(system, work));
      }
      case Route.Read read -> {
        Function<Tx, Reply> work = read.work().prepare(parsed);
        Actor actor = Actor.user(parsed.principal().userId(), exchange.requestId());
        yield work instanceof Search
            ? admission.search(parsed.principal().userId(), () -> db.read(actor, work))
            : admission.read(parsed.principal().userId(), () -> db.read(actor, work));
      }
      case Route.Write writing -> {
        Function<Tx, Reply> work = writing.work().prepare(parsed);
        Actor actor = Actor.user(parsed.principal().userId(), exchange.requestId());
        yield key == null
            ? admission.write(
                parsed.principal().userId(),
                () ->
                    db.write(
                        actor,
                        tx -> {
                          tx.lockOwner();
                          return work.apply(tx);
                        }))
            : keyed.write(
                parsed.principal().userId(),
                actor,
                Idempotency.keyed(key, route.method().name(), target(request), body),
                work,
                response);
      }
      case Route.Ask ask ->
          asks.answer(
              new Asks.Asked(
                  parsed.principal().userId(),
                  Actor.user(parsed.principal().userId(), exchange.requestId()),
                  exchange,
                  Idempotency.keyed(
                      Objects.requireNonNull(key),
                      route.method().name(),
                      target(request).replace(STREAM_TWIN, ""),
                      body),
                  streams(ask, request)),
              ask.prepare().apply(parsed),
              response);
    };
  }

  private static boolean streams(Route.Ask ask, ServerRequest request) {
    return switch (ask.streams()) {
      case NEVER -> false;
      case ALWAYS -> true;
      case IF_ACCEPTED -> {
        String accept = header(request, "Accept");
        yield accept != null && accept.toLowerCase(Locale.ROOT).contains(EVENT_STREAM);
      }
    };
  }

  private Principal authenticate(Exchange exchange, ServerRequest request) {
    String header = header(request, "Authorization");
    if (header == null
        || !header.regionMatches(true, 0, BEARER, 0, BEARER.length())
        || header.length() == BEARER.length()) {
      throw AccessTokens.refused();
    }
    Principal principal = tokens.verify(header.substring(BEARER.length()).strip());
    exchange.userId(principal.userId());
    return principal;
  }

  private void limit(
      Exchange exchange, Route route, @Nullable Principal principal, ServerResponse response) {
    int limit =
        switch (route.bucket()) {
          case PROBE, EXEMPT -> 0;
          case AUTH -> limits.rateLimitAuth();
          case AI -> limits.rateLimitAi();
          case GENERAL -> limits.rateLimitGeneral();
        };
    if (limit == 0) {
      return;
    }
    String who = principal == null ? exchange.client() : principal.userId().toString();
    RateLimiter.Verdict verdict =
        limiter.take(route.bucket().name().toLowerCase(Locale.ROOT), who, limit);
    verdict.headers().forEach((name, value) -> response.header(name, value));
    if (!verdict.allowed()) {
      throw Refusal.of(Code.RATE_LIMIT_EXCEEDED, "more than " + limit + " requests a minute")
          .retryAfter(verdict.retryAfter());
    }
  }

  private static @Nullable UUID key(Route route, ServerRequest request) {
    boolean required = route.method() == Route.Verb.POST || route.method() == Route.Verb.PATCH;
    return Idempotency.key(header(request, "Idempotency-Key"), required);
  }

  private byte[] body(Route route, ServerRequest request) {
    byte[] body =
        route.method() == Route.Verb.GET
            ? new byte[0]
            : RequestBody.read(request, RequestBody.MAX_BYTES);
    if (body.length > 0 && !isJson(header(request, "Content-Type"))) {
      throw Refusal.of(Code.UNSUPPORTED_MEDIA_TYPE, "the body must be application/json in UTF-8");
    }
    return body;
  }

  private static boolean isJson(@Nullable String contentType) {
    if (contentType == null) {
      return false;
    }
    String[] parts = contentType.split(";", -1);
    for (int i = 1; i < parts.length; i++) {
      String parameter = parts[i].strip().toLowerCase(Locale.ROOT).replace("\"", "");
      if (parameter.startsWith("charset=") && !parameter.equals("charset=utf-8")) {
        return false;
      }
    }
    return parts[0].strip().equalsIgnoreCase(JSON);
  }

  private Request parsed(
      Exchange exchange, @Nullable Principal principal, ServerRequest request, byte[] body) {
    Map<String, String> query = new HashMap<>();
    for (String name : request.query().names()) {
      query.put(name, request.query().get(name));
    }
    return new Request(
        json,
        exchange,
        principal,
        name -> request.path().pathParameters().get(name),
        name -> header(request, name),
        new Query(query),
        body,
        db.now());
  }

  private Reply refused(Exchange exchange, Throwable failure, ServerResponse response) {
    Refusal refusal = errors.refusal(failure, exchange.requestId());
    exchange.code(refusal.code());
    if (refusal.extras().get("retry_after") instanceof Number seconds) {
      response.header("Retry-After", seconds.toString());
    }
    return KeyedWork.bytes(refusal.code().status(), errors.json(refusal, exchange.requestId()));
  }

  private void send(Exchange exchange, ServerResponse response, Reply reply) {
    switch (reply) {
      case Reply.Body(int status, Object body) when body == null ->
          response.status(Status.create(status)).send();
      case Reply.Body body -> send(exchange, response, keyed.rendered(body));
      case Reply.Bytes(int status, String type, String cacheControl, byte[] bytes) ->
          response
              .status(Status.create(status))
              .header(HeaderNames.CONTENT_TYPE, type)
              .header(HeaderNames.CACHE_CONTROL, cacheControl)
              .send(bytes);
      case Reply.Refused(Refusal refusal) ->
          send(exchange, response, refused(exchange, refusal, response));
      case Reply.Headed(Reply bare, Map<String, String> headers) -> {
        headers.forEach((name, value) -> response.header(name, value));
        send(exchange, response, bare);
      }
      case Reply.Stream(int status, String type, String cacheControl, Reply.Writer writer) -> {
        response
            .status(Status.create(status))
            .header(HeaderNames.CONTENT_TYPE, type)
            .header(HeaderNames.CACHE_CONTROL, cacheControl);
        stream(response, writer);
      }
    }
  }

  /** What breaks in mid-stream cannot be told any more; the cut connection tells it. */
  private static void stream(ServerResponse response, Reply.Writer writer) {
    try {
      OutputStream out = response.outputStream();
      writer.write(out);
      out.close();
    } catch (IOException | RuntimeException e) {
      throw new CloseConnectionException("a streamed answer broke off", e);
    }
  }

  private static String target(ServerRequest request) {
    String query = request.query().rawValue();
    return request.path().rawPath() + (query.isEmpty() ? "" : "?" + query);
  }

  private static @Nullable String header(ServerRequest request, String name) {
    return request.headers().first(HeaderNames.create(name)).orElse(null);
  }
}
