package app.perpetua.flow.notes;

import app.perpetua.flow.base.ErrorCode;
import app.perpetua.flow.base.Ids;
import app.perpetua.flow.base.Refusal;
import app.perpetua.flow.events.Event;
import app.perpetua.flow.events.Events;
import app.perpetua.flow.sql.LockedUser;
import app.perpetua.flow.sql.Page;
import app.perpetua.flow.sql.Tx;
import app.perpetua.flow.tasks.Tasks;
import app.perpetua.flow.tombstones.Tombstones;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * The rules of notes (FR-022 to FR-024). Runs under the owner's lock, as {@link Tasks} does.
 * Thread-safe.
 */
public final class Notes {
  /** FR-023: code points in a note. */
  public static final int CONTENT = 2000;

  private final NoteConfig config;
  private final Ids ids;
  private final Events events;
  private final Tombstones tombstones;

  public Notes(NoteConfig config, Ids ids, Events events, Tombstones tombstones) {
    this.config = config;
    this.ids = ids;
    this.events = events;
    this.tombstones = tombstones;
  }

  /**
   * The notes that pass the filter, newest first.
   *
   * @throws Refusal {@code UNAUTHORIZED} if the account is gone
   */
  public Page<Note> list(Tx tx, NoteFilter filter) {
    return tx.sql("notes.list_notes")
        .bind("archived", filter.archived())
        .bind("words", filter.words().toArray(String[]::new))
        .page(filter.page(), Note::of);
  }

  /**
   * One note.
   *
   * @throws Refusal {@code FORBIDDEN} if it is another user's, {@code NOT_FOUND}
   */
  public Note get(Tx tx, UUID id) {
    return tx.sql("notes.find_note")
        .bind("id", id)
        .one(Note::of)
        .orElseThrow(() -> tx.missing("notes.find_note_owner", "note", id));
  }

  /**
   * Creates a note.
   *
   * @throws Refusal {@code TIER_REQUIRED} for a recording without Pro (FR-024), {@code
   *     LIMIT_EXCEEDED} if there are as many notes as the tier and perks allow (FR-022)
   */
  public Note create(Tx tx, NoteDraft draft) {
    if (draft.voiceUrl() != null) {
      checkVoice(tx.owner());
    }
    checkRoom(tx.owner());
    Note note = Note.made(ids.next(), tx.userId(), draft, tx.now());
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
   * Changes a note; null leaves a field as it is. Nothing happens if it already is as asked. Taking
   * one out of the archive succeeds, limit or not.
   *
   * @throws Refusal {@code FORBIDDEN}, {@code NOT_FOUND}
   */
  public Note patch(Tx tx, UUID id, @Nullable String content, @Nullable Boolean archived) {
    Note old = get(tx, id);
    Note written = content == null ? old : old.written(content);
    return change(tx, old, archived == null ? written : written.archived(archived));
  }

  /**
   * Gives a voice note the text that was heard in it, cut at what a note holds. One that has a text
   * already keeps it: what users typed is not overwritten. A note without a recording stays as it
   * is.
   *
   * @param text empty if nothing was said
   * @throws Refusal {@code FORBIDDEN}, {@code NOT_FOUND}
   */
  public Note transcribed(Tx tx, UUID id, String text) {
    Note old = get(tx, id);
    int length = Math.min(text.codePointCount(0, text.length()), CONTENT);
    String kept = text.substring(0, text.offsetByCodePoints(0, length));
    return change(tx, old, old.voiceUrl() == null ? old : old.transcribed(kept));
  }

  /**
   * Tells of a voice note without text that it could not be transcribed. Any other stays as it is.
   *
   * @throws Refusal {@code FORBIDDEN}, {@code NOT_FOUND}
   */
  public Note transcriptionFailed(Tx tx, UUID id) {
    Note old = get(tx, id);
    boolean waits = old.voiceUrl() != null && old.content().isEmpty();
    return change(tx, old, waits ? old.transcriptionFailed() : old);
  }

  /**
   * Archives a note that has become a task, in the transaction that makes the task. It counts as
   * converted once in its life, which the event tells.
   *
   * @param taskId the task made of it
   * @throws Refusal {@code FORBIDDEN}, {@code NOT_FOUND}
   */
  public Note converted(Tx tx, UUID id, UUID taskId) {
    Note old = get(tx, id);
    boolean before =
        tx.sql("notes.find_conversion")
            .bind("id", id)
            .one(row -> row.bool("converted"))
            .orElse(false);
    Note stored = old.archived(true).touched(tx.now());
    store(tx, old, stored);
    tx.sql("notes.mark_converted").bind("id", id).atCommit();
    events.emit(tx, new Event.NoteConverted(id, taskId, !before));
    return stored;
  }

  /**
   * Deletes a note, leaving a tombstone (FR-062).
   *
   * @throws Refusal {@code FORBIDDEN}, {@code NOT_FOUND}
   */
  public Tombstones.Tombstone delete(Tx tx, UUID id) {
    Note old = get(tx, id);
    Tombstones.Tombstone tombstone = tombstones.next(tx);
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

  /**
   * Brings a deleted note back as it was, limit or not (FR-063). The tombstone stays.
   *
   * @param tombstoneId the acting user's, of a note
   * @throws Refusal {@code CONFLICT} if its id is in use again
   */
  public Note restore(Tx tx, UUID tombstoneId) {
    record Buried(Note note, boolean taken) {}
    Buried buried =
        tx.sql("notes.find_deleted")
            .bind("tombstone_id", tombstoneId)
            .one(row -> new Buried(Note.of(row), row.bool("taken")))
            .orElseThrow();
    Note note = buried.note();
    if (buried.taken()) {
      throw Refusal.of(ErrorCode.CONFLICT, "there is a note of that id again");
    }
    tx.sql("notes.restore_note")
        .bind("tombstone_id", tombstoneId)
        .bind("note_delta", note.counted())
        .atCommit();
    return note;
  }

  private Note change(Tx tx, Note old, Note changed) {
    if (changed.equals(old)) {
      return old;
    }
    Note stored = changed.touched(tx.now());
    store(tx, old, stored);
    events.emit(tx, new Event.NoteUpdated(old.id()));
    return stored;
  }

  /** Leaves the computed state for the commit; the owner's counter goes along with it. */
  private static void store(Tx tx, Note old, Note note) {
    tx.sql("notes.store_note")
        .bind("id", note.id())
        .bind("note_delta", note.counted() - old.counted())
        .bind("content", note.content())
        .bind("archived", note.archived())
        .bind("transcription_status", note.transcriptionStatus())
        .bind("updated_at", note.updatedAt())
        .atCommit();
  }

  private static void checkVoice(LockedUser owner) {
    if (owner.tier() != LockedUser.Tier.PRO) {
      throw Refusal.of(ErrorCode.TIER_REQUIRED, "voice notes are part of Pro")
          .with("required_tier", LockedUser.Tier.PRO)
          .with("current_tier", LockedUser.Tier.FREE);
    }
  }

  private void checkRoom(LockedUser owner) {
    int limit =
        owner.perkNotes()
            + switch (owner.tier()) {
              case FREE -> config.freeMax();
              case PRO -> config.proMax();
            };
    if (owner.notes() >= limit) {
      throw Refusal.of(ErrorCode.LIMIT_EXCEEDED, "no more than " + limit + " notes may be kept")
          .with("limit", limit)
          .with("current", owner.notes());
    }
  }
}
