package app.perpetua.flow.notes;

import static java.util.Objects.requireNonNullElse;

import app.perpetua.flow.base.ErrorCode;
import app.perpetua.flow.base.Ids;
import app.perpetua.flow.base.Refusal;
import app.perpetua.flow.events.Event;
import app.perpetua.flow.events.Events;
import app.perpetua.flow.parsing.UnicodeText;
import app.perpetua.flow.recovery.Restorer;
import app.perpetua.flow.recovery.Tombstone;
import app.perpetua.flow.recovery.Tombstones;
import app.perpetua.flow.sql.LockedUser;
import app.perpetua.flow.sql.Page;
import app.perpetua.flow.sql.PageRequest;
import app.perpetua.flow.sql.Query;
import app.perpetua.flow.sql.Tx;
import java.util.UUID;

/**
 * The rules of notes (FR-022 to FR-024). Methods that write require the owner's lock. Thread-safe.
 *
 * <p>Methods that take an id refuse another user's row with {@code FORBIDDEN} and a missing one
 * with {@code NOT_FOUND}; methods that list refuse a deleted account with {@code UNAUTHORIZED}.
 */
public final class Notes implements Restorer {
  /** Code points in a note (FR-023). */
  static final int MAX_CONTENT = 2000;

  private final NoteConfig config;
  private final Ids ids;
  private final Events events;
  private final Tombstones tombstones;

  Notes(NoteConfig config, Ids ids, Events events, Tombstones tombstones) {
    this.config = config;
    this.ids = ids;
    this.events = events;
    this.tombstones = tombstones;
  }

  /** Returns matching notes, newest first. */
  Page<Note> list(Tx tx, NoteFilter filter) {
    Query query =
        filter.words().isEmpty()
            ? tx.sql("notes.list_notes")
            : tx.sql("notes.search_notes").bind("words", filter.words().toArray(String[]::new));
    return query
        .bind("archived", filter.archived())
        .page(filter.page(), PageRequest.Position.beforeDescending("infinity"), Note::of);
  }

  public Note get(Tx tx, UUID id) {
    return tx.sql("notes.find_note")
        .bind("id", id)
        .one(Note::of)
        .orElseThrow(() -> missing(tx, id));
  }

  private static Refusal missing(Tx tx, UUID id) {
    return tx.missing("notes.find_note_owner", "note", id);
  }

  /**
   * Creates a note.
   *
   * @throws Refusal {@code TIER_REQUIRED} for a recording without Pro (FR-024), {@code
   *     LIMIT_EXCEEDED} if the user has as many notes as tier and perks allow (FR-022)
   */
  Note create(Tx tx, NoteDraft draft) {
    if (draft.voiceUrl() != null) {
      checkVoice(tx.owner());
    }
    checkRoom(tx.owner());
    Note note = Note.create(ids.next(), tx.userId(), draft, tx.now());
    tx.sql("notes.insert_note")
        .bind("id", note.id())
        .bind("content", note.content())
        .bind("voice_url", note.voiceUrl())
        .bind("voice_duration_seconds", note.voiceDurationSeconds())
        .bind("transcription_status", note.transcriptionStatus())
        .atCommit();
    events.emit(tx, new Event.NoteCreated(note.id()));
    return note;
  }

  /**
   * Changes a note. Unarchiving succeeds regardless of the limit.
   *
   * @throws Refusal {@code CONFLICT} if the version is stale
   */
  Note patch(Tx tx, UUID id, NotePatch patch) {
    Note old = get(tx, id);
    Refusal.checkVersion("note", patch.version(), old.version());
    Note changed = old.withContent(requireNonNullElse(patch.content(), old.content()));
    return change(tx, old, changed.archived(requireNonNullElse(patch.archived(), old.archived())));
  }

  /**
   * Sets the transcript of a voice note, cut at the limit. Existing content is not overwritten. A
   * note without a recording stays unchanged.
   *
   * @param text empty if the recording contains no speech
   */
  public Note transcribed(Tx tx, UUID id, String text) {
    Note old = get(tx, id);
    int length = Math.min(text.codePointCount(0, text.length()), MAX_CONTENT);
    String transcript = text.substring(0, text.offsetByCodePoints(0, length));
    return change(tx, old, old.voiceUrl() == null ? old : old.transcribed(transcript));
  }

  /** Marks the transcription of a voice note as failed, unless the note has content. */
  public Note transcriptionFailed(Tx tx, UUID id) {
    Note old = get(tx, id);
    boolean pending = old.voiceUrl() != null && old.content().isEmpty();
    return change(tx, old, pending ? old.transcriptionFailed() : old);
  }

