package app.perpetua.flow.http.websocket;

import app.perpetua.flow.base.Refusal;
import app.perpetua.flow.http.Route;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A WebSocket endpoint.
 *
 * @param path the full path
 * @param tickets uses up a one-time ticket and returns its holder, or throws a {@link Refusal};
 *     runs in the connection's thread and may wait for the database
 * @param tokenParameterEnd of the deprecated query parameter {@code token}
 * @param handshakeHandler accepts an upgrade, or throws a {@link Refusal} to answer with an HTTP
 *     status instead; runs in the connection's thread and may wait for the database
 */
public record WebSocketRoute(
    String path,
    Function<String, TicketHolder> tickets,
    Route.Sunset tokenParameterEnd,
    Function<Handshake, WebSocketHandler> handshakeHandler) {
  /**
   * To whom a ticket was issued.
   *
   * @param sessionId the session of the access token with which it was requested; null if that was
   *     a token of an earlier release
   */
  public record TicketHolder(UUID userId, @Nullable UUID sessionId) {}

  /**
   * A request for an upgrade.
   *
   * @param requestId {@code X-Request-ID}
   * @param userId the authenticated user; empty if the request has neither token nor ticket: the
   *     handler must then require a token in a message
   */
  public record Handshake(String requestId, Optional<UUID> userId) {}
}
