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
 * Transcribes recordings: reserves credits for the length that the client states, and charges for
 * the length that the provider measures. Thread-safe.
 */
final class Transcriptions {
  private static final System.Logger LOG = System.getLogger(Transcriptions.class.getName());
  private static final Duration RETRY_AFTER = Duration.ofMinutes(1);

  /** Three times the time limit of {@link Transcriber#recognize}. */
  private static final Duration RESERVATION_TIMEOUT = Duration.ofSeconds(90);

  private static final String DESCRIPTION = "Transcription of a recording";

  /**
   * @param seconds the length that the client states
   * @param noteId the voice note that gets the text; null for none
   */
  record Recording(String url, int seconds, @Nullable UUID noteId) {}

  /**
   * @param id identifies the charge
   * @param reserved credits
   */
  record ReservedRecording(UUID id, Recording recording, int reserved) {
    String ref() {
      return "transcription:" + id;
    }
  }

  record Transcription(
      String transcription,
      String language,
      double confidence,
      int creditsUsed,
      int creditsRemaining) {}

  sealed interface TranscriptionResult {
    record Success(Transcription transcription) implements TranscriptionResult {}

    /** Nothing is charged. */
    record Failed(Refusal refusal) implements TranscriptionResult {}
  }

  private final VoiceConfig config;
  private final Optional<Transcriber> transcriber;
  private final AddressGuard guard;
  private final Reservations reservations;
  private final Notes notes;
  private final Ids ids;
  private final Events events;

  Transcriptions(
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

  /** What a recording's URL must be, if it has a form that is never permitted. */
  Optional<String> malformed(String url) {
    return guard.checkWithoutLookup(url) instanceof Verdict.Malformed(String reason)
        ? Optional.of(reason)
        : Optional.empty();
  }

  /**
   * Reserves the credits for the stated length.
   *
   * @param key of the request's idempotency record
   * @throws Refusal {@code TRANSCRIPTION_SERVICE_UNAVAILABLE}, {@code NOT_FOUND}, {@code
   *     FORBIDDEN}, {@code TIER_REQUIRED}, {@code VALIDATION_ERROR} for a host that is not
   *     permitted, {@code CONFLICT} if the note has no recording or already a text, {@code
   *     INSUFFICIENT_CREDITS}
   */
  ReservedRecording reserve(Tx tx, UUID key, Recording recording) {
    if (transcriber.isEmpty()) {
      throw unavailable();
    }
    UUID noteId = recording.noteId();
    Note note = noteId == null ? null : notes.get(tx, noteId);
    VoiceSessionStore.requirePro(tx);
    if (!(guard.checkWithoutLookup(recording.url()) instanceof Verdict.Allowed)) {
      throw forbiddenHost();
    }
    if (note != null && (note.voiceUrl() == null || !note.content().isEmpty())) {
      throw Refusal.of(ErrorCode.CONFLICT, "this note has no recording to transcribe");
    }
    ReservedRecording reserved =
        new ReservedRecording(ids.next(), recording, cost(recording.seconds()));
    reservations.reserve(
        tx, key, reserved.ref(), reserved.reserved(), DESCRIPTION, RESERVATION_TIMEOUT);
    return reserved;
  }

  /**
   * Calls the provider if all addresses of the recording's host are public.
   *
   * @return empty if the host is not permitted
   * @throws Refusal {@code SERVICE_UNAVAILABLE} while the service stops; a job releases the credits
   */
  Optional<Recognition> call(ReservedRecording reserved, Cancellation cancellation) {
    String url = reserved.recording().url();
    try {
      return guard.check(url) instanceof Verdict.Allowed
          ? Optional.of(transcriber.orElseThrow().recognize(url, cancellation))
          : Optional.empty();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw stopping();
    }
  }

  /**
   * Charges for the measured length and stores the note's text, or releases the credits. If the
   * provider is unavailable, the note can be transcribed later.
   *
   * @param recognition empty if the host is not permitted
   */
  TranscriptionResult settle(Tx tx, ReservedRecording reserved, Optional<Recognition> recognition) {
    if (recognition.isEmpty()) {
      return release(tx, reserved, forbiddenHost());
    }
    return switch (recognition.get()) {
      case Recognition.Recognized recognized -> {
        int seconds = (int) Math.min(Integer.MAX_VALUE, Math.floor(recognized.seconds()));
        if (seconds > config.maxSeconds()) {
          yield unusable(
              tx,
              reserved,
              Refusal.of(
                  ErrorCode.AUDIO_DURATION_EXCEEDED,
                  "a recording may last at most " + config.maxSeconds() + " seconds"));
        }
        Reservations.Settled settled =
            reservations.settle(
                tx, reserved.ref(), reserved.reserved(), cost(Math.max(1, seconds)), DESCRIPTION);
        events.emit(tx, new Event.AiTranscribed(reserved.id(), settled.used(), seconds));
        updateNote(reserved, noteId -> notes.transcribed(tx, noteId, recognized.text()));
        yield new TranscriptionResult.Success(
            new Transcription(
                recognized.text(),
                recognized.language(),
                recognized.confidence(),
                settled.used(),
                settled.left()));
      }
      case Recognition.Unusable _ ->
          unusable(
              tx,
              reserved,
              Refusal.invalid(
                  "audio_url",
                  "must be the URL of a recording that the provider can fetch and decode"));
      case Recognition.Failed(String reason) -> {
        LOG.log(System.Logger.Level.WARNING, "transcription of a recording failed: {0}", reason);
        yield release(tx, reserved, unavailable());
      }
    };
  }

  private TranscriptionResult unusable(Tx tx, ReservedRecording reserved, Refusal refusal) {
    updateNote(reserved, noteId -> notes.transcriptionFailed(tx, noteId));
    return release(tx, reserved, refusal);
  }

  private static void updateNote(ReservedRecording reserved, Consumer<UUID> update) {
    UUID noteId = reserved.recording().noteId();
    if (noteId != null) {
      try {
        update.accept(noteId);
      } catch (Refusal e) {
        LOG.log(System.Logger.Level.DEBUG, "the note of a recording was deleted", e);
      }
    }
  }

  private TranscriptionResult release(Tx tx, ReservedRecording reserved, Refusal refusal) {
    reservations.release(tx, reserved.ref(), reserved.reserved());
    return new TranscriptionResult.Failed(refusal);
  }

  private int cost(int seconds) {
    return config.minutes(seconds) * config.creditsPerMinute();
  }

  private static Refusal forbiddenHost() {
    return Refusal.invalid("audio_url", AddressGuard.HOST_RULE);
  }

  static Refusal stopping() {
    return Refusal.of(ErrorCode.SERVICE_UNAVAILABLE, "the service is stopping")
        .retryAfter(Duration.ofSeconds(1));
  }

  static Refusal unavailable() {
    return Refusal.of(
            ErrorCode.TRANSCRIPTION_SERVICE_UNAVAILABLE, "transcription is temporarily unavailable")
        .retryAfter(RETRY_AFTER);
  }
}
