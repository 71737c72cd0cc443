package app.perpetua.flow.http;

import app.perpetua.flow.http.Sockets.Outcome;
import io.helidon.common.buffers.BufferData;
import io.helidon.common.concurrency.limits.Limit;
import io.helidon.http.HeaderName;
import io.helidon.http.HeaderNames;
import io.helidon.http.Headers;
import io.helidon.http.HttpPrologue;
import io.helidon.http.WritableHeaders;
import io.helidon.webserver.CloseConnectionException;
import io.helidon.webserver.ConnectionContext;
import io.helidon.webserver.spi.ServerConnection;
import io.helidon.webserver.websocket.WsConfig;
import io.helidon.webserver.websocket.WsConnection;
import io.helidon.webserver.websocket.WsUpgrader;
import io.helidon.websocket.WsCloseCodes;
import io.helidon.websocket.WsListener;
import io.helidon.websocket.WsSession;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Turns HTTP connections into WebSockets (RFC 6455). Helidon's own upgrade would decide before a
 * route could answer, and its connection may end without telling its listener;
 * docs/decisions/voice.md lists what was found. Here whatever ends a connection is told.
 * Thread-safe.
 */
final class Upgrades extends WsUpgrader {
  private static final System.Logger LOG = System.getLogger(Upgrades.class.getName());
  private static final HeaderName REFUSED = HeaderNames.create(Sockets.REFUSED);

  /** RFC 6455, section 5.5. */
  private static final int MAX_CONTROL = 125;

  private final Sockets sockets;
  private final RequestId ids;
  private final ClientAddress addresses;
  private final Cors cors;
  private final Consumer<Finished> observer;

  Upgrades(
      WsConfig config,
      Sockets sockets,
      RequestId ids,
      ClientAddress addresses,
      Cors cors,
      Consumer<Finished> observer) {
    super(config);
    this.sockets = sockets;
    this.ids = ids;
    this.addresses = addresses;
    this.cors = cors;
    this.observer = observer;
  }

  /** Null lets the request go on as an ordinary one. */
  @Override
  public @Nullable ServerConnection upgrade(
      ConnectionContext context, HttpPrologue prologue, WritableHeaders<?> headers) {
    headers.remove(REFUSED);
    SocketRoute route = sockets.at(prologue.uriPath().rawPath()).orElse(null);
    if (route == null
        || !(context instanceof ClientConnection client)
        || client.isRestricted()
        || !prologue.method().text().equals("GET")
        || !SUPPORTED_VERSION.equals(first(headers, WS_VERSION))) {
      return null;
    }
    String key = first(headers, WS_KEY);
    if (key == null || !key.matches("[A-Za-z0-9+/]{22}==")) {
      return null;
    }
    long started = System.nanoTime();
    InetAddress peer = Edge.peer(client.remotePeer().address());
    Exchange exchange =
        new Exchange(
            ids.of(headers),
            addresses.of(peer, headers.all(HeaderNames.X_FORWARDED_FOR, List::of)),
            peer.isLoopbackAddress(),
            started);
    exchange.connection(client);
    exchange.route(route.path());
    Outcome outcome =
        sockets.open(
            new Sockets.Asked(
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
        yield opened(client, prologue, headers, key, exchange, opened.handler());
      }
    };
  }

  private ServerConnection opened(
      ClientConnection client,
      HttpPrologue prologue,
      Headers headers,
      String key,
      Exchange exchange,
      SocketHandler handler) {
    try {
      String head =
          SWITCHING_PROTOCOL_PREFIX
              + hash(client, key)
              + "\r\n"
              + RequestId.HEADER.defaultCase()
              + ": "
              + exchange.requestId()
              + SWITCHING_PROTOCOLS_SUFFIX;
      client.dataWriter().writeNow(BufferData.create(head.getBytes(StandardCharsets.US_ASCII)));
      client.upgraded();
    } catch (RuntimeException e) {
      handler.gone();
      throw new CloseConnectionException("the client went away before the upgrade", e);
    }
    observer.accept(
        new Finished(
            exchange, "GET", 101, Duration.ofNanos(System.nanoTime() - exchange.startedNanos())));
    return new Watched(
        WsConnection.create(client, prologue, headers, key, new Listener(client, handler)),
        handler);
  }

  private static @Nullable String first(Headers headers, HeaderName name) {
    return headers.first(name).orElse(null);
  }

  /** Helidon's connection, whose every end is told. */
  private record Watched(WsConnection connection, SocketHandler handler)
      implements ServerConnection {
    @Override
    public void handle(Limit limit) {
      try {
        connection.handle(limit);
      } catch (CloseConnectionException e) {
        throw e;
      } catch (RuntimeException e) {
        // Else it would be answered with HTTP, in the midst of frames.
        LOG.log(System.Logger.Level.DEBUG, "a WebSocket broke off", e);
        throw new CloseConnectionException("a WebSocket broke off", e);
      } finally {
        handler.gone();
      }
    }

    @Override
    @Deprecated
    @SuppressWarnings("removal")
    public void handle(java.util.concurrent.Semaphore permits) {
      // Helidon's older way in, which its listener does not take any more.
      throw new UnsupportedOperationException();
    }

    @Override
    public Duration idleTime() {
      return connection.idleTime();
    }

    @Override
    public void close(boolean interrupt) {
      connection.close(interrupt);
    }
  }

  /** Helidon's events in our words. */
  private static final class Listener implements WsListener {
    private final ClientConnection client;
    private final SocketHandler handler;
    private @Nullable ClientSocket socket;

    Listener(ClientConnection client, SocketHandler handler) {
      this.client = client;
      this.handler = handler;
    }

    @Override
    public void onOpen(WsSession session) {
      ClientSocket opened = new ClientSocket(client);
      socket = opened;
      told(() -> handler.opened(opened));
    }

    @Override
    public void onMessage(WsSession session, String text, boolean last) {
      told(() -> handler.text(text, last));
    }

    @Override
    public void onMessage(WsSession session, BufferData buffer, boolean last) {
      told(() -> handler.binary(buffer.readBytes(), last));
    }

    @Override
    public void onPing(WsSession session, BufferData buffer) {
      if (buffer.available() > MAX_CONTROL) {
        closed(WsCloseCodes.PROTOCOL_ERROR, "a control frame of more than 125 bytes");
      }
      told(() -> handler.ping(buffer.readBytes()));
    }

    @Override
    public void onPong(WsSession session, BufferData buffer) {
      told(handler::pong);
    }

    private void told(Runnable event) {
      try {
        event.run();
      } catch (CloseConnectionException e) {
        throw e;
      } catch (RuntimeException e) {
        LOG.log(System.Logger.Level.ERROR, "a WebSocket's handler failed", e);
        closed(WsCloseCodes.UNEXPECTED_CONDITION, "something went wrong on our side");
      }
    }

    private void closed(int code, String reason) {
      if (socket != null) {
        socket.close(code, reason);
      }
      throw new CloseConnectionException(reason);
    }
  }
}
