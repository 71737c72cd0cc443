package app.perpetua.flow.voice;

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
import java.util.Optional;
import java.util.OptionalInt;
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

  private static final VoiceMessage.Failed NOT_RECORDED =
      new VoiceMessage.Failed("SERVICE_UNAVAILABLE", "the session will be recorded later");

  /**
   * @param nanos when it ended, by {@link VoiceTiming#nanoTime}
   */
  private record End(EndReason reason, long nanos) {}

  private final UUID id;
  private final Actor owner;
  private final LiveSessionRecorder recorder;
  private final Transcriber transcriber;
  private final VoiceConfig config;
  private final VoiceTiming timing;
  private final VoiceClient client;
  private final Consumer<Monitored> onEnded;
  private final Meter meter;
  private final LiveTranscript transcript = new LiveTranscript();
  private final AtomicReference<@Nullable End> end = new AtomicReference<>();
  private final AtomicBoolean charging = new AtomicBoolean();
  private final AtomicBoolean heartbeatRunning = new AtomicBoolean();
  private final CountDownLatch drained = new CountDownLatch(1);

  // Both are confined to the client's thread; it tries to charge each minute once.
  private final WebmAudio webm = new WebmAudio();
  private int attemptedMinutes;

  private volatile @Nullable Stream stream;
  private volatile boolean connected;
  private volatile boolean hasResults;
  private volatile int chargedMinutes;
  private volatile boolean outOfCredits;
  private volatile long lastAudioAt;
  private volatile long sendingSince;
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
    End ended = end.get();
    if (ended != null) {
      // The session ended before the client was connected, so the connection is still open.
      close(ended.reason());
      return;
    }
    try {
      Stream opened = transcriber.open(this);
      stream = opened;
      if (end.get() != null) {
        opened.abort();
        return;
      }
      lastAudioAt = now();
      lastHeartbeatAt = lastAudioAt;
      connected = true;
      client.send(new VoiceMessage.Connected(id, config.maxSeconds()));
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
    if (!connected || end.get() != null || upstream == null) {
      return;
    }
    lastAudioAt = now();
    byte[] accepted = webm.accept(bytes);
    if (webm.isRejected()) {
      end(EndReason.NOT_AUDIO);
    }
    if (accepted.length == 0) {
      return;
    }
    meter.start(lastAudioAt);
    EndReason limit = payStarted(lastAudioAt);
    if (limit == null) {
      meter.audioReaches(webm.seconds());
      limit = payStarted(lastAudioAt);
      if (end.get() == null) {
        // Begins within the paid minutes, so it is relayed whole, and its results are cut.
        relay(upstream, accepted);
      }
    }
    if (limit != null) {
      end(limit);
    }
    endIfTooLong(lastAudioAt);
  }

  /**
   * Charges a minute before its audio is relayed, once; if the database is unavailable, the next
   * tick retries, and results of the minute are withheld until then.
   *
   * @return the limit that is reached, if any
   */
  private @Nullable EndReason payStarted(long now) {
    if (meter.isTimeUp(now)) {
      return EndReason.MAX_DURATION;
    }
    int minutes = startedMinutes(meter.seconds(now));
    if (minutes > attemptedMinutes && minutes > chargedMinutes) {
      attemptedMinutes = minutes;
      save(minutes);
    }
    return outOfCredits ? EndReason.OUT_OF_CREDITS : null;
  }

  /** The first minute starts with the first audio, though it has lasted no second yet. */
  private int startedMinutes(int seconds) {
    return meter.isStarted() ? Math.max(1, config.minutes(seconds)) : 0;
  }

  private void relay(Stream upstream, byte[] audio) {
    try {
      switch (upstream.send(audio)) {
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
   * Delivers a result only if its minutes are paid for. Ends the session last, because the end
   * records the transcript.
   */
  @Override
  public void onTranscript(Transcript result) {
    hasResults = true;
    meter.audioReaches(result.endSeconds());
    int minutes = startedMinutes((int) Math.min(config.maxSeconds(), result.endSeconds()));
    if (minutes > chargedMinutes && !outOfCredits) {
      save(minutes);
    }
    int paidSeconds = config.paidSeconds(chargedMinutes);
    transcript.add(result, paidSeconds);
    if (!result.text().isBlank() && result.endsBy(paidSeconds)) {
      deliver(result);
    }
    endAtLimit();
  }

  private void deliver(Transcript result) {
    if (result.isFinal() && end.get() == null) {
      save(0);
    }
    sendingSince = now();
    client.send(new VoiceMessage.Transcribed(result.text(), result.isFinal(), result.confidence()));
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
    End ended = end.get();
    if (ended != null) {
      if (now - ended.nanos() > timing.drainTimeout().toNanos() + peerTimeout) {
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
    } else if (meter.isTimeUp(now)) {
      end(EndReason.MAX_DURATION);
    } else {
      int minutes = startedMinutes(meter.seconds(now));
      if (minutes <= chargedMinutes) {
        endIfTooLong(now);
      } else if (!charging.getAndSet(true)) {
        Thread.ofVirtual().start(() -> chargeInBackground(minutes));
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

  private void chargeInBackground(int minutes) {
    try {
      save(minutes);
      endAtLimit();
    } finally {
      charging.set(false);
    }
  }

  private void endAtLimit() {
    if (outOfCredits) {
      end(EndReason.OUT_OF_CREDITS);
    }
    endIfTooLong(now());
  }

  private void endIfTooLong(long now) {
    if (meter.isExceeded(now)) {
      end(EndReason.MAX_DURATION);
    }
  }

  /**
   * Stores the progress, and charges unpaid minutes as far as the credits suffice.
   *
   * @param minutes to be charged in all; 0 charges nothing
   */
  private void save(int minutes) {
    try {
      OptionalInt paid = recorder.save(owner, progress(), minutes);
      if (paid.isEmpty()) {
        end(EndReason.TAKEN_OVER);
        return;
      }
      chargedMinutes = Math.max(paid.getAsInt(), chargedMinutes);
      if (paid.getAsInt() < minutes) {
        outOfCredits = true;
      }
    } catch (Refusal e) {
      LOG.log(System.Logger.Level.DEBUG, "the user of a voice session was deleted", e);
      end(EndReason.TAKEN_OVER);
    } catch (DatabaseException e) {
      // The next tick or transcript retries, and the end charges unpaid minutes.
      LOG.log(System.Logger.Level.WARNING, "cannot save voice session {0} yet: {1}", id, e.line());
    }
  }

  private long now() {
    return timing.nanoTime().getAsLong();
  }

  private Progress progress() {
    long now = now();
    return new Progress(id, meter.seconds(now), meter.isExceeded(now), transcript);
  }

  /** Ends the session unless it has ended already. Does not block. */
  void end(EndReason reason) {
    long now = now();
    if (end.compareAndSet(null, new End(reason, now))) {
      meter.stop(now);
      Thread.ofVirtual().name("voice-end").start(() -> finish(reason));
    }
  }

  private void finish(EndReason reason) {
    EndReason actual = reason;
    try {
      if (reason == EndReason.CLIENT_LOST || reason == EndReason.CLIENT_SLOW) {
        client.abort();
      }
      sendError(reason);
      drain(reason.drain());
      Optional<EndedSession> ended = recorder.end(owner, progress(), reason);
      actual = ended.map(EndedSession::reason).orElse(reason);
      if (actual != reason) {
        sendError(actual);
      }
      if (actual.drain() == Drain.SEND) {
        client.send(ended.<VoiceMessage>map(LiveSession::complete).orElse(NOT_RECORDED));
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (Refusal e) {
      LOG.log(System.Logger.Level.DEBUG, "the user of a voice session was deleted", e);
    } catch (RuntimeException e) {
      // The lease expires, and the job ends the session.
      LOG.log(System.Logger.Level.ERROR, "cannot end voice session " + id, e);
    } finally {
      close(actual);
      onEnded.accept(this);
    }
  }

  private void sendError(EndReason reason) {
    VoiceMessage error = reason.error();
    if (error != null) {
      client.send(error);
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

  private static VoiceMessage complete(EndedSession ended) {
    return new VoiceMessage.Complete(ended.session(), ended.creditsLeft());
  }

  private void close(EndReason reason) {
    if (reason.closeCode() != 0) {
      client.close(reason.closeCode(), reason.reason());
    }
  }
}
