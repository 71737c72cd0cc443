package app.perpetua.flow.voice;

import app.perpetua.flow.base.AddressGuard;
import app.perpetua.flow.base.AddressGuard.Verdict;
import app.perpetua.flow.base.Cancellation;
import app.perpetua.flow.base.ErrorCode;
import app.perpetua.flow.base.Ids;
import app.perpetua.flow.base.Refusal;
import app.perpetua.flow.credits.Reservations;
import app.perpetua.flow.events.Event;
import app.perpetua.flow.events.Events;
import app.perpetua.flow.notes.Note;
import app.perpetua.flow.notes.Notes;
import app.perpetua.flow.sql.Tx;
import app.perpetua.flow.voice.Transcriber.Recognition;
import java.time.Duration;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Text of recordings: reserved by the length that the caller claims, paid by the length that the
 * provider measured. Thread-safe.
 */
public final class Transcriptions {
  private static final System.Logger LOG = System.getLogger(Transcriptions.class.getName());
  private static final Duration LATER = Duration.ofMinutes(1);

  /** Three times as long as a recording may take to be understood. */
  private static final Duration ABANDONED = Duration.ofSeconds(90);

  private static final String DESCRIPTION = "Transcription of a recording";

  /**
   * A recording that is to be understood.
   *
   * @param url where it is
   * @param seconds how long it is, by the caller's word
   * @param noteId the voice note that waits for the text; null for none
   */
  public record Recording(String url, int seconds, @Nullable UUID noteId) {}

  /**
   * A recording that has been paid for.
   *
   * @param id names the charge
   * @param reserved credits
   */
  record ReservedRecording(UUID id, Recording recording, int reserved) {
    String ref() {
      return "transcription:" + id;
    }
  }

  /** What the caller gets. */
  record Text(
      String transcription,
      String language,
      double confidence,
      int creditsUsed,
      int creditsRemaining) {}

  private final VoiceConfig config;
  private final Optional<Transcriber> transcriber;
  private final AddressGuard guard;
  private final Reservations reservations;
  private final Notes notes;
  private final Ids ids;
  private final Events events;

  /**
   * @param transcriber none if it is not configured or not wanted
   * @param guard decides where recordings may be
   */
  public Transcriptions(
      VoiceConfig config,
      Optional<Transcriber> transcriber,
      AddressGuard guard,
      Reservations reservations,
      Notes notes,
      Ids ids,
      Events events) {
    this.config = config;
    this.transcriber = transcriber;
    this.guard = guard;
    this.reservations = reservations;
    this.notes = notes;
    this.ids = ids;
    this.events = events;
  }

  int maxSeconds() {
    return config.maxSeconds();
  }

  /**
   * Looks at where a recording is said to be, which may ask the DNS.
   *
   * @throws Refusal {@code SERVICE_UNAVAILABLE} while the service stops
   */
  Verdict check(String url) {
    try {
      return guard.check(url);
    } catch (InterruptedException e) {
      throw stopping();
    }
  }

  /**
   * Takes what it costs by the caller's word.
   *
   * @param key of the idempotency record that opens with it
   * @throws Refusal {@code TRANSCRIPTION_SERVICE_UNAVAILABLE}, {@code NOT_FOUND}, {@code
   *     FORBIDDEN}, {@code TIER_REQUIRED}, {@code CONFLICT} if the note does not wait for a text,
   *     {@code INSUFFICIENT_CREDITS}
   */
  ReservedRecording reserve(Tx tx, UUID key, Recording recording) {
    if (transcriber.isEmpty()) {
      throw unavailable();
    }
    UUID noteId = recording.noteId();
    Note note = noteId == null ? null : notes.get(tx, noteId);
    VoiceSessionStore.requirePro(tx);
    if (note != null && (note.voiceUrl() == null || !note.content().isEmpty())) {
      throw Refusal.of(ErrorCode.CONFLICT, "this note does not wait for a transcription");
    }
    ReservedRecording reserved =
        new ReservedRecording(ids.next(), recording, cost(recording.seconds()));
    reservations.take(tx, key, reserved.ref(), reserved.reserved(), DESCRIPTION, ABANDONED);
    return reserved;
  }

