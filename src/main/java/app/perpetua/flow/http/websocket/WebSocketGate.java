package app.perpetua.flow.http.websocket;

import app.perpetua.flow.base.ErrorCode;
import app.perpetua.flow.base.Ids;
import app.perpetua.flow.base.Refusal;
import app.perpetua.flow.http.Authenticator;
import app.perpetua.flow.http.HttpConfig;
import app.perpetua.flow.http.Principal;
import app.perpetua.flow.http.Reply;
import app.perpetua.flow.http.Request;
import app.perpetua.flow.http.Route;
import app.perpetua.flow.http.limits.RateLimiter;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * WebSocket endpoints and the checks before an upgrade: token, rate, allowed origin, then those of
 * the endpoint. A refused request continues as a plain HTTP request to the route of the same path,
 * which answers with the refusal. Thread-safe.
 */
public final class WebSocketGate {
  private record Refused(RuntimeException why, Map<String, String> headers) {}

  /** A request for an upgrade. */
  record Asked(
      WebSocketRoute route,
      String requestId,
      String client,
      boolean foreign,
      @Nullable String authorization,
      @Nullable String token) {}

  /** Whether the upgrade is accepted. */
  sealed interface Outcome {
    /** Accepted. */
    record Opened(WebSocketHandler handler, Optional<Principal> principal) implements Outcome {}

    /** Refused; the route finds the refusal by this key. */
    record Turned(String key) implements Outcome {}
  }

  private record Gate(Authenticator authenticator, RateLimiter limiter, int limit, Ids ids) {}

  private final Map<String, WebSocketRoute> routes;
  private final @Nullable Gate gate;

  /** Holds a refusal until the route, in the same thread, answers with it. */
  private final Map<String, Refused> refused = new ConcurrentHashMap<>();

  /**
   * @param routes with literal paths
   */
  public WebSocketGate(
      List<WebSocketRoute> routes,
      Authenticator authenticator,
      RateLimiter limiter,
      HttpConfig limits,
      Ids ids) {
    this(routes, new Gate(authenticator, limiter, limits.rateLimitGeneral(), ids));
  }

  private WebSocketGate(List<WebSocketRoute> routes, @Nullable Gate gate) {
    this.routes =
        routes.stream().collect(Collectors.toMap(WebSocketRoute::path, Function.identity()));
    this.gate = gate;
  }

  /** Without endpoints. */
  public static WebSocketGate none() {
    return new WebSocketGate(List.of(), null);
  }

  /** A route per endpoint, for requests that are not upgraded. */
  public List<Route> routes() {
    return routes.keySet().stream().map(path -> Route.socket(path, this::answer)).toList();
  }

  /** Answers a request that was not upgraded with the reason. */
  public Reply answer(Request request) {
    Refused found = request.header(Route.Socket.REFUSED).map(refused::remove).orElse(null);
    if (found == null) {
      throw Refusal.of(ErrorCode.VALIDATION_ERROR, "this is a WebSocket: ask for an upgrade");
    }
    if (found.why() instanceof Refusal refusal) {
      return found.headers().isEmpty()
          ? Reply.refused(refusal)
          : new Reply.WithHeaders(Reply.refused(refusal), found.headers());
    }
    throw found.why();
  }

  Optional<WebSocketRoute> at(String path) {
    return Optional.ofNullable(routes.get(path));
  }

  Outcome open(Asked asked) {
    Gate guarded = Objects.requireNonNull(gate);
    Map<String, String> headers = Map.of();
    try {
      Optional<Principal> principal = principal(asked, guarded.authenticator());
      String who = principal.map(known -> known.userId().toString()).orElse(asked.client());
      RateLimiter.Verdict verdict = guarded.limiter().take("general", who, guarded.limit());
      headers = verdict.headers();
      if (!verdict.allowed()) {
        throw Refusal.of(
                ErrorCode.RATE_LIMIT_EXCEEDED,
                "more than " + guarded.limit() + " requests a minute")
            .retryAfter(verdict.retryAfter());
      }
      if (asked.foreign()) {
        throw Refusal.of(ErrorCode.FORBIDDEN, "this origin is not allowed");
      }
      WebSocketRoute.Handshake handshake =
          new WebSocketRoute.Handshake(asked.requestId(), principal);
      return new Outcome.Opened(asked.route().opening().open(handshake), principal);
    } catch (RuntimeException e) {
      String key = guarded.ids().next().toString();
      refused.put(key, new Refused(e, headers));
      return new Outcome.Turned(key);
    }
  }

  private static Optional<Principal> principal(Asked asked, Authenticator authenticator) {
    return asked.authorization() == null
        ? Optional.ofNullable(asked.token()).map(authenticator::verify)
        : Optional.of(authenticator.verifyBearer(asked.authorization()));
  }
}
