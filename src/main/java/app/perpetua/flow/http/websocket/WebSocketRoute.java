package app.perpetua.flow.http.websocket;

import app.perpetua.flow.base.Refusal;
import app.perpetua.flow.http.Principal;
import java.util.Optional;

/**
 * One WebSocket endpoint.
 *
 * @param path the full path
 * @param opening accepts or refuses requests
 */
public record WebSocketRoute(String path, Opening opening) {
  /**
   * A request for an upgrade.
   *
   * @param requestId {@code X-Request-ID}
   * @param principal the authenticated user; empty if the request has no token, which the handler
   *     must then ask for
   */
  public record Handshake(String requestId, Optional<Principal> principal) {}

  /** Decides before the upgrade. */
  @FunctionalInterface
  public interface Opening {
    /**
     * Accepts a request. Runs in the connection's thread, and may wait for the database.
     *
     * @throws Refusal to answer with an HTTP status instead of the upgrade
     */
    WebSocketHandler open(Handshake handshake);
  }
}
