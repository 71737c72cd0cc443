package app.perpetua.flow.notes;

import app.perpetua.flow.base.WireName;
import app.perpetua.flow.parsing.UnicodeText;
import app.perpetua.flow.sql.Row;
import java.time.Instant;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * A note, as defined by the API contract.
 *
 * @param id UUID version 7
 * @param content 1 to 2000 characters; empty until a recording is transcribed
 * @param archived excludes it from the limit of notes
 * @param voiceUrl URL of the recording; null if there is none
 * @param voiceDurationSeconds length of the recording; null if unknown or there is none
 * @param transcriptionStatus null without a recording
 * @param version 1 at first, one higher after each change
 */
public record Note(
    UUID id,
    UUID userId,
    String content,
    boolean archived,
    @Nullable String voiceUrl,
    @Nullable Integer voiceDurationSeconds,
    @Nullable TranscriptionStatus transcriptionStatus,
    int version,
    Instant createdAt,
    Instant updatedAt) {
  /** Whether the recording of a note has been transcribed. */
  public enum TranscriptionStatus implements WireName {
    PENDING,
    COMPLETED,
    FAILED
  }

  /** Code points. */
  private static final int MAX_TITLE = 100;

  static Note of(Row row) {
    return new Note(
        row.uuid("id"),
        row.uuid("user_id"),
        row.text("content"),
        row.bool("archived"),
        row.textOrNull("voice_url"),
        row.integerOrNull("voice_duration_seconds"),
        row.wireNameOrNull("transcription_status", TranscriptionStatus.class),
        row.integer("version"),
        row.instant("created_at"),
        row.instant("updated_at"));
  }

  /** Creates a note; a recording without content is to be transcribed. */
  static Note create(UUID id, UUID userId, NoteDraft draft, Instant now) {
    TranscriptionStatus status =
        draft.voiceUrl() == null
            ? null
            : draft.content().isEmpty()
                ? TranscriptionStatus.PENDING
                : TranscriptionStatus.COMPLETED;
    return new Note(
        id,
        userId,
        draft.content(),
        false,
        draft.voiceUrl(),
        draft.voiceDurationSeconds(),
        status,
        1,
        now,
        now);
  }

  /** 1 if it counts against the limit of notes, otherwise 0. */
  int counted() {
    return archived ? 0 : 1;
  }

  /** Replaces the content; a recording then needs no transcription. */
  Note withContent(String text) {
    return text.equals(content)
        ? this
        : with(text, archived, voiceUrl == null ? null : TranscriptionStatus.COMPLETED);
  }

  /** Sets the transcript as the content, unless there is content already. */
  Note transcribed(String text) {
    return with(content.isEmpty() ? text : content, archived, TranscriptionStatus.COMPLETED);
  }

  Note transcriptionFailed() {
    return with(content, archived, TranscriptionStatus.FAILED);
  }

  Note archived(boolean nowArchived) {
    return with(content, nowArchived, transcriptionStatus);
  }

  /** The changed note as it is stored. */
  Note nextVersion(Instant when) {
    return with(content, archived, transcriptionStatus, version + 1, when);
  }

  /** Increments the version, because clients must notice the recovery, and keeps the times. */
  Note recovered() {
    return nextVersion(updatedAt);
  }

  String title() {
    return title(content);
  }

  /** The beginning of the first line that is not blank, for a note with this content. */
  public static String title(String content) {
    String line =
        content
            .lines()
            .map(UnicodeText::trim)
            .filter(text -> !UnicodeText.isBlank(text))
            .findFirst()
            .orElse("Voice note");
    int length = line.codePointCount(0, line.length());
    return line.substring(0, line.offsetByCodePoints(0, Math.min(length, MAX_TITLE)));
  }

  private Note with(String text, boolean nowArchived, @Nullable TranscriptionStatus status) {
    return with(text, nowArchived, status, version, updatedAt);
  }

  private Note with(
      String text,
      boolean nowArchived,
      @Nullable TranscriptionStatus status,
      int newVersion,
      Instant when) {
    return new Note(
        id,
        userId,
        text,
        nowArchived,
        voiceUrl,
        voiceDurationSeconds,
        status,
        newVersion,
        createdAt,
        when);
  }
}
