package app.perpetua.flow.voice;

import app.perpetua.flow.base.ErrorCode;
import app.perpetua.flow.base.Ids;
import app.perpetua.flow.base.Refusal;
import app.perpetua.flow.credits.Credits;
import app.perpetua.flow.events.Event;
import app.perpetua.flow.events.Events;
import app.perpetua.flow.jobs.Jobs;
import app.perpetua.flow.sql.LockedUser.Tier;
import app.perpetua.flow.sql.Page;
import app.perpetua.flow.sql.PageRequest;
import app.perpetua.flow.sql.Row;
import app.perpetua.flow.sql.Tx;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * The records of live sessions: one per user at a time, each started minute paid for as it starts,
 * ended once whoever ends it (FR-033, FR-036). All of it under the owner's lock. Thread-safe.
 */
public final class VoiceSessionStore {
  /** The kind of the job that ends a session whose process is gone; its key is the session's id. */
  public static final String END = "voice_session_end";

  /** A process that stops breathing for a moment is not gone. */
  private static final Duration MARGIN = Duration.ofSeconds(5);

  /** What the database holds, in code points; what is said in a session is far shorter. */
  private static final int MAX_TRANSCRIPT = 100_000;

  /**
   * How a session ended.
   *
   * @param creditsLeft what its user has now
   */
  record Closing(VoiceSession session, int creditsLeft) {}

  /**
   * What a live session knows of itself.
   *
   * @param seconds its length so far
   */
  record Progress(UUID id, int seconds, String transcript) {}

  private record Stored(VoiceSession session, int minutes, @Nullable UUID lease, boolean leased) {
    static Stored of(Row row) {
      return new Stored(
          VoiceSession.of(row),
          row.integer("minutes_charged"),
          row.uuidOrNull("lease"),
          row.bool("leased"));
    }
  }

  private final VoiceConfig config;
  private final Duration lease;
  private final Credits credits;
  private final Jobs jobs;
  private final Ids ids;
  private final Events events;

  public VoiceSessionStore(
      VoiceConfig config, Duration lease, Credits credits, Jobs jobs, Ids ids, Events events) {
    this.config = config;
    this.lease = lease;
    this.credits = credits;
    this.jobs = jobs;
    this.ids = ids;
    this.events = events;
  }

  /**
   * Opens one for the acting user. One that a process left behind is ended first.
   *
   * @param holder the process, by whose name it is leased
   * @return its id
   * @throws Refusal {@code TIER_REQUIRED}, {@code CONFLICT} while another one runs, {@code
   *     INSUFFICIENT_CREDITS} for the first minute
   */
  UUID open(Tx tx, UUID holder) {
    requirePro(tx);
    Stored active = tx.sql("voice.find_active").one(Stored::of).orElse(null);
    if (active != null && active.leased()) {
      throw Refusal.of(ErrorCode.CONFLICT, "another voice session of this account is running");
    }
    int available = credits.statement(tx).balance().total();
    if (available < config.creditsPerMinute()) {
      throw Refusal.of(
              ErrorCode.INSUFFICIENT_CREDITS,
              "a minute takes " + config.creditsPerMinute() + " credits")
          .with("required", config.creditsPerMinute())
          .with("available", available);
    }
    if (active != null) {
      store(
          tx, active.session().ended(tx.now(), EndReason.PROCESS_GONE.reason()), active.minutes());
      jobs.cancel(tx, END, active.session().id().toString());
    }
    UUID id = ids.next();
    tx.sql("voice.insert_session")
        .bind("id", id)
        .bind("lease", holder)
        .bind("lease_ms", lease.toMillis())
        .atCommit();
    jobs.enqueue(tx, END, id.toString(), due(tx.now()), Map.of());
    return id;
  }

  /**
   * Refuses whoever may not transcribe.
   *
   * @throws Refusal {@code TIER_REQUIRED}
   */
  static void requirePro(Tx tx) {
    if (tx.owner().tier() != Tier.PRO) {
      throw Refusal.of(ErrorCode.TIER_REQUIRED, "transcription is part of Pro")
          .with("required_tier", Tier.PRO)
          .with("current_tier", Tier.FREE);
    }
  }

  /**
   * Takes what the minutes up to now cost, as far as they are not paid for.
   *
   * @param minutes how many have started
   * @return false if the session is no longer this process's
   * @throws Refusal {@code INSUFFICIENT_CREDITS}
   */
  boolean charge(Tx tx, UUID holder, Progress progress, int minutes) {
    Stored stored = held(tx, holder, progress.id());
    if (stored == null) {
      return false;
    }
    int owed = minutes - stored.minutes();
    if (owed > 0) {
      credits.spend(tx, cost(owed), ref(progress.id(), minutes), "Voice transcription");
      progress(tx, progress, minutes);
    }
    return true;
  }