  /**
   * Returns a note that can become a task.
   *
   * @throws Refusal {@code ARCHIVED}; {@code CONFLICT} if it was converted before, even if it was
   *     unarchived or recovered since (FR-079), or has no text
   */
  public Note convertible(Tx tx, UUID id) {
    record Found(Note note, boolean converted) {}
    Found found =
        tx.sql("notes.find_note")
            .bind("id", id)
            .one(row -> new Found(Note.of(row), row.bool("converted")))
            .orElseThrow(() -> missing(tx, id));
    if (found.note().archived()) {
      throw Refusal.of(ErrorCode.ARCHIVED, "the note is archived or was converted");
    }
    if (found.converted()) {
      throw convertedBefore();
    }
    if (UnicodeText.isBlank(found.note().content())) {
      throw Refusal.of(ErrorCode.CONFLICT, "the note has no text yet");
    }
    return found.note();
  }

  /**
   * Archives a note that was converted to a task, in the transaction that creates the task.
   *
   * @param note from {@link #convertible}
   * @param suggested whether the user confirmed a suggestion; no other conversion counts towards
   *     achievements (FR-080)
   * @throws Refusal {@code CONFLICT} if it was converted before
   */
  public Note converted(Tx tx, Note note, UUID taskId, boolean suggested) {
    if (tx.sql("notes.mark_converted").bind("id", note.id()).run() == 0) {
      throw convertedBefore();
    }
    Note stored = note.archived(true).nextVersion(tx.now());
    store(tx, note, stored);
    events.emit(tx, new Event.NoteConverted(note.id(), taskId, suggested));
    return stored;
  }

  private static Refusal convertedBefore() {
    return Refusal.of(ErrorCode.CONFLICT, "the note was converted already");
  }

  /** Deletes a note, leaving a tombstone (FR-062). */
  Tombstone delete(Tx tx, UUID id) {
    Note old = get(tx, id);
    Tombstone tombstone = tombstones.next(tx);
    tx.sql("notes.delete_note")
        .bind("id", id)
        .bind("note_delta", -old.counted())
        .bind("title", old.title())
        .bind("tombstone_id", tombstone.tombstoneId())
        .bind("recoverable_until", tombstone.recoverableUntil())
        .atCommit();
    tombstones.keepNewest(tx);
    events.emit(tx, new Event.NoteDeleted(id, tombstone.tombstoneId()));
    return tombstone;
  }

  @Override
  public Restored restore(Tx tx, UUID tombstoneId) {
    record DeletedNote(Note note, boolean idInUse) {}
    DeletedNote deleted =
        tx.sql("notes.find_deleted")
            .bind("tombstone_id", tombstoneId)
            .one(row -> new DeletedNote(Note.of(row), row.bool("id_in_use")))
            .orElseThrow();
    if (deleted.idInUse()) {
      throw Refusal.of(ErrorCode.CONFLICT, "another note has the deleted note's id");
    }
    Note note = deleted.note().recovered();
    tx.sql("notes.restore_note")
        .bind("tombstone_id", tombstoneId)
        .bind("note_delta", note.counted())
        .bind("version", note.version())
        .atCommit();
    return new Restored(note, new Event.NoteRecovered(note.id(), tombstoneId));
  }

  private Note change(Tx tx, Note old, Note changed) {
    if (changed.equals(old)) {
      return old;
    }
    Note stored = changed.nextVersion(tx.now());
    store(tx, old, stored);
    events.emit(tx, new Event.NoteUpdated(old.id()));
    return stored;
  }

  /** Stores a changed note at the commit and adjusts the owner's counter. */
  private static void store(Tx tx, Note old, Note note) {
    tx.sql("notes.store_note")
        .bind("id", note.id())
        .bind("note_delta", note.counted() - old.counted())
        .bind("content", note.content())
        .bind("archived", note.archived())
        .bind("transcription_status", note.transcriptionStatus())
        .bind("version", note.version())
        .bind("updated_at", note.updatedAt())
        .atCommit();
  }

  private static void checkVoice(LockedUser owner) {
    if (owner.tier() != LockedUser.Tier.PRO) {
      throw Refusal.of(ErrorCode.TIER_REQUIRED, "voice notes require Pro")
          .with("required_tier", LockedUser.Tier.PRO)
          .with("current_tier", LockedUser.Tier.FREE);
    }
  }

  private void checkRoom(LockedUser owner) {
    boolean pro = owner.tier() == LockedUser.Tier.PRO;
    int limit = owner.perkNotes() + (pro ? config.proMax() : config.freeMax());
    if (owner.notes() >= limit) {
      throw Refusal.limitExceeded(
          "at most " + limit + " unarchived notes are allowed", limit, owner.notes());
    }
  }
}
