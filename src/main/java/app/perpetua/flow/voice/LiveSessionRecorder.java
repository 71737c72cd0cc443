package app.perpetua.flow.voice;

import app.perpetua.flow.sql.Actor;
import app.perpetua.flow.sql.DatabaseException;
import app.perpetua.flow.sql.Db;
import app.perpetua.flow.sql.Tx;
import java.time.Duration;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Function;

/**
 * The named phases of a live session's life, each a transaction of its own: a session lasts longer
 * than any transaction may. Thread-safe.
 */
final class LiveSessionRecorder {
  private static final System.Logger LOG = System.getLogger(LiveSessionRecorder.class.getName());

  /** Before each further try to write down an end; after the last the lease runs out by itself. */
  private static final Duration[] PAUSES = {
    Duration.ofMillis(200), Duration.ofMillis(800), Duration.ofSeconds(2)
  };

  /**
   * Whose session it is.
   *
   * @param requestId of the request that opened it
   */
  record SessionOwner(UUID userId, String requestId) {
    private Actor actor() {
      return Actor.user(userId, requestId);
    }
  }

  private final Db db;
  private final VoiceSessionStore sessions;
  private final UUID holder;

  LiveSessionRecorder(Db db, VoiceSessionStore sessions, UUID holder) {
    this.db = db;
    this.sessions = sessions;
    this.holder = holder;
  }

  /** Opens one; throws as {@link VoiceSessionStore#open} does. */
  UUID open(SessionOwner speaker) {
    return locked(speaker, tx -> sessions.open(tx, holder));
  }

  boolean charge(SessionOwner speaker, VoiceSessionStore.Progress progress, int minutes) {
    return locked(speaker, tx -> sessions.charge(tx, holder, progress, minutes));
  }

  boolean keep(SessionOwner speaker, VoiceSessionStore.Progress progress) {
    return locked(speaker, tx -> sessions.keep(tx, holder, progress));
  }

  /** Ends it; empty if somebody else has, or if the database is away for long. */
  Optional<VoiceSessionStore.Closing> end(
      SessionOwner speaker, VoiceSessionStore.Progress progress, EndReason end)
      throws InterruptedException {
    for (int attempt = 0; ; attempt++) {
      try {
        return locked(speaker, tx -> sessions.end(tx, holder, progress, end));
      } catch (DatabaseException e) {
        if (attempt == PAUSES.length) {
          LOG.log(
              System.Logger.Level.WARNING,
              "voice session {0} is left to its lease: {1}",
              progress.id(),
              e.line());
          return Optional.empty();
        }
        Thread.sleep(PAUSES[attempt]);
      }
    }
  }

  /** Keeps all sessions of this process alive. */
  void extend() {
    try {
      db.write(
          Actor.system(null),
          tx -> {
            sessions.extend(tx, holder);
            return true;
          });
    } catch (DatabaseException e) {
      LOG.log(
          System.Logger.Level.WARNING, "leases of voice sessions are not extended: {0}", e.line());
    }
  }

  private <T> T locked(SessionOwner speaker, Function<Tx, T> work) {
    return db.write(
        speaker.actor(),
        tx -> {
          tx.lockOwner();
          return work.apply(tx);
        });
  }
}
