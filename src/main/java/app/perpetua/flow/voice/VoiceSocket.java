package app.perpetua.flow.voice;

import app.perpetua.flow.base.Json;
import app.perpetua.flow.base.Refusal;
import app.perpetua.flow.http.auth.Authenticator;
import app.perpetua.flow.http.websocket.ClientSocket;
import app.perpetua.flow.http.websocket.WebSocketHandler;
import app.perpetua.flow.http.websocket.WebSocketRoute.Handshake;
import app.perpetua.flow.sql.Actor;
import app.perpetua.flow.sql.DatabaseException;
import java.util.UUID;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;

/**
 * The client's connection of {@code WS /ws/voice/transcribe}: parses its messages, enforces their
 * limits and sends the answers. Only the connection's thread delivers messages.
 */
final class VoiceSocket implements WebSocketHandler, VoiceClient, Monitored {
  private static final System.Logger LOG = System.getLogger(VoiceSocket.class.getName());

  private static final int MAX_AUDIO = 32 * 1024;

  /** The longest message is an access token. */
  private static final int MAX_TEXT = 8 * 1024;

  /** A recorder that sends every 20 ms needs 50, and catches up after a stall. */
  private static final int FRAMES_PER_SECOND = 100;

  private static final int FRAME_BURST = 500;

  private static final int POLICY_VIOLATION = 1008;
  private static final int TRY_AGAIN_LATER = 1013;
  private static final int GOING_AWAY = 1001;

  private final LiveSessionRegistry registry;
  private final Function<String, UUID> tokens;
  private final Json json;
  private final String requestId;
  private final TokenBucket frameLimit;

  private volatile @Nullable LiveSession session;
  private volatile @Nullable ClientSocket socket;
  private volatile long lastReceivedNanos;
  private volatile long openedNanos;

  private VoiceSocket(
      LiveSessionRegistry registry, Function<String, UUID> tokens, Json json, String requestId) {
    this.registry = registry;
    this.tokens = tokens;
    this.json = json;
    this.requestId = requestId;
    this.lastReceivedNanos = now();
    this.openedNanos = lastReceivedNanos;
    this.frameLimit = new TokenBucket(FRAMES_PER_SECOND, FRAME_BURST, lastReceivedNanos);
  }

  /**
   * Called before the upgrade; reserves a session if the request has a token or a ticket.
   *
   * @param tokens verifies an access token in a message and returns its user, or throws a {@link
   *     Refusal}
   * @throws Refusal as {@link LiveSessionRegistry#open}
   */
  static WebSocketHandler open(
      LiveSessionRegistry registry, Function<String, UUID> tokens, Json json, Handshake handshake) {
    registry.requireService();
    VoiceSocket socket = new VoiceSocket(registry, tokens, json, handshake.requestId());
    handshake.userId().ifPresent(socket::reserve);
    return socket;
  }

  private void reserve(UUID userId) {
    session = registry.open(Actor.user(userId, requestId), this);
  }

  @Override
  public void onOpen(ClientSocket opened) {
    socket = opened;
    lastReceivedNanos = now();
    LiveSession reserved = session;
    if (reserved != null) {
      reserved.start();
    } else {
      openedNanos = lastReceivedNanos;
      registry.monitor(this);
    }
  }

  @Override
  public int maxTextBytes() {
    return MAX_TEXT;
  }

  @Override
  public int maxBinaryBytes() {
    return MAX_AUDIO;
  }

  @Override
  public boolean onFrame() {
    lastReceivedNanos = now();
    if (!frameLimit.tryTake(lastReceivedNanos)) {
      end(EndReason.RATE_LIMITED);
      return false;
    }
    return true;
  }

  @Override
  public void onMessageTooLarge() {
    end(EndReason.FRAME_TOO_LARGE);
  }

