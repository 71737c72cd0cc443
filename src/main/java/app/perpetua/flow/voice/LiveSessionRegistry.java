package app.perpetua.flow.voice;

import app.perpetua.flow.base.ErrorCode;
import app.perpetua.flow.base.Ids;
import app.perpetua.flow.base.Refusal;
import app.perpetua.flow.sql.Db;
import app.perpetua.flow.voice.LiveSessionRecorder.SessionOwner;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * The live sessions of this process: opens them, looks at each several times a second, keeps their
 * leases, and ends them all when the process stops. Thread-safe.
 */
public final class LiveSessionRegistry implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(LiveSessionRegistry.class.getName());

  /** Beyond the time for last words: to write down the end and to say goodbye. */
  private static final Duration GOODBYE = Duration.ofSeconds(4);

  private static final Duration RETRY_INTERVAL = Duration.ofMillis(20);

  private final VoiceConfig config;
  private final VoiceTiming timing;
  private final LiveSessionRecorder records;
  private final Optional<Transcriber> transcriber;
  private final Set<Monitored> watched = ConcurrentHashMap.newKeySet();
  private final AtomicBoolean stopping = new AtomicBoolean();
  private final AtomicBoolean extending = new AtomicBoolean();
  private final CountDownLatch closed = new CountDownLatch(1);
  private long extendedNanos;

  /**
   * @param transcriber none if it is not configured or not wanted
   */
  public LiveSessionRegistry(
      VoiceConfig config,
      VoiceTiming timing,
      Db db,
      VoiceSessionStore sessions,
      Optional<Transcriber> transcriber,
      Ids ids) {
    this.config = config;
    this.timing = timing;
    this.records = new LiveSessionRecorder(db, sessions, ids.next());
    this.transcriber = transcriber;
    this.extendedNanos = timing.nanoTime().getAsLong();
    Thread.ofPlatform().daemon().name("voice-watch").start(this::run);
  }

  /** How many are running, those included that are not authenticated yet. */
  public int count() {
    return watched.size();
  }

  VoiceTiming timing() {
    return timing;
  }

  /**
   * Refuses before anybody is asked who they are.
   *
   * @throws Refusal {@code TRANSCRIPTION_SERVICE_UNAVAILABLE}, {@code SERVICE_UNAVAILABLE}
   */
  void requireService() {
    if (transcriber.isEmpty()) {
      throw Refusal.of(
              ErrorCode.TRANSCRIPTION_SERVICE_UNAVAILABLE, "there is no transcription at present")
          .retryAfter(Duration.ofMinutes(1));
    }
    if (stopping.get()) {
      throw Refusal.of(ErrorCode.SERVICE_UNAVAILABLE, "the service is being stopped")
          .retryAfter(Duration.ofSeconds(1));
    }
  }

  /**
   * Opens a session, which begins when its client is there.
   *
   * @throws Refusal as {@link VoiceSessionStore#open}, or if there is no service
   */
  LiveSession open(SessionOwner speaker, VoiceClient client) {
    requireService();
    LiveSession session =
        new LiveSession(
            records.open(speaker),
            speaker,
            records,
            transcriber.orElseThrow(),
            config,
            timing,
            client,
            watched::remove);
    watch(session);
    return session;
  }

  void watch(Monitored one) {
    watched.add(one);
    if (stopping.get()) {
      one.goAway();
    }
  }

  void forget(Monitored one) {
    watched.remove(one);
  }

  private void run() {
    try {
      while (!closed.await(timing.look().toNanos(), TimeUnit.NANOSECONDS)) {
        tick();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Looks at all sessions once, and extends their leases when it is time. */
  synchronized void tick() {
    long now = timing.nanoTime().getAsLong();
    watched.forEach(one -> tick(one, now));
    if (now - extendedNanos >= timing.lease().toNanos() / 3) {
      extendedNanos = now;
      extend();
    }
  }

  private static void tick(Monitored one, long now) {
    try {
      one.tick(now);
    } catch (RuntimeException e) {
      LOG.log(System.Logger.Level.ERROR, "a voice session cannot be looked at", e);
    }
  }

  private void extend() {
    if (watched.isEmpty() || extending.getAndSet(true)) {
      return;
    }
    Thread.ofVirtual()
        .start(
            () -> {
              try {
                records.extend();
              } finally {
                extending.set(false);
              }
            });
  }

  /** Ends all sessions with a reason and waits until each is written down. */
  @Override
  public void close() {
    stopping.set(true);
    watched.forEach(Monitored::goAway);
    long deadline = System.nanoTime() + timing.drain().plus(GOODBYE).toNanos();
    try {
      while (!watched.isEmpty()
          && System.nanoTime() - deadline < 0
          && !closed.await(RETRY_INTERVAL.toNanos(), TimeUnit.NANOSECONDS)) {
        LOG.log(System.Logger.Level.DEBUG, "{0} voice sessions are ending", watched.size());
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    closed.countDown();
  }
}
