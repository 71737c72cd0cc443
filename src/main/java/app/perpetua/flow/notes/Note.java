package app.perpetua.flow.notes;

import app.perpetua.flow.sql.Row;
import java.time.Instant;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * A note as the contract shows it.
 *
 * @param id UUID version 7
 * @param userId its owner
 * @param content 1 to 2000 characters; empty while only the recording says it
 * @param archived out of the way, and off the limit
 * @param voiceUrl where the recording is; null if it was typed
 * @param voiceDurationSeconds how long the recording is; null if unknown, or there is none
 * @param transcriptionStatus {@code pending}, {@code completed} or {@code failed}; null without a
 *     recording
 * @param createdAt when it was made
 * @param updatedAt when it last changed
 */
public record Note(
    UUID id,
    UUID userId,
    String content,
    boolean archived,
    @Nullable String voiceUrl,
    @Nullable Integer voiceDurationSeconds,
    @Nullable String transcriptionStatus,
    Instant createdAt,
    Instant updatedAt) {
  private static final String COMPLETED = "completed";

  /** Code points; enough to recognise a note by. */
  private static final int PREVIEW = 100;

  static Note of(Row row) {
    return new Note(
        row.uuid("id"),
        row.uuid("user_id"),
        row.text("content"),
        row.bool("archived"),
        row.textOrNull("voice_url"),
        row.integerOrNull("voice_duration_seconds"),
        row.textOrNull("transcription_status"),
        row.instant("created_at"),
        row.instant("updated_at"));
  }

  /** A note as it is in the beginning: a recording without text waits to be transcribed. */
  static Note made(UUID id, UUID userId, NoteDraft draft, Instant now) {
    String status =
        draft.voiceUrl() == null ? null : draft.content().isEmpty() ? "pending" : COMPLETED;
    return new Note(
        id,
        userId,
        draft.content(),
        false,
        draft.voiceUrl(),
        draft.voiceDurationSeconds(),
        status,
        now,
        now);
  }

  /** 1 if it counts against the limit, or else 0. */
  int counted() {
    return archived ? 0 : 1;
  }

  /** With that text; a recording needs no transcription then. */
  Note written(String text) {
    return text.equals(content) ? this : with(text, archived, voiceUrl == null ? null : COMPLETED);
  }

  /** With what was heard in its recording, unless there is a text already. */
  Note transcribed(String text) {
    return with(content.isEmpty() ? text : content, archived, COMPLETED);
  }

  Note transcriptionFailed() {
    return with(content, archived, "failed");
  }

  Note archived(boolean nowArchived) {
    return with(content, nowArchived, transcriptionStatus);
  }

  /** As it is after a request that changed it. */
  Note touched(Instant when) {
    return new Note(
        id,
        userId,
        content,
        archived,
        voiceUrl,
        voiceDurationSeconds,
        transcriptionStatus,
        createdAt,
        when);
  }

  /** Its first line, as far as a preview needs it. */
  String title() {
    String line = content.strip().lines().findFirst().map(String::strip).orElse("Voice note");
    int length = line.codePointCount(0, line.length());
    return line.substring(0, line.offsetByCodePoints(0, Math.min(length, PREVIEW)));
  }

  private Note with(String text, boolean nowArchived, @Nullable String status) {
    return new Note(
        id,
        userId,
        text,
        nowArchived,
        voiceUrl,
        voiceDurationSeconds,
        status,
        createdAt,
        updatedAt);
  }
}
