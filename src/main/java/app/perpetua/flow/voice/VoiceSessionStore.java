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
import java.util.OptionalInt;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Stores live sessions: one active session per user, charged for each minute when it starts, ended
 * once (FR-033, FR-036). All writes hold the owner's lock. Thread-safe.
 */
final class VoiceSessionStore {
  /** The kind of {@link EndVoiceSessionJob}; the job's key is the session's id. */
  static final String END = "voice_session_end";

  /** From the expiry of a lease to the job's check. */
  private static final Duration MARGIN = Duration.ofSeconds(5);

  /** The column's limit, in code points; five minutes of speech are far shorter. */
  private static final int MAX_TRANSCRIPT = 100_000;

  private static final String DESCRIPTION = "Voice transcription";

  /**
   * @param reason why it ended; another than the caller's if its last results exceed a limit
   */
  record EndedSession(VoiceSession session, EndReason reason, int creditsLeft) {}

  /**
   * @param seconds the session's length so far, at most the maximum
   * @param isTooLong whether the length exceeds the maximum
   */
  record Progress(UUID id, int seconds, boolean isTooLong, LiveTranscript transcript) {}

  /** The minutes of a session that are paid for, and the credits left. */
  private record Payment(int minutes, int creditsLeft) {}

  private record Stored(
      VoiceSession session, int chargedMinutes, @Nullable UUID holder, boolean leased) {
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

  VoiceSessionStore(
      VoiceConfig config, Duration lease, Credits credits, Jobs jobs, Ids ids, Events events) {
    this.config = config;
    this.lease = lease;
    this.credits = credits;
    this.jobs = jobs;
    this.ids = ids;
    this.events = events;
  }

  /**
   * Opens a session for the acting user. Ends an active one whose lease has expired.
   *
   * @param holder id of the process that holds the lease
   * @throws Refusal {@code TIER_REQUIRED}, {@code CONFLICT} while another session runs, {@code
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
              "a minute costs " + config.creditsPerMinute() + " credits")
          .with("required", config.creditsPerMinute())
          .with("available", available);
    }
    if (active != null) {
      endAbandoned(tx, active);
      jobs.cancel(tx, END, active.session().id().toString());
    }
    UUID id = ids.next();
    tx.sql("voice.insert_session")
        .bind("id", id)
        .bind("lease", holder)
        .bind("lease_ms", lease.toMillis())
        .atCommit();
    jobs.enqueue(tx, END, id.toString(), checkAt(tx.now()), Map.of());
    return id;
  }

  /**
   * @throws Refusal {@code TIER_REQUIRED}
   */
  static void requirePro(Tx tx) {
    if (tx.owner().tier() != Tier.PRO) {
      throw Refusal.of(ErrorCode.TIER_REQUIRED, "transcription requires Pro")
          .with("required_tier", Tier.PRO)
          .with("current_tier", Tier.FREE);
    }
  }

  /**
   * Charges minutes that are not charged yet, as many as the balance suffices for, and stores the
   * progress within what is paid for.
   *
   * @param minutes to be charged in all; 0 charges nothing
   * @return the minutes that are paid for; empty if another process holds the lease
   */
  OptionalInt save(Tx tx, UUID holder, Progress progress, int minutes) {
    Stored stored = held(tx, holder, progress.id());
    if (stored == null) {
      return OptionalInt.empty();
    }
    int charged = stored.chargedMinutes();
    if (minutes > charged) {
      charged = pay(tx, progress.id(), charged, minutes).minutes();
    }
    tx.sql("voice.store_progress")
        .bind("id", progress.id())
        .bind("transcript", transcript(progress, charged))
        .bind("seconds", Math.min(progress.seconds(), config.paidSeconds(charged)))
        .bind("minutes", charged)
        .bind("credits", cost(charged))
        .atCommit();
    return OptionalInt.of(charged);
  }

  /** Charges minutes, as many of the unpaid ones as the balance suffices for. */
  private Payment pay(Tx tx, UUID id, int charged, int minutes) {
    int left = credits.statement(tx).balance().total();
    int unpaid = Math.max(0, minutes - charged);
    int price = config.creditsPerMinute();
    int affordable = price == 0 ? unpaid : Math.min(unpaid, left / price);
    if (affordable > 0) {
      int paid = charged + affordable;
      return new Payment(paid, credits.spend(tx, cost(affordable), ref(id, paid), DESCRIPTION));
    }
    return new Payment(charged, left);
  }

  /**
   * Ends a session: charges unpaid minutes as {@link #save}, or refunds the first one if the
   * provider could not transcribe anything. Length and transcript end with the paid minutes.
   *
   * @return empty if another process holds the lease
   */
  Optional<EndedSession> end(Tx tx, UUID holder, Progress progress, EndReason reason) {
    Stored stored = held(tx, holder, progress.id());
    if (stored == null) {
      return Optional.empty();
    }
    int charged = stored.chargedMinutes();
    int started = config.minutes(progress.seconds());
    Payment payment;
    if (reason.isFree() && charged == 1) {
      payment = new Payment(0, credits.refund(tx, ref(progress.id(), 1), cost(1)));
    } else {
      boolean isSettled = reason.isFree() || reason == EndReason.OUT_OF_CREDITS;
      payment = pay(tx, progress.id(), charged, isSettled ? charged : started);
    }
    EndReason actual = reason;
    if (reason.isWithinLimits() && payment.minutes() < started) {
      actual = EndReason.OUT_OF_CREDITS;
    } else if (reason.isWithinLimits() && progress.isTooLong()) {
      actual = EndReason.MAX_DURATION;
    }
    int seconds = progress.seconds();
    VoiceSession ended =
        new VoiceSession(
            progress.id(),
            stored.session().startedAt(),
            tx.now(),
            actual.reason(),
            reason.isFree() ? seconds : Math.min(seconds, config.paidSeconds(payment.minutes())),
            cost(payment.minutes()),
            transcript(progress, payment.minutes()));
    storeEnd(tx, ended, payment.minutes());
    jobs.cancel(tx, END, progress.id().toString());
    return Optional.of(new EndedSession(ended, actual, payment.creditsLeft()));
  }

  /**
   * Ends a session whose lease has expired, with the progress that was stored last.
   *
   * @return when to check again, if the lease is still valid
   */
  Optional<Instant> endAbandoned(Tx tx, UUID id) {
    Stored stored = find(tx, id).filter(found -> found.session().endedAt() == null).orElse(null);
    if (stored == null) {
      return Optional.empty();
    }
    if (stored.leased()) {
      return Optional.of(checkAt(tx.now()));
    }
    endAbandoned(tx, stored);
    return Optional.empty();
  }

  private void endAbandoned(Tx tx, Stored stored) {
    VoiceSession ended = stored.session().ended(tx.now(), EndReason.PROCESS_LOST.reason());
    storeEnd(tx, ended, stored.chargedMinutes());
  }

  /** Extends the leases of all sessions of a process; {@code tx} is the system's. */
  int extendLeases(Tx tx, UUID holder) {
    return tx.sql("voice.extend_leases")
        .bind("lease", holder)
        .bind("lease_ms", lease.toMillis())
        .run();
  }

  /** The user's sessions, newest first. */
  Page<VoiceSession> list(Tx tx, PageRequest.ByOffset page) {
    return tx.sql("voice.list_sessions").page(page, VoiceSession::of);
  }

  /**
   * @throws Refusal {@code NOT_FOUND}, {@code FORBIDDEN}
   */
  VoiceSession get(Tx tx, UUID id) {
    return find(tx, id)
        .map(Stored::session)
        .orElseThrow(() -> tx.missing("voice.find_session_owner", "voice session", id));
  }

  private static Optional<Stored> find(Tx tx, UUID id) {
    return tx.sql("voice.find_session").bind("id", id).one(Stored::of);
  }

  /** Null if another process holds the lease; an expired lease is still held. */
  private static @Nullable Stored held(Tx tx, UUID holder, UUID id) {
    return find(tx, id).filter(found -> holder.equals(found.holder())).orElse(null);
  }

  private void storeEnd(Tx tx, VoiceSession ended, int minutes) {
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

  private Instant checkAt(Instant now) {
    return now.plus(lease).plus(MARGIN);
  }

  private static String ref(UUID id, int minute) {
    return "voice:" + id + ":" + minute;
  }

  private String transcript(Progress progress, int paidMinutes) {
    String text = progress.transcript().text(config.paidSeconds(paidMinutes));
    return text.codePointCount(0, text.length()) <= MAX_TRANSCRIPT
        ? text
        : text.substring(0, text.offsetByCodePoints(0, MAX_TRANSCRIPT));
  }
}
