package app.perpetua.flow.voice;

import app.perpetua.flow.base.Ids;
import app.perpetua.flow.base.Refusal;
import app.perpetua.flow.sql.Actor;
import app.perpetua.flow.sql.Db;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * The live sessions of this process: opens them, checks their time limits several times a second,
 * extends their leases, and ends them all when the process stops. Thread-safe.
 */
public final class LiveSessionRegistry implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(LiveSessionRegistry.class.getName());

  /** Beyond the drain time-out: for recording the end and the closing handshake. */
  private static final Duration CLOSE_TIMEOUT = Duration.ofSeconds(4);

  private static final Duration POLL_INTERVAL = Duration.ofMillis(20);

  private final VoiceConfig config;
  private final VoiceTiming timing;
  private final LiveSessionRecorder recorder;
  private final Optional<Transcriber> transcriber;
  private final Set<Monitored> monitored = ConcurrentHashMap.newKeySet();
  private final AtomicBoolean stopping = new AtomicBoolean();
  private final AtomicBoolean extending = new AtomicBoolean();
  private final CountDownLatch closed = new CountDownLatch(1);
  private long extendedNanos;

  LiveSessionRegistry(
      VoiceConfig config,
      VoiceTiming timing,
      Db db,
      VoiceSessionStore sessions,
      Optional<Transcriber> transcriber,
      Ids ids) {
    this.config = config;
    this.timing = timing;
    this.recorder = new LiveSessionRecorder(db, sessions, ids.next());
    this.transcriber = transcriber;
    this.extendedNanos = timing.nanoTime().getAsLong();
    Thread.ofPlatform().daemon().name("voice-monitor").start(this::run);
  }

  /** The number of connections, including those that are not authenticated yet. */
  int count() {
    return monitored.size();
  }

  VoiceTiming timing() {
    return timing;
  }

  /**
   * Refuses new sessions if none can be opened, before authentication.
   *
   * @throws Refusal {@code TRANSCRIPTION_SERVICE_UNAVAILABLE}, {@code SERVICE_UNAVAILABLE}
   */
  void requireService() {
    if (transcriber.isEmpty()) {
      throw Transcriptions.unavailable();
    }
    if (stopping.get()) {
      throw Transcriptions.stopping();
    }
  }

  /**
   * Opens a session; the caller starts it when the client is connected.
   *
   * @throws Refusal as {@link #requireService} and {@link VoiceSessionStore#open}
   */
  LiveSession open(Actor owner, VoiceClient client) {
    requireService();
    LiveSession session =
        new LiveSession(
            recorder.open(owner),
            owner,
            recorder,
            transcriber.orElseThrow(),
            config,
            timing,
            client,
            monitored::remove);
    monitor(session);
    return session;
  }

  void monitor(Monitored connection) {
    monitored.add(connection);
    if (stopping.get()) {
      connection.shutDown();
    }
  }

  void remove(Monitored connection) {
    monitored.remove(connection);
  }

  private void run() {
    try {
      while (!closed.await(timing.tickInterval().toNanos(), TimeUnit.NANOSECONDS)) {
        tick();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Checks all time limits once, and extends the leases if that is due. */
  synchronized void tick() {
    long now = timing.nanoTime().getAsLong();
    monitored.forEach(connection -> tick(connection, now));
    if (now - extendedNanos >= timing.lease().toNanos() / 3) {
      extendedNanos = now;
      extendLeases();
    }
  }

  private static void tick(Monitored connection, long now) {
    try {
      connection.tick(now);
    } catch (RuntimeException e) {
      LOG.log(System.Logger.Level.ERROR, "cannot check a voice session", e);
    }
  }

  private void extendLeases() {
    if (monitored.isEmpty() || extending.getAndSet(true)) {
      return;
    }
    Thread.ofVirtual()
        .start(
            () -> {
              try {
                recorder.extendLeases();
              } finally {
                extending.set(false);
              }
            });
  }

  /** Ends all sessions and waits until each is recorded. */
  @Override
  public void close() {
    stopping.set(true);
    monitored.forEach(Monitored::shutDown);
    long deadline = System.nanoTime() + timing.drainTimeout().plus(CLOSE_TIMEOUT).toNanos();
    try {
      while (!monitored.isEmpty()
          && System.nanoTime() - deadline < 0
          && !closed.await(POLL_INTERVAL.toNanos(), TimeUnit.NANOSECONDS)) {
        LOG.log(System.Logger.Level.DEBUG, "{0} voice sessions are ending", monitored.size());
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    closed.countDown();
  }
}
