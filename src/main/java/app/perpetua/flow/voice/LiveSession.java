package app.perpetua.flow.voice;

import app.perpetua.flow.base.ErrorCode;
import app.perpetua.flow.base.LogFields;
import app.perpetua.flow.base.Refusal;
import app.perpetua.flow.sql.DatabaseException;
import app.perpetua.flow.voice.LiveSessionRecorder.SessionOwner;
import app.perpetua.flow.voice.Transcriber.Ended;
import app.perpetua.flow.voice.Transcriber.Relayed;
import app.perpetua.flow.voice.Transcriber.Stream;
import app.perpetua.flow.voice.Transcriber.Words;
import app.perpetua.flow.voice.VoiceSessionStore.Closing;
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
 * One live session: audio from the client to the provider as it comes, by the client's thread;
 * words the other way, by the provider's. Neither is queued: whoever does not keep up is closed. It
 * ends once, whoever ends it first, in a thread of its own that closes both sides, bills and
 * records. Thread-safe.
 */
final class LiveSession implements Transcriber.Listener, Monitored {
  private static final System.Logger LOG = System.getLogger(LiveSession.class.getName());

  /** What every WebM file begins with: the id of an EBML header (RFC 8794, section 11.2.1). */
  private static final byte[] EBML = {0x1a, 0x45, (byte) 0xdf, (byte) 0xa3};

  private record Connected(String type, UUID sessionId, int maxDurationSeconds) {}

  private record Transcript(String type, String text, boolean isFinal, double confidence) {}

  private record Complete(
      String type,
      String fullTranscript,
      int durationSeconds,
      int creditsUsed,
      int creditsRemaining) {}

  /** What a client is told before it is closed. */
  record Failure(String type, String code, String message) {
    Failure(String code, String message) {
      this("error", code, message);
    }
  }

  private static final Failure UNRECORDED =
      new Failure("SERVICE_UNAVAILABLE", "the session is recorded as soon as that is possible");

  private final UUID id;
  private final SessionOwner speaker;
  private final LiveSessionRecorder records;
  private final Transcriber transcriber;
  private final VoiceConfig config;
  private final VoiceTiming timing;
  private final VoiceClient client;
  private final Consumer<Monitored> whenOver;
  private final Meter meter;
  private final AtomicReference<@Nullable EndReason> ending = new AtomicReference<>();
  private final AtomicBoolean charging = new AtomicBoolean();
  private final AtomicBoolean beating = new AtomicBoolean();
  private final CountDownLatch drained = new CountDownLatch(1);

  /** The first bytes, until there are enough of them to tell what they are. By one thread. */
  private byte[] undecided = {};

  private volatile @Nullable Stream stream;
  private volatile String transcript = "";
  private volatile boolean listening;
  private volatile boolean heard;
  private volatile int chargedMinutes;
  private volatile long lastAudio;
  private volatile long sayingSince;
  private volatile long endedAt;
  private volatile long lastBeat;

  LiveSession(
      UUID id,
      SessionOwner speaker,
      LiveSessionRecorder records,
      Transcriber transcriber,
      VoiceConfig config,
      VoiceTiming timing,
      VoiceClient client,
      Consumer<Monitored> whenOver) {
    this.id = id;
    this.speaker = speaker;
    this.records = records;
    this.transcriber = transcriber;
    this.config = config;
    this.timing = timing;
    this.client = client;
    this.whenOver = whenOver;
    this.meter = new Meter(config.maxSeconds());
    this.lastAudio = now();
  }

  /** Reaches the provider, then lets the client speak. By the client's thread, which waits. */
  void begin() {
    EndReason ended = ending.get();
    if (ended != null) {
      // It ended before there was anybody to tell.
      close(ended);
      return;
    }
    try {
      Stream opened = transcriber.open(this);
      stream = opened;
      if (ending.get() != null) {
        opened.abort();
        return;
      }
      lastAudio = now();
      lastBeat = lastAudio;
      listening = true;
      client.say(new Connected("connected", id, config.maxSeconds()));
    } catch (Transcriber.Unreachable e) {
      LOG.log(System.Logger.Level.WARNING, "the transcriber is out of reach: {0}", e.getMessage());
      end(EndReason.UNREACHABLE);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      end(EndReason.GOING_AWAY);
    }
  }

