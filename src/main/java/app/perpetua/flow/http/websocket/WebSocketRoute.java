package app.perpetua.flow.http.websocket;

import app.perpetua.flow.base.Refusal;
import app.perpetua.flow.http.Principal;
import java.util.Optional;
import java.util.function.Function;

/**
 * A WebSocket endpoint.
 *
 * @param path the full path
 * @param handshakeHandler accepts an upgrade, or throws a {@link Refusal} to answer with an HTTP
 *     status instead; runs in the connection's thread and may wait for the database
 */
public record WebSocketRoute(String path, Function<Handshake, WebSocketHandler> handshakeHandler) {
  /**
   * A request for an upgrade.
   *
   * @param requestId {@code X-Request-ID}
   * @param principal the authenticated user; empty if the request has no token, which the handler
   *     must then require in a message
   */
  public record Handshake(String requestId, Optional<Principal> principal) {}
}
