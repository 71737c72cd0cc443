package app.perpetua.flow.http.websocket;

import app.perpetua.flow.base.TraceContext;
import app.perpetua.flow.http.CompletedRequest;
import app.perpetua.flow.http.Lifecycle;
import app.perpetua.flow.http.RequestContext;
import app.perpetua.flow.http.RequestId;
import app.perpetua.flow.http.connection.ClientAddress;
import app.perpetua.flow.http.connection.ClientConnection;
import app.perpetua.flow.http.connection.RefusedUpgrade;
import app.perpetua.flow.http.cors.Cors;
import app.perpetua.flow.http.websocket.WebSocketGate.UpgradeDecision;
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
import java.util.Base64;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Upgrades HTTP connections to WebSockets (RFC 6455, section 4.2); docs/decisions/voice.md explains
 * why Helidon's own upgrade is not used. Thread-safe.
 */
public final class WebSocketUpgrader implements Http1Upgrader {
  private static final HeaderName TRACEPARENT = HeaderNames.create(TraceContext.HEADER);
  private static final HeaderName KEY = HeaderNames.create("Sec-WebSocket-Key");
  private static final HeaderName VERSION = HeaderNames.create("Sec-WebSocket-Version");
  private static final String SUPPORTED_VERSION = "13";
  private static final String ACCEPT_SUFFIX = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

  private final WebSocketGate gate;
  private final Lifecycle lifecycle;
  private final RequestId ids;
  private final ClientAddress addresses;
  private final Cors cors;
  private final Consumer<CompletedRequest> observer;

  public WebSocketUpgrader(
      WebSocketGate gate,
      Lifecycle lifecycle,
      RequestId ids,
      ClientAddress addresses,
      Cors cors,
      Consumer<CompletedRequest> observer) {
    this.gate = gate;
    this.lifecycle = lifecycle;
    this.ids = ids;
    this.addresses = addresses;
    this.cors = cors;
    this.observer = observer;
  }

  @Override
  public String supportedProtocol() {
    return "websocket";
  }

  /** Returns null to continue with a plain HTTP request. */
  @Override
  public @Nullable ServerConnection upgrade(
      ConnectionContext connection, HttpPrologue prologue, WritableHeaders<?> headers) {
    WebSocketRoute route = gate.route(prologue.uriPath().rawPath()).orElse(null);
    if (route == null
        || !(connection instanceof ClientConnection client)
        || client.isRestricted()
        || lifecycle.isStarting()
        || !prologue.method().text().equals("GET")
        || !SUPPORTED_VERSION.equals(first(headers, VERSION))) {
      return null;
    }
    String key = first(headers, KEY);
    if (key == null || !key.matches("[A-Za-z0-9+/]{22}==")) {
      return null;
    }
    InetAddress peer = ClientAddress.peer(client.remotePeer().address());
    RequestContext context =
        new RequestContext(
            ids.of(headers),
            addresses.of(peer, headers, route.path()),
            () -> addresses.isLocal(peer, headers));
    context.connection(client);
    context.route(route.path());
    WebSocketGate.UpgradeRequest request =
        new WebSocketGate.UpgradeRequest(
            route,
            context.requestId(),
            context.client(),
            cors.isForeign(headers),
            first(headers, HeaderNames.AUTHORIZATION),
            parameter(prologue, "ticket"),
            parameter(prologue, "token"));
    TraceContext trace = TraceContext.continued(headers.all(TRACEPARENT, List::of));
    UpgradeDecision decision = trace.call(() -> gate.decide(request));
    return switch (decision) {
      case UpgradeDecision.Rejected(RefusedUpgrade refusal) -> {
        client.refuseUpgrade(refusal);
        yield null;
      }
      case UpgradeDecision.Accepted accepted -> {
        accepted.userId().ifPresent(context::userId);
        yield trace.call(() -> accept(client, key, context, accepted, trace));
      }
    };
  }

  private ServerConnection accept(
      ClientConnection client,
      String key,
      RequestContext context,
      UpgradeDecision.Accepted accepted,
      TraceContext trace) {
    WebSocketHandler handler = accepted.handler();
    try {
      StringBuilder head =
          new StringBuilder(
              "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n");
      header(head, "Sec-WebSocket-Accept", acceptKey(key));
      header(head, RequestId.HEADER.defaultCase(), context.requestId());
      accepted.headers().forEach((name, value) -> header(head, name, value));
      String response = head.append("\r\n").toString();
      client.dataWriter().writeNow(BufferData.create(response.getBytes(StandardCharsets.US_ASCII)));
      client.upgraded();
    } catch (RuntimeException e) {
      handler.onClose();
      throw new CloseConnectionException("the client disconnected before the upgrade", e);
    }
    observer.accept(new CompletedRequest(context, "GET", 101, context.elapsed()));
    return new WebSocketConnection(client, handler, trace);
  }

  private static void header(StringBuilder head, String name, String value) {
    head.append(name).append(": ").append(value).append("\r\n");
  }

  private static @Nullable String parameter(HttpPrologue prologue, String name) {
    return prologue.query().contains(name) ? prologue.query().get(name) : null;
  }

  private static @Nullable String first(Headers headers, HeaderName name) {
    return headers.first(name).orElse(null);
  }

  /** RFC 6455, section 4.2.2. */
  private static String acceptKey(String key) {
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