  /**
   * Keeps what was heard.
   *
   * @return false if the session is no longer this process's
   */
  boolean keep(Tx tx, UUID holder, Progress progress) {
    Stored stored = held(tx, holder, progress.id());
    if (stored == null) {
      return false;
    }
    progress(tx, progress, stored.minutes());
    return true;
  }

  /**
   * Ends a session of this process: what is owed is taken, as far as it is there; what was taken
   * for nothing goes back.
   *
   * @return empty if it is no longer this process's
   */
  Optional<Closing> end(Tx tx, UUID holder, Progress progress, EndReason end) {
    Stored stored = held(tx, holder, progress.id());
    if (stored == null) {
      return Optional.empty();
    }
    int minutes = stored.minutes();
    int left;
    int owed = config.minutes(progress.seconds()) - minutes;
    if (end.isFree() && minutes == 1) {
      left = credits.refund(tx, ref(progress.id(), 1), cost(1));
      minutes = 0;
    } else {
      left = credits.statement(tx).balance().total();
      if (!end.isFree() && owed > 0 && left >= cost(owed)) {
        minutes += owed;
        left = credits.spend(tx, cost(owed), ref(progress.id(), minutes), "Voice transcription");
      }
    }
    VoiceSession ended =
        new VoiceSession(
            progress.id(),
            stored.session().startedAt(),
            tx.now(),
            end.reason(),
            progress.seconds(),
            cost(minutes),
            cut(progress.transcript()));
    store(tx, ended, minutes);
    jobs.cancel(tx, END, progress.id().toString());
    return Optional.of(new Closing(ended, left));
  }

  /**
   * Ends a session whose process is gone, as it was last written down.
   *
   * @return when to look again, if it is alive
   */
  Optional<Instant> endLost(Tx tx, UUID id) {
    Stored stored = find(tx, id).filter(found -> found.session().endedAt() == null).orElse(null);
    if (stored == null) {
      return Optional.empty();
    }
    if (stored.leased()) {
      return Optional.of(due(tx.now()));
    }
    store(tx, stored.session().ended(tx.now(), EndReason.PROCESS_GONE.reason()), stored.minutes());
    return Optional.empty();
  }

  /** Extends the leases of all sessions of that process; for the system. */
  void extend(Tx tx, UUID holder) {
    tx.sql("voice.extend_leases")
        .bind("lease", holder)
        .bind("lease_ms", lease.toMillis())
        .atCommit();
  }

  /**
   * The user's sessions, newest first.
   *
   * @throws Refusal {@code UNAUTHORIZED} if the account is gone
   */
  public Page<VoiceSession> list(Tx tx, PageRequest page) {
    return tx.sql("voice.list_sessions").page(page, VoiceSession::of);
  }

  /**
   * One of the user's sessions, also while it runs.
   *
   * @throws Refusal {@code NOT_FOUND}, {@code FORBIDDEN}
   */
  public VoiceSession show(Tx tx, UUID id) {
    return find(tx, id)
        .map(Stored::session)
        .orElseThrow(() -> tx.missing("voice.find_session_owner", "voice session", id));
  }

  private static Optional<Stored> find(Tx tx, UUID id) {
    return tx.sql("voice.find_session").bind("id", id).one(Stored::of);
  }

  /** Null unless the process still holds it; an expired lease that nobody took is still held. */
  private static @Nullable Stored held(Tx tx, UUID holder, UUID id) {
    return find(tx, id).filter(found -> holder.equals(found.lease())).orElse(null);
  }

  private void progress(Tx tx, Progress progress, int minutes) {
    tx.sql("voice.store_progress")
        .bind("id", progress.id())
        .bind("transcript", cut(progress.transcript()))
        .bind("seconds", progress.seconds())
        .bind("minutes", minutes)
        .bind("credits", cost(minutes))
        .atCommit();
  }

  private void store(Tx tx, VoiceSession ended, int minutes) {
    tx.sql("voice.store_end")
        .bind("id", ended.id())
        .bind("reason", ended.endReason())
        .bind("seconds", ended.durationSeconds())
        .bind("minutes", minutes)
        .bind("credits", ended.creditsUsed())
        .bind("transcript", ended.fullTranscript())
        .atCommit();
    events.emit(
        tx, new Event.AiTranscribed(ended.id(), ended.creditsUsed(), ended.durationSeconds()));
  }

  private int cost(int minutes) {
    return minutes * config.creditsPerMinute();
  }

  private Instant due(Instant now) {
    return now.plus(lease).plus(MARGIN);
  }

  private static String ref(UUID id, int minute) {
    return "voice:" + id + ":" + minute;
  }

  private static String cut(String transcript) {
    return transcript.codePointCount(0, transcript.length()) <= MAX_TRANSCRIPT
        ? transcript
        : transcript.substring(0, transcript.offsetByCodePoints(0, MAX_TRANSCRIPT));
  }
}
