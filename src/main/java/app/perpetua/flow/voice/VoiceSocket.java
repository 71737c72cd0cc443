package app.perpetua.flow.voice;

import app.perpetua.flow.base.Json;
import app.perpetua.flow.base.Refusal;
import app.perpetua.flow.http.Authenticator;
import app.perpetua.flow.http.websocket.ClientSocket;
import app.perpetua.flow.http.websocket.WebSocketHandler;
import app.perpetua.flow.http.websocket.WebSocketRoute.Handshake;
import app.perpetua.flow.sql.DatabaseException;
import app.perpetua.flow.voice.LiveSession.Failure;
import app.perpetua.flow.voice.LiveSessionRecorder.SessionOwner;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;

/**
 * The client's side of {@code WS /ws/voice/transcribe}: its messages, within their bounds, and what
 * it is told. What it sends comes by the connection's thread alone.
 */
public final class VoiceSocket implements WebSocketHandler, VoiceClient, Monitored {
  private static final System.Logger LOG = System.getLogger(VoiceSocket.class.getName());

  private static final int MAX_AUDIO = 32 * 1024;

  /** A token and little else. */
  private static final int MAX_TEXT = 8 * 1024;

  /** Of anything: a recorder that sends every 20 ms needs 50, and catches up after a stall. */
  private static final int MESSAGES_PER_SECOND = 100;

  private static final int MESSAGES_AT_ONCE = 500;

  private static final int POLICY_VIOLATION = 1008;
  private static final int TRY_AGAIN_LATER = 1013;
  private static final int GOING_AWAY = 1001;

  private final LiveSessionRegistry live;
  private final Authenticator authenticator;
  private final Json json;
  private final String requestId;
  private final TokenBucket allowance;

  private volatile @Nullable LiveSession session;
  private volatile @Nullable ClientSocket socket;
  private volatile long heardNanos;
  private volatile long openedNanos;

  private VoiceSocket(
      LiveSessionRegistry live, Authenticator authenticator, Json json, String requestId) {
    this.live = live;
    this.authenticator = authenticator;
    this.json = json;
    this.requestId = requestId;
    this.heardNanos = now();
    this.openedNanos = heardNanos;
    this.allowance = new TokenBucket(MESSAGES_PER_SECOND, MESSAGES_AT_ONCE, heardNanos);
  }

  /**
   * Decides before the upgrade, as far as it is known who asks.
   *
   * @throws Refusal as {@link LiveSessionRegistry#open}
   */
  public static WebSocketHandler open(
      LiveSessionRegistry live, Authenticator authenticator, Json json, Handshake handshake) {
    live.requireService();
    VoiceSocket socket = new VoiceSocket(live, authenticator, json, handshake.requestId());
    handshake.principal().ifPresent(principal -> socket.reserve(principal.userId()));
    return socket;
  }

  private void reserve(UUID userId) {
    session = live.open(new SessionOwner(userId, requestId), this);
  }

  @Override
  public void onOpen(ClientSocket opened) {
    socket = opened;
    heardNanos = now();
    LiveSession reserved = session;
    if (reserved != null) {
      reserved.begin();
    } else {
      openedNanos = heardNanos;
      live.watch(this);
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

  /** Counts whatever comes; false once too much has. */
  @Override
  public boolean onFrame() {
    heardNanos = now();
    if (!allowance.tryTake(heardNanos)) {
      end(EndReason.FLOODED);
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
    JsonNode type;
    JsonNode token;
    try {
      JsonNode parsed = json.parse(message);
      type = parsed.path("type");
      token = parsed.path("token");
    } catch (JacksonException e) {
      end(EndReason.MISBEHAVED);
      return;
    }
    LiveSession running = session;
    if (type.isString() && type.stringValue().equals("auth") && token.isString()) {
      // A client that has told its token already may tell it again.
      if (running == null) {
        authenticate(token.stringValue());
      }
    } else if (type.isString() && type.stringValue().equals("end_stream") && running != null) {
      running.end(EndReason.CLIENT_DONE);
    } else {
      end(EndReason.MISBEHAVED);
    }
  }

  private void authenticate(String token) {
    try {
      reserve(authenticator.verify(token).userId());
    } catch (Refusal e) {
      refuse(e);
      return;
    } catch (DatabaseException e) {
      LOG.log(System.Logger.Level.WARNING, "request {0}: {1}", requestId, e.line());
      say(new Failure("SERVICE_UNAVAILABLE", "the service cannot be used at present"));
      close(TRY_AGAIN_LATER, "unavailable");
      return;
    } finally {
      live.forget(this);
    }
    ClientSocket open = socket;
    if (open != null) {
      open.authenticated();
    }
    LiveSession reserved = session;
    if (reserved != null) {
      reserved.begin();
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
    ClientSocket open = socket;
    if (open != null) {
      open.pong(bytes);
    }
  }

  /** Ends the session, or the connection that has none yet. */
  private void end(EndReason end) {
    LiveSession running = session;
    if (running != null) {
      running.end(end);
    } else {
      live.forget(this);
      if (end.error() != null) {
        say(new Failure(end.error(), end.message()));
      }
      close(end.closeCode(), end.reason());
    }
  }

  private void refuse(Refusal why) {
    live.forget(this);
    say(new Failure(why.code().name(), why.message()));
    close(
        switch (why.code()) {
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
    live.forget(this);
    LiveSession running = session;
    if (running != null) {
      running.end(EndReason.CLIENT_GONE);
    }
  }

  private long now() {
    return live.timing().nanoTime().getAsLong();
  }

  /** Only until it is known who this is. */
  @Override
  public void tick(long now) {
    if (now - openedNanos > live.timing().authenticate().toNanos()) {
      live.forget(this);
      Thread.ofVirtual().start(() -> refuse(Authenticator.unauthorized()));
    }
  }

  @Override
  public void goAway() {
    Thread.ofVirtual()
        .start(
            () -> {
              close(GOING_AWAY, "going away");
              // Not before: the process waits for those that it still knows.
              live.forget(this);
            });
  }

  @Override
  public void say(Object message) {
    ClientSocket open = socket;
    if (open != null) {
      open.send(json.text(message));
    }
  }

  @Override
  public void ping() {
    ClientSocket open = socket;
    if (open != null) {
      open.ping();
    }
  }

  @Override
  public long heardNanos() {
    return heardNanos;
  }

  @Override
  public void close(int code, String reason) {
    ClientSocket open = socket;
    if (open != null) {
      open.close(code, reason);
    }
  }

  @Override
  public void cut() {
    ClientSocket open = socket;
    if (open != null) {
      open.cut();
    }
  }
}
