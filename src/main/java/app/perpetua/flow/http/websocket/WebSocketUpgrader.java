package app.perpetua.flow.http.websocket;

import app.perpetua.flow.http.CompletedRequest;
import app.perpetua.flow.http.Cors;
import app.perpetua.flow.http.RequestContext;
import app.perpetua.flow.http.RequestId;
import app.perpetua.flow.http.Route;
import app.perpetua.flow.http.connection.ClientAddress;
import app.perpetua.flow.http.connection.ClientConnection;
import app.perpetua.flow.http.websocket.WebSocketGate.Outcome;
import io.helidon.common.buffers.BufferData;
import io.helidon.http.HeaderName;
import io.helidon.http.HeaderNames;
import io.helidon.http.Headers;
import io.helidon.http.HttpPrologue;
import io.helidon.http.WritableHeaders;
import io.helidon.webserver.CloseConnectionException;
import io.helidon.webserver.ConnectionContext;
import io.helidon.webserver.http1.spi.Http1Upgrader;
import io.helidon.webserver.spi.ServerConnection;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Turns HTTP connections into WebSockets (RFC 6455, section 4.2). Why this is not Helidon's own
 * upgrade is in docs/decisions/voice.md. Thread-safe.
 */
public final class WebSocketUpgrader implements Http1Upgrader {
  private static final HeaderName REFUSED = HeaderNames.create(Route.Socket.REFUSED);
  private static final HeaderName KEY = HeaderNames.create("Sec-WebSocket-Key");
  private static final HeaderName VERSION = HeaderNames.create("Sec-WebSocket-Version");
  private static final String SUPPORTED_VERSION = "13";
  private static final String ACCEPT_SUFFIX = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

  private final WebSocketGate sockets;
  private final RequestId ids;
  private final ClientAddress addresses;
  private final Cors cors;
  private final Consumer<CompletedRequest> observer;

  public WebSocketUpgrader(
      WebSocketGate sockets,
      RequestId ids,
      ClientAddress addresses,
      Cors cors,
      Consumer<CompletedRequest> observer) {
    this.sockets = sockets;
    this.ids = ids;
    this.addresses = addresses;
    this.cors = cors;
    this.observer = observer;
  }

  @Override
  public String supportedProtocol() {
    return "websocket";
  }

  /** Null lets the request go on as an ordinary one. */
  @Override
  public @Nullable ServerConnection upgrade(
      ConnectionContext context, HttpPrologue prologue, WritableHeaders<?> headers) {
    headers.remove(REFUSED);
    WebSocketRoute route = sockets.at(prologue.uriPath().rawPath()).orElse(null);
    if (route == null
        || !(context instanceof ClientConnection client)
        || client.isRestricted()
        || !prologue.method().text().equals("GET")
        || !SUPPORTED_VERSION.equals(first(headers, VERSION))) {
      return null;
    }
    String key = first(headers, KEY);
    if (key == null || !key.matches("[A-Za-z0-9+/]{22}==")) {
      return null;
    }
    long started = System.nanoTime();
    InetAddress peer = ClientAddress.peer(client.remotePeer().address());
    RequestContext exchange =
        new RequestContext(
            ids.of(headers),
            addresses.of(peer, headers.all(HeaderNames.X_FORWARDED_FOR, List::of)),
            peer.isLoopbackAddress(),
            started);
    exchange.connection(client);
    exchange.route(route.path());
    Outcome outcome =
        sockets.open(
            new WebSocketGate.Asked(
                route,
                exchange.requestId(),
                exchange.client(),
                cors.isForeign(headers),
                first(headers, HeaderNames.AUTHORIZATION),
                prologue.query().contains("token") ? prologue.query().get("token") : null));
    return switch (outcome) {
      case Outcome.Turned(String reason) -> {
        headers.set(REFUSED, reason);
        yield null;
      }
      case Outcome.Opened opened -> {
        opened.principal().ifPresent(principal -> exchange.userId(principal.userId()));
        yield opened(client, key, exchange, opened.handler());
      }
    };
  }

  private ServerConnection opened(
      ClientConnection client, String key, RequestContext exchange, WebSocketHandler handler) {
    try {
      String head =
          "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
              + "Sec-WebSocket-Accept: "
              + accept(key)
              + "\r\n"
              + RequestId.HEADER.defaultCase()
              + ": "
              + exchange.requestId()
              + "\r\n\r\n";
      client.dataWriter().writeNow(BufferData.create(head.getBytes(StandardCharsets.US_ASCII)));
      client.upgraded();
    } catch (RuntimeException e) {
      handler.onClose();
      throw new CloseConnectionException("the client went away before the upgrade", e);
    }
    observer.accept(
        new CompletedRequest(
            exchange, "GET", 101, Duration.ofNanos(System.nanoTime() - exchange.startedNanos())));
    return new WebSocketConnection(client, handler);
  }

  private static @Nullable String first(Headers headers, HeaderName name) {
    return headers.first(name).orElse(null);
  }

  /** RFC 6455, section 4.2.2. */
  private static String accept(String key) {
    try {
      byte[] digest =
          MessageDigest.getInstance("SHA-1")
              .digest((key + ACCEPT_SUFFIX).getBytes(StandardCharsets.US_ASCII));
      return Base64.getEncoder().encodeToString(digest);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-1", e);
    }
  }
}
