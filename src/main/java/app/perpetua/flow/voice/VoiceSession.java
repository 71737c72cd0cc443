package app.perpetua.flow.voice;

import app.perpetua.flow.sql.Row;
import java.time.Instant;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * A live session as the API returns it. Audio is never stored.
 *
 * @param endedAt null while it runs
 * @param endReason {@link EndReason#reason()}; null while it runs
 * @param durationSeconds elapsed time or length of the audio, whichever is longer, as far as it is
 *     paid for
 * @param fullTranscript the results so far
 */
record VoiceSession(
    UUID id,
    Instant startedAt,
    @Nullable Instant endedAt,
    @Nullable String endReason,
    int durationSeconds,
    int creditsUsed,
    String fullTranscript) {
  static VoiceSession of(Row row) {
    return new VoiceSession(
        row.uuid("id"),
        row.instant("started_at"),
        row.instantOrNull("ended_at"),
        row.textOrNull("end_reason"),
        row.integer("duration_seconds"),
        row.integer("credits_used"),
        row.text("full_transcript"));
  }

  VoiceSession ended(Instant at, String reason) {
    return new VoiceSession(
        id, startedAt, at, reason, durationSeconds, creditsUsed, fullTranscript);
  }
}