  /**
   * Calls the provider, if the address is still an allowed one.
   *
   * @throws Refusal {@code SERVICE_UNAVAILABLE} while the service stops; the job settles then
   */
  Recognition call(ReservedRecording reserved, Cancellation cancellation) {
    String url = reserved.recording().url();
    try {
      return guard.check(url) instanceof Verdict.Allowed
          ? transcriber.orElseThrow().recognize(url, cancellation)
          : new Recognition.Unusable();
    } catch (InterruptedException e) {
      throw stopping();
    }
  }

  /**
   * Pays what was measured, or gives everything back; fills the note that waits for it. A provider
   * that is away leaves the note waiting.
   */
  TranscriptionResult settle(Tx tx, ReservedRecording reserved, Recognition recognition) {
    return switch (recognition) {
      case Recognition.Understood understood -> {
        int seconds = (int) Math.min(Integer.MAX_VALUE, Math.floor(understood.seconds()));
        if (seconds > config.maxSeconds()) {
          yield unusable(
              tx,
              reserved,
              Refusal.of(
                  ErrorCode.AUDIO_DURATION_EXCEEDED,
                  "a recording may last " + config.maxSeconds() + " seconds"));
        }
        Reservations.Settled settled =
            reservations.settle(
                tx, reserved.ref(), reserved.reserved(), cost(Math.max(1, seconds)), DESCRIPTION);
        events.emit(tx, new Event.AiTranscribed(reserved.id(), settled.used(), seconds));
        tell(reserved, noteId -> notes.transcribed(tx, noteId, understood.text()));
        yield new TranscriptionResult.Done(
            new Text(
                understood.text(),
                understood.language(),
                understood.confidence(),
                settled.used(),
                settled.left()));
      }
      case Recognition.Unusable _ ->
          unusable(
              tx,
              reserved,
              Refusal.invalid("audio_url", "must lead to a recording that can be fetched"));
      case Recognition.Failed(String why) -> {
        LOG.log(System.Logger.Level.WARNING, "a recording is not understood: {0}", why);
        yield nothing(tx, reserved, unavailable());
      }
    };
  }

  /** What a call came to. */
  sealed interface TranscriptionResult {
    /** Text. */
    record Done(Text text) implements TranscriptionResult {}

    /** Nothing, and nothing is charged. */
    record Nothing(Refusal why) implements TranscriptionResult {}
  }

  private TranscriptionResult unusable(Tx tx, ReservedRecording reserved, Refusal why) {
    tell(reserved, noteId -> notes.transcriptionFailed(tx, noteId));
    return nothing(tx, reserved, why);
  }

  /** A note that was deleted meanwhile is told nothing. */
  private static void tell(ReservedRecording reserved, Consumer<UUID> told) {
    UUID noteId = reserved.recording().noteId();
    if (noteId != null) {
      try {
        told.accept(noteId);
      } catch (Refusal e) {
        LOG.log(System.Logger.Level.DEBUG, "the note of a recording is gone", e);
      }
    }
  }

  private TranscriptionResult nothing(Tx tx, ReservedRecording reserved, Refusal why) {
    reservations.release(tx, reserved.ref(), reserved.reserved());
    return new TranscriptionResult.Nothing(why);
  }

  private int cost(int seconds) {
    return config.minutes(seconds) * config.creditsPerMinute();
  }

  private static Refusal stopping() {
    Thread.currentThread().interrupt();
    return Refusal.of(ErrorCode.SERVICE_UNAVAILABLE, "the service is being stopped")
        .retryAfter(Duration.ofSeconds(1));
  }

  private static Refusal unavailable() {
    return Refusal.of(
            ErrorCode.TRANSCRIPTION_SERVICE_UNAVAILABLE, "there is no transcription at present")
        .retryAfter(LATER);
  }
}