  /** A message of audio, not empty. By the client's thread, which waits until it has left. */
  void audio(byte[] bytes) {
    Stream upstream = stream;
    if (!listening || ending.get() != null || upstream == null) {
      return;
    }
    lastAudio = now();
    byte[] known = meter.isBegun() ? bytes : accepted(bytes);
    if (known.length == 0) {
      return;
    }
    try {
      Relayed relayed = upstream.audio(known);
      switch (relayed) {
        case SENT -> {}
        case TOO_SLOW -> end(EndReason.PROVIDER_SLOW);
        case LOST -> end(EndReason.PROVIDER_GONE);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      end(EndReason.GOING_AWAY);
    }
  }

  /**
   * What was sent up to now: it must be WebM, and its minute is paid for. Recorders may begin with
   * a message of one byte; until four are there nothing is sent on, and nothing is charged.
   *
   * @return empty if there is nothing to send on, yet or at all
   */
  private byte[] accepted(byte[] bytes) {
    byte[] begun = Arrays.copyOf(undecided, undecided.length + bytes.length);
    System.arraycopy(bytes, 0, begun, undecided.length, bytes.length);
    if (begun.length < EBML.length) {
      undecided = begun;
      return new byte[0];
    }
    undecided = new byte[0];
    if (!Arrays.equals(EBML, Arrays.copyOf(begun, EBML.length))) {
      end(EndReason.NOT_AUDIO);
      return undecided;
    }
    meter.begin(lastAudio);
    charge(1);
    return ending.get() == null ? begun : undecided;
  }

  @Override
  public void heard(Words words) {
    heard = true;
    meter.understood(words.until());
    if (words.text().isBlank()) {
      return;
    }
    if (words.isFinal()) {
      transcript = transcript.isEmpty() ? words.text() : transcript + " " + words.text();
      if (ending.get() == null) {
        keep();
      }
    }
    sayingSince = now();
    client.say(new Transcript("transcript", words.text(), words.isFinal(), words.confidence()));
    sayingSince = 0;
  }

  @Override
  public void ended(Ended how) {
    drained.countDown();
    end(how == Ended.UNDECODABLE && !heard ? EndReason.UNDECODABLE : EndReason.PROVIDER_GONE);
  }

  @Override
  public void goAway() {
    end(EndReason.GOING_AWAY);
  }

  @Override
  public void tick(long now) {
    if (ending.get() != null) {
      if (now - endedAt > timing.drain().plus(timing.patience()).toNanos()) {
        // Whatever it is that still waits for the client.
        client.cut();
      }
      return;
    }
    Stream upstream = stream;
    if (!listening || upstream == null) {
      return;
    }
    long patience = timing.patience().toNanos();
    long saying = sayingSince;
    if (now - client.heardNanos() > patience) {
      end(EndReason.CLIENT_GONE);
    } else if (saying != 0 && now - saying > patience) {
      end(EndReason.CLIENT_SLOW);
    } else if (now - upstream.heardNanos() > patience) {
      end(EndReason.PROVIDER_GONE);
    } else if (now - lastAudio > timing.silence().toNanos()) {
      end(EndReason.SILENCE);
    } else if (meter.isOver(now)) {
      end(EndReason.MAX_DURATION);
    } else {
      int minutes = config.minutes(meter.seconds(now));
      if (minutes > chargedMinutes && meter.isBegun() && !charging.getAndSet(true)) {
        Thread.ofVirtual().start(() -> chargeNext(minutes));
      }
      if (now - lastBeat > timing.beat().toNanos() && !beating.getAndSet(true)) {
        lastBeat = now;
        Thread.ofVirtual().start(() -> beat(upstream));
      }
    }
  }

  private void beat(Stream upstream) {
    try {
      upstream.beat();
      client.ping();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      beating.set(false);
    }
  }

  private void chargeNext(int minutes) {
    try {
      charge(minutes);
    } finally {
      charging.set(false);
    }
  }

  private void charge(int minutes) {
    try {
      if (records.charge(speaker, progress(), minutes)) {
        chargedMinutes = Math.max(minutes, chargedMinutes);
      } else {
        end(EndReason.TAKEN_OVER);
      }
    } catch (Refusal e) {
      end(
          e.code() == ErrorCode.INSUFFICIENT_CREDITS
              ? EndReason.OUT_OF_CREDITS
              : EndReason.TAKEN_OVER);
    } catch (DatabaseException e) {
      // Tried again at the next look, and owed at the end if it never succeeds.
      LOG.log(System.Logger.Level.WARNING, "a minute of {0} is not charged yet: {1}", id, e.line());
    }
  }

  private void keep() {
    try {
      if (!records.keep(speaker, progress())) {
        end(EndReason.TAKEN_OVER);
      }
    } catch (Refusal e) {
      end(EndReason.TAKEN_OVER);
    } catch (DatabaseException e) {
      LOG.log(System.Logger.Level.WARNING, "words of {0} are not stored yet: {1}", id, e.line());
    }
  }

  private long now() {
    return timing.nanoTime().getAsLong();
  }

  private Progress progress() {
    return new Progress(id, meter.seconds(now()), transcript);
  }

  /** Ends it, unless it ends already. Does not block. */
  void end(EndReason end) {
    if (ending.compareAndSet(null, end)) {
      endedAt = now();
      meter.stop(endedAt);
      Thread.ofVirtual().name("voice-end").start(() -> finish(end));
    }
  }

  private void finish(EndReason end) {
    try {
      if (end == EndReason.CLIENT_GONE || end == EndReason.CLIENT_SLOW) {
        client.cut();
      }
      if (end.error() != null) {
        client.say(new Failure(end.error(), end.message()));
      }
      flush(end);
      Optional<Closing> closing = records.end(speaker, progress(), end);
      log(end, closing);
      if (end.words() == EndReason.Words.FLUSHED) {
        client.say(closing.<Object>map(LiveSession::complete).orElse(UNRECORDED));
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (Refusal e) {
      LOG.log(System.Logger.Level.DEBUG, "the account of a voice session is gone", e);
    } catch (RuntimeException e) {
      // Its lease runs out, and the job ends it.
      LOG.log(System.Logger.Level.ERROR, "the end of voice session " + id, e);
    } finally {
      close(end);
      whenOver.accept(this);
    }
  }

  private void close(EndReason end) {
    if (end.closeCode() != 0) {
      client.close(end.closeCode(), end.reason());
    }
  }

  private static Complete complete(Closing closing) {
    return new Complete(
        "complete",
        closing.session().fullTranscript(),
        closing.session().durationSeconds(),
        closing.session().creditsUsed(),
        closing.creditsLeft());
  }

  /** Lets the provider say its last words, if they are wanted, and hangs up. */
  private void flush(EndReason end) throws InterruptedException {
    Stream upstream = stream;
    if (upstream == null) {
      return;
    }
    if (end.words() != EndReason.Words.CUT) {
      upstream.finish();
      // Whom nobody waits for gets less time.
      Duration patience = end.words() == EndReason.Words.KEPT ? timing.keep() : timing.drain();
      if (!drained.await(patience.toNanos(), TimeUnit.NANOSECONDS)) {
        LOG.log(System.Logger.Level.WARNING, "voice session {0} got no last words", id);
      }
    }
    upstream.abort();
  }

  private void log(EndReason end, Optional<Closing> closing) {
    LOG.log(
        System.Logger.Level.INFO,
        "voice session ended",
        LogFields.of("request_id", speaker.requestId())
            .with("user_id", speaker.userId())
            .with("session_id", id)
            .with("action", "voice_session")
            .with("outcome", end.reason())
            .with("duration_s", closing.map(c -> c.session().durationSeconds()).orElse(null))
            .with("credits_used", closing.map(c -> c.session().creditsUsed()).orElse(null)));
  }
}
