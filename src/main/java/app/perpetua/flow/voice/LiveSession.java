package app.perpetua.flow.voice;

import app.perpetua.flow.base.ErrorCode;
import app.perpetua.flow.base.LogFields;
import app.perpetua.flow.base.Refusal;
import app.perpetua.flow.sql.Actor;
import app.perpetua.flow.sql.DatabaseException;
import app.perpetua.flow.voice.EndReason.Drain;
import app.perpetua.flow.voice.Transcriber.Stream;
import app.perpetua.flow.voice.Transcriber.StreamEnd;
import app.perpetua.flow.voice.Transcriber.Transcript;
import app.perpetua.flow.voice.VoiceSessionStore.EndedSession;
import app.perpetua.flow.voice.VoiceSessionStore.Progress;
import java.time.Duration;
import java.util.Arrays;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Relays one live session: audio to the provider in the client's thread, transcripts to the client
 * in the provider's thread. There is no queue; a side that cannot keep up ends the session. Only
 * the first call of {@link #end} has an effect: it starts a thread that drains the provider, bills,
 * records and closes both sides. Thread-safe.
 */
final class LiveSession implements Transcriber.Listener, Monitored {
  private static final System.Logger LOG = System.getLogger(LiveSession.class.getName());

  /** The id of an EBML header, with which every WebM file starts (RFC 8794, section 11.2.1). */
  private static final byte[] EBML = {0x1a, 0x45, (byte) 0xdf, (byte) 0xa3};

  private record ConnectedMessage(String type, UUID sessionId, int maxDurationSeconds) {}

  private record TranscriptMessage(String type, String text, boolean isFinal, double confidence) {}

  private record CompleteMessage(
      String type,
      String fullTranscript,
      int durationSeconds,
      int creditsUsed,
      int creditsRemaining) {}

  /** Sent before a close frame that reports an error. */
  record ErrorMessage(String type, String code, String message) {
    ErrorMessage(String code, String message) {
      this("error", code, message);
    }
  }

  private static final ErrorMessage NOT_RECORDED =
      new ErrorMessage("SERVICE_UNAVAILABLE", "the session will be recorded later");

  private final UUID id;
  private final Actor owner;
  private final LiveSessionRecorder recorder;
  private final Transcriber transcriber;
  private final VoiceConfig config;
  private final VoiceTiming timing;
  private final VoiceClient client;
  private final Consumer<Monitored> onEnded;
  private final Meter meter;
  private final AtomicReference<@Nullable EndReason> endReason = new AtomicReference<>();
  private final AtomicBoolean charging = new AtomicBoolean();
  private final AtomicBoolean heartbeatRunning = new AtomicBoolean();
  private final CountDownLatch drained = new CountDownLatch(1);

  /** Audio that is too short to recognize its format. Confined to the client's thread. */
  private byte[] firstBytes = {};

  private volatile @Nullable Stream stream;
  private volatile String transcript = "";
  private volatile boolean connected;
  private volatile boolean hasResults;
  private volatile int chargedMinutes;
  private volatile long lastAudioAt;
  private volatile long sendingSince;
  private volatile long endedAt;
  private volatile long lastHeartbeatAt;

  LiveSession(
      UUID id,
      Actor owner,
      LiveSessionRecorder recorder,
      Transcriber transcriber,
      VoiceConfig config,
      VoiceTiming timing,
      VoiceClient client,
      Consumer<Monitored> onEnded) {
    this.id = id;
    this.owner = owner;
    this.recorder = recorder;
    this.transcriber = transcriber;
    this.config = config;
    this.timing = timing;
    this.client = client;
    this.onEnded = onEnded;
    this.meter = new Meter(config.maxSeconds());
    this.lastAudioAt = now();
  }

  /** Connects to the provider and then accepts audio. Blocks the client's thread. */
  void start() {
    EndReason ended = endReason.get();
    if (ended != null) {
      // The session ended before the client was connected, so the connection is still open.
      close(ended);
      return;
    }
    try {
      Stream opened = transcriber.open(this);
      stream = opened;
      if (endReason.get() != null) {
        opened.abort();
        return;
      }
      lastAudioAt = now();
      lastHeartbeatAt = lastAudioAt;
      connected = true;
      client.send(new ConnectedMessage("connected", id, config.maxSeconds()));
    } catch (Transcriber.Unreachable e) {
      LOG.log(System.Logger.Level.WARNING, "cannot open a transcription: {0}", e.getMessage());
      end(EndReason.UNREACHABLE);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      end(EndReason.SHUTDOWN);
    }
  }

  /**
   * Relays audio. Blocks the client's thread until the audio is sent.
   *
   * @param bytes not empty
   */
  void audio(byte[] bytes) {
    Stream upstream = stream;
    if (!connected || endReason.get() != null || upstream == null) {
      return;
    }
    lastAudioAt = now();
    byte[] accepted = meter.isStarted() ? bytes : acceptFirst(bytes);
    if (accepted.length == 0) {
      return;
    }
    try {
      switch (upstream.send(accepted)) {
        case SENT -> {}
        case TOO_SLOW -> end(EndReason.PROVIDER_SLOW);
        case LOST -> end(EndReason.PROVIDER_LOST);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      end(EndReason.SHUTDOWN);
    }
  }

  /**
   * Checks that the audio is WebM and charges the first minute. Recorders may send the first byte
   * alone, so nothing is relayed or charged before there are four.
   *
   * @return all bytes so far; empty if there is nothing to relay
   */
  private byte[] acceptFirst(byte[] bytes) {
    byte[] all = Arrays.copyOf(firstBytes, firstBytes.length + bytes.length);
    System.arraycopy(bytes, 0, all, firstBytes.length, bytes.length);
    if (all.length < EBML.length) {
      firstBytes = all;
      return new byte[0];
    }
    firstBytes = new byte[0];
    if (!Arrays.equals(EBML, Arrays.copyOf(all, EBML.length))) {
      end(EndReason.NOT_AUDIO);
      return firstBytes;
    }
    meter.start(lastAudioAt);
    save(1);
    return endReason.get() == null ? all : firstBytes;
  }

  @Override
  public void onTranscript(Transcript result) {
    hasResults = true;
    meter.audioProcessed(result.audioSeconds());
    if (result.text().isBlank()) {
      return;
    }
    if (result.isFinal()) {
      transcript = transcript.isEmpty() ? result.text() : transcript + " " + result.text();
      if (endReason.get() == null) {
        save(0);
      }
    }
    sendingSince = now();
    client.send(
        new TranscriptMessage("transcript", result.text(), result.isFinal(), result.confidence()));
    sendingSince = 0;
  }

  @Override
  public void onEnd(StreamEnd end) {
    drained.countDown();
    end(
        end == StreamEnd.UNDECODABLE && !hasResults
            ? EndReason.UNDECODABLE
            : EndReason.PROVIDER_LOST);
  }

  @Override
  public void shutDown() {
    end(EndReason.SHUTDOWN);
  }

  @Override
  public void tick(long now) {
    long peerTimeout = timing.peerTimeout().toNanos();
    if (endReason.get() != null) {
      if (now - endedAt > timing.drainTimeout().toNanos() + peerTimeout) {
        // A send to the client still blocks the end.
        client.abort();
      }
      return;
    }
    Stream upstream = stream;
    if (!connected || upstream == null) {
      return;
    }
    long sending = sendingSince;
    if (now - client.lastReceivedNanos() > peerTimeout) {
      end(EndReason.CLIENT_LOST);
    } else if (sending != 0 && now - sending > peerTimeout) {
      end(EndReason.CLIENT_SLOW);
    } else if (now - upstream.lastReceivedNanos() > peerTimeout) {
      end(EndReason.PROVIDER_LOST);
    } else if (now - lastAudioAt > timing.silenceTimeout().toNanos()) {
      end(EndReason.SILENCE);
    } else if (meter.isExceeded(now)) {
      end(EndReason.MAX_DURATION);
    } else {
      int minutes = config.minutes(meter.seconds(now));
      if (minutes > chargedMinutes && meter.isStarted() && !charging.getAndSet(true)) {
        Thread.ofVirtual().start(() -> charge(minutes));
      }
      if (now - lastHeartbeatAt > timing.heartbeat().toNanos()
          && !heartbeatRunning.getAndSet(true)) {
        lastHeartbeatAt = now;
        Thread.ofVirtual().start(() -> heartbeat(upstream));
      }
    }
  }

  private void heartbeat(Stream upstream) {
    try {
      upstream.heartbeat();
      client.ping();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      heartbeatRunning.set(false);
    }
  }

  private void charge(int minutes) {
    try {
      save(minutes);
    } finally {
      charging.set(false);
    }
  }

  /**
   * Stores the progress, and charges unpaid minutes.
   *
   * @param minutes to be charged in all; 0 charges nothing
   */
  private void save(int minutes) {
    try {
      if (recorder.save(owner, progress(), minutes)) {
        chargedMinutes = Math.max(minutes, chargedMinutes);
      } else {
        end(EndReason.TAKEN_OVER);
      }
    } catch (Refusal e) {
      boolean isCredits = e.code() == ErrorCode.INSUFFICIENT_CREDITS;
      end(isCredits ? EndReason.OUT_OF_CREDITS : EndReason.TAKEN_OVER);
    } catch (DatabaseException e) {
      // The next tick or transcript retries, and the end charges unpaid minutes.
      LOG.log(System.Logger.Level.WARNING, "cannot save voice session {0} yet: {1}", id, e.line());
    }
  }

  private long now() {
    return timing.nanoTime().getAsLong();
  }

  private Progress progress() {
    return new Progress(id, meter.seconds(now()), transcript);
  }

  /** Ends the session unless it has ended already. Does not block. */
  void end(EndReason reason) {
    if (endReason.compareAndSet(null, reason)) {
      endedAt = now();
      meter.stop(endedAt);
      Thread.ofVirtual().name("voice-end").start(() -> finish(reason));
    }
  }

  private void finish(EndReason reason) {
    try {
      if (reason == EndReason.CLIENT_LOST || reason == EndReason.CLIENT_SLOW) {
        client.abort();
      }
      if (reason.error() != null) {
        client.send(reason.error());
      }
      drain(reason.drain());
      Optional<EndedSession> ended = recorder.end(owner, progress(), reason);
      log(reason, ended);
      if (reason.drain() == Drain.SEND) {
        client.send(ended.<Object>map(LiveSession::complete).orElse(NOT_RECORDED));
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (Refusal e) {
      LOG.log(System.Logger.Level.DEBUG, "the user of a voice session was deleted", e);
    } catch (RuntimeException e) {
      // The lease expires, and the job ends the session.
      LOG.log(System.Logger.Level.ERROR, "cannot end voice session " + id, e);
    } finally {
      close(reason);
      onEnded.accept(this);
    }
  }

  /** Waits for the provider's last results unless they are discarded, and closes its connection. */
  private void drain(Drain drain) throws InterruptedException {
    Stream upstream = stream;
    if (upstream == null) {
      return;
    }
    if (drain != Drain.DISCARD) {
      upstream.finish();
      Duration timeout =
          drain == Drain.RECORD ? timing.lostClientDrainTimeout() : timing.drainTimeout();
      if (!drained.await(timeout.toNanos(), TimeUnit.NANOSECONDS)) {
        LOG.log(System.Logger.Level.WARNING, "no last results for voice session {0}", id);
      }
    }
    upstream.abort();
  }

  private static CompleteMessage complete(EndedSession ended) {
    VoiceSession session = ended.session();
    return new CompleteMessage(
        "complete",
        session.fullTranscript(),
        session.durationSeconds(),
        session.creditsUsed(),
        ended.creditsLeft());
  }

  private void close(EndReason reason) {
    if (reason.closeCode() != 0) {
      client.close(reason.closeCode(), reason.reason());
    }
  }

  private void log(EndReason reason, Optional<EndedSession> ended) {
    LOG.log(
        System.Logger.Level.INFO,
        "voice session ended",
        LogFields.of("request_id", owner.requestId())
            .with("user_id", owner.userId())
            .with("session_id", id)
            .with("action", "voice_session")
            .with("outcome", reason.reason())
            .with("duration_s", ended.map(e -> e.session().durationSeconds()).orElse(null))
            .with("credits_used", ended.map(e -> e.session().creditsUsed()).orElse(null)));
  }
}
