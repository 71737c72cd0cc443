package app.perpetua.flow.http.websocket;

import app.perpetua.flow.base.ErrorCode;
import app.perpetua.flow.base.Refusal;
import app.perpetua.flow.http.Authentication;
import app.perpetua.flow.http.HttpConfig;
import app.perpetua.flow.http.Route;
import app.perpetua.flow.http.auth.Authenticator;
import app.perpetua.flow.http.auth.Principal;
import app.perpetua.flow.http.auth.SessionCheck;
import app.perpetua.flow.http.connection.RefusedUpgrade;
import app.perpetua.flow.http.limits.RateLimiter;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * WebSocket endpoints and the checks before an upgrade: token, rate, ticket, session, origin, then
 * those of the endpoint. A refused request continues as a plain HTTP request to the route of the
 * same path, which answers with the refusal. Thread-safe.
 */
public final class WebSocketGate {
  /**
   * A request for an upgrade.
   *
   * @param client the address
   * @param foreignOrigin whether it comes from a page of an origin that is not allowed
   * @param ticket the query parameter
   * @param token the deprecated query parameter
   */
  record UpgradeRequest(
      WebSocketRoute route,
      String requestId,
      String client,
      boolean foreignOrigin,
      @Nullable String authorization,
      @Nullable String ticket,
      @Nullable String token) {}

  /** Whether the upgrade is accepted. */
  sealed interface UpgradeDecision {
    /**
     * The upgrade takes place.
     *
     * @param headers of the response
     */
    record Accepted(WebSocketHandler handler, Optional<UUID> userId, Map<String, String> headers)
        implements UpgradeDecision {}

    record Rejected(RefusedUpgrade refusal) implements UpgradeDecision {}
  }

  private final Map<String, WebSocketRoute> routes;
  private final Authentication authentication;
  private final SessionCheck sessions;

  /**
   * @param routes with literal paths
   */
  public WebSocketGate(
      List<WebSocketRoute> routes,
      Authenticator authenticator,
      SessionCheck sessions,
      RateLimiter limiter,
      HttpConfig limits) {
    this.routes =
        routes.stream().collect(Collectors.toMap(WebSocketRoute::path, Function.identity()));
    this.authentication = new Authentication(authenticator, limiter, limits.rateLimits());
    this.sessions = sessions;
  }

  /** A route per endpoint, for requests that are not upgraded. */
  public List<Route> routes() {
    return routes.keySet().stream().map(Route::socket).toList();
  }

  Optional<WebSocketRoute> route(String path) {
    return Optional.ofNullable(routes.get(path));
  }

  UpgradeDecision decide(UpgradeRequest request) {
    Map<String, String> deprecation =
        request.token() == null ? Map.of() : request.route().tokenParameterEnd().headers();
    Map<String, String> headers = new HashMap<>(deprecation);
    try {
      String ticket = request.authorization() == null ? request.ticket() : null;
      Optional<Principal> principal =
          ticket == null
              ? principal(request, counted -> headers.putAll(counted.headers()))
              : Optional.empty();
      RateLimiter.Decision decision =
          principal
              .map(authentication::count)
              .orElseGet(() -> authentication.count(request.client()));
      headers.putAll(decision.headers());
      decision.check();
      // After the limit of the address, because a look-up costs more than a signature.
      Optional<UUID> userId =
          ticket == null
              ? principal.map(this::user)
              : Optional.of(user(request.route().tickets().apply(ticket)));
      if (request.foreignOrigin()) {
        throw Refusal.of(ErrorCode.FORBIDDEN, "this origin is not allowed");
      }
      WebSocketRoute.Handshake handshake =
          new WebSocketRoute.Handshake(request.requestId(), userId);
      return new UpgradeDecision.Accepted(
          request.route().handshakeHandler().apply(handshake), userId, deprecation);
    } catch (RuntimeException e) {
      return new UpgradeDecision.Rejected(new RefusedUpgrade(e, headers));
    }
  }

  private UUID user(Principal principal) {
    sessions.requireActive(principal.userId(), principal.sessionId());
    return principal.userId();
  }

  private UUID user(WebSocketRoute.TicketHolder holder) {
    sessions.requireActive(holder.userId(), holder.sessionId());
    return holder.userId();
  }

  /** The user; empty if the request has no credentials. */
  private Optional<Principal> principal(
      UpgradeRequest request, Consumer<RateLimiter.Decision> counted) {
    if (request.authorization() == null && request.token() == null) {
      return Optional.empty();
    }
    String token =
        request.authorization() == null
            ? request.token()
            : Authenticator.bearerToken(request.authorization()).orElse(null);
    Principal principal = authentication.require(token, request.client(), counted);
    principal.requireScopes(null);
    return Optional.of(principal);
  }
}
