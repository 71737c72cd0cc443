package app.perpetua.flow.voice;

import app.perpetua.flow.base.LogFields;
import app.perpetua.flow.sql.Actor;
import app.perpetua.flow.sql.DatabaseException;
import app.perpetua.flow.sql.Db;
import app.perpetua.flow.sql.Tx;
import app.perpetua.flow.voice.VoiceSessionStore.EndedSession;
import app.perpetua.flow.voice.VoiceSessionStore.Progress;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.UUID;
import java.util.function.Function;

/**
 * Runs each step of a live session in a transaction of its own, because a session lasts longer than
 * a transaction may. Thread-safe.
 */
final class LiveSessionRecorder {
  private static final System.Logger LOG = System.getLogger(LiveSessionRecorder.class.getName());

  /** Between attempts to record an end; after the last one, the lease expires. */
  private static final Duration[] BACKOFF = {
    Duration.ofMillis(200), Duration.ofMillis(800), Duration.ofSeconds(2)
  };

  private final Db db;
  private final VoiceSessionStore sessions;
  private final UUID processId;

  LiveSessionRecorder(Db db, VoiceSessionStore sessions, UUID processId) {
    this.db = db;
    this.sessions = sessions;
    this.processId = processId;
  }

  UUID open(Actor owner) {
    return locked(owner, tx -> sessions.open(tx, processId));
  }

  /** As {@link VoiceSessionStore#save}. */
  OptionalInt save(Actor owner, Progress progress, int minutes) {
    return locked(owner, tx -> sessions.save(tx, processId, progress, minutes));
  }

  /** Empty if another process has ended the session, or if the database stays unavailable. */
  Optional<EndedSession> end(Actor owner, Progress progress, EndReason reason)
      throws InterruptedException {
    for (int attempt = 0; ; attempt++) {
      try {
        Optional<EndedSession> ended =
            locked(owner, tx -> sessions.end(tx, processId, progress, reason));
        log(owner, progress.id(), ended.map(EndedSession::reason).orElse(reason), ended);
        return ended;
      } catch (DatabaseException e) {
        if (attempt == BACKOFF.length) {
          LOG.log(
              System.Logger.Level.WARNING,
              "cannot record the end of voice session {0}; its lease will expire: {1}",
              progress.id(),
              e.line());
          return Optional.empty();
        }
        Thread.sleep(BACKOFF[attempt]);
      }
    }
  }

  private static void log(Actor owner, UUID id, EndReason reason, Optional<EndedSession> ended) {
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

  void extendLeases() {
    try {
      db.write(Actor.system(null), tx -> sessions.extendLeases(tx, processId));
    } catch (DatabaseException e) {
      LOG.log(System.Logger.Level.WARNING, "cannot extend voice session leases: {0}", e.line());
    }
  }

  private <T> T locked(Actor owner, Function<Tx, T> work) {
    return db.write(
        owner,
        tx -> {
          tx.lockOwner();
          return work.apply(tx);
        });
  }
}