  @Override
  public void onText(String message) {
    JsonNode parsed;
    try {
      parsed = json.parse(message);
    } catch (JacksonException e) {
      end(EndReason.PROTOCOL_ERROR);
      return;
    }
    String type = parsed.path("type").asString("");
    JsonNode token = parsed.path("token");
    LiveSession running = session;
    if (type.equals("auth") && token.isString()) {
      // A repeated token is ignored.
      if (running == null) {
        authenticate(token.stringValue());
      }
    } else if (type.equals("end_stream") && running != null) {
      running.end(EndReason.CLIENT_DONE);
    } else {
      end(EndReason.PROTOCOL_ERROR);
    }
  }

  private void authenticate(String token) {
    try {
      reserve(tokens.apply(token));
    } catch (Refusal e) {
      refuse(e);
      return;
    } catch (DatabaseException e) {
      LOG.log(System.Logger.Level.WARNING, "request {0}: {1}", requestId, e.line());
      send(
          new VoiceMessage.Failed(
              "SERVICE_UNAVAILABLE", "the service is unavailable; try again shortly"));
      close(TRY_AGAIN_LATER, "unavailable");
      return;
    } finally {
      registry.remove(this);
    }
    ifOpen(ClientSocket::authenticated);
    LiveSession reserved = session;
    if (reserved != null) {
      reserved.start();
    }
  }

  @Override
  public void onBinary(byte[] message) {
    if (message.length == 0) {
      return;
    }
    LiveSession running = session;
    if (running == null) {
      refuse(Authenticator.unauthorized());
    } else {
      running.audio(message);
    }
  }

  @Override
  public void onPing(byte[] bytes) {
    ifOpen(open -> open.pong(bytes));
  }

  private void ifOpen(Consumer<ClientSocket> action) {
    ClientSocket open = socket;
    if (open != null) {
      action.accept(open);
    }
  }

  private void end(EndReason reason) {
    LiveSession running = session;
    if (running != null) {
      running.end(reason);
    } else {
      registry.remove(this);
      if (reason.error() != null) {
        send(reason.error());
      }
      close(reason.closeCode(), reason.reason());
    }
  }

  private void refuse(Refusal refusal) {
    registry.remove(this);
    send(new VoiceMessage.Failed(refusal.code().name(), refusal.message()));
    close(
        switch (refusal.code()) {
          case UNAUTHORIZED, TOKEN_EXPIRED -> 4401;
          case INSUFFICIENT_CREDITS -> 4402;
          case TIER_REQUIRED -> 4403;
          case CONFLICT -> 4409;
          case TRANSCRIPTION_SERVICE_UNAVAILABLE, SERVICE_UNAVAILABLE -> TRY_AGAIN_LATER;
          default -> POLICY_VIOLATION;
        },
        "refused");
  }

  @Override
  public void onClose() {
    socket = null;
    registry.remove(this);
    LiveSession running = session;
    if (running != null) {
      running.end(EndReason.CLIENT_LOST);
    }
  }

  private long now() {
    return registry.timing().nanoTime().getAsLong();
  }

  /** Only while the connection is not authenticated. */
  @Override
  public void tick(long now) {
    if (now - openedNanos > registry.timing().authTimeout().toNanos()) {
      registry.remove(this);
      Thread.ofVirtual().start(() -> refuse(Authenticator.unauthorized()));
    }
  }

  @Override
  public void shutDown() {
    Thread.ofVirtual()
        .start(
            () -> {
              close(GOING_AWAY, "going away");
              // Afterwards, because the process waits for all monitored connections.
              registry.remove(this);
            });
  }

  @Override
  public void send(VoiceMessage message) {
    ifOpen(open -> open.send(json.text(message)));
  }

  @Override
  public void ping() {
    ifOpen(ClientSocket::ping);
  }

  @Override
  public long lastReceivedNanos() {
    return lastReceivedNanos;
  }

  @Override
  public void close(int code, String reason) {
    ifOpen(open -> open.close(code, reason));
  }

  @Override
  public void abort() {
    ifOpen(ClientSocket::abort);
  }
}
