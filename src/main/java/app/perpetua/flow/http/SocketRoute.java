package app.perpetua.flow.http;

import app.perpetua.flow.base.Refusal;
import java.util.Optional;

/**
 * One WebSocket endpoint.
 *
 * @param path the full path
 * @param opening decides who is let in
 */
public record SocketRoute(String path, Opening opening) {
  /**
   * A request for an upgrade.
   *
   * @param requestId {@code X-Request-ID}
   * @param principal whom its token speaks for; empty if it brought none, which the handler must
   *     then ask for
   */
  public record Handshake(String requestId, Optional<Principal> principal) {}

  /** Decides before the upgrade. */
  @FunctionalInterface
  public interface Opening {
    /**
     * Lets the client in. Called by the connection's thread, which may wait for the database.
     *
     * @throws Refusal to answer with an ordinary status instead
     */
    SocketHandler open(Handshake handshake);
  }
}
