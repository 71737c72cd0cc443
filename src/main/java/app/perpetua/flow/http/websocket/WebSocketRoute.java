package app.perpetua.flow.http.websocket;

import app.perpetua.flow.base.Refusal;
import app.perpetua.flow.http.Principal;
import java.util.Optional;

/**
 * A WebSocket endpoint.
 *
 * @param path the full path
 */
public record WebSocketRoute(String path, HandshakeHandler handshakeHandler) {
  /**
   * A request for an upgrade.
   *
   * @param requestId {@code X-Request-ID}
   * @param principal the authenticated user; empty if the request has no token, which the handler
   *     must then require in a message
   */
  public record Handshake(String requestId, Optional<Principal> principal) {}

  /** Accepts or refuses requests for an upgrade. */
  @FunctionalInterface
  public interface HandshakeHandler {
    /**
     * Accepts a request. Runs in the connection's thread and may wait for the database.
     *
     * @throws Refusal to answer with an HTTP status instead of the upgrade
     */
    WebSocketHandler accept(Handshake handshake);
  }
}
