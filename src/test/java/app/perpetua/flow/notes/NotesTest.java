package app.perpetua.flow.notes;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import app.perpetua.flow.base.ErrorCode;
import app.perpetua.flow.base.Ids;
import app.perpetua.flow.base.Json;
import app.perpetua.flow.base.Refusal;
import app.perpetua.flow.events.Events;
import app.perpetua.flow.harness.Invariants;
import app.perpetua.flow.harness.TestDatabase;
import app.perpetua.flow.harness.time.MutableClock;
import app.perpetua.flow.recovery.TombstoneConfig;
import app.perpetua.flow.recovery.Tombstones;
import app.perpetua.flow.sql.Actor;
import app.perpetua.flow.sql.Db;
import app.perpetua.flow.sql.SqlCatalog;
import app.perpetua.flow.sql.Tx;
import java.time.Duration;
import java.util.UUID;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The methods of {@link Notes} that the assistant and the transcription use. */
class NotesTest {
  private static final String URL = "https://recordings.example.com/4f1c.webm";

  @RegisterExtension static final TestDatabase database = new TestDatabase();

  private final MutableClock clock = new MutableClock();
  private final Ids ids = new Ids();
  private final Notes notes =
      new Notes(
          new NoteConfig(10, 25, 300),
          ids,
          new Events(ids, new Json()),
          new Tombstones(new TombstoneConfig(3, Duration.ofDays(7)), ids));
  private final Db db =
      new Db(database.pool(2), SqlCatalog.load(), clock, Duration.ofMinutes(1), _ -> false);

  private UUID user = new UUID(0, 0);

  @BeforeEach
  void aNewUser() {
    database.makeDays(clock.instant());
    user = database.newUser().onPro().save();
  }

  @AfterEach
  void invariants() {
    Invariants.check(database);
  }

  @Test
  void a_transcript_becomes_the_content_and_a_failure_is_recorded() {
    UUID id = create("", URL).id();
    Note failed = write(tx -> notes.transcriptionFailed(tx, id));
    assertEquals(Note.TranscriptionStatus.FAILED, failed.transcriptionStatus());
    Note heard = write(tx -> notes.transcribed(tx, id, "buy milk"));
    assertEquals("buy milk", heard.content());
    assertEquals(Note.TranscriptionStatus.COMPLETED, heard.transcriptionStatus());
    assertEquals(heard, read(id));
    assertEquals(heard, write(tx -> notes.transcriptionFailed(tx, id)), "there is a text");
    assertEquals(2, entries("note_updated"));
  }

  @Test
  void a_transcript_does_not_overwrite_typed_content() {
    Note typed = create("mine", URL);
    assertEquals("mine", write(tx -> notes.transcribed(tx, typed.id(), "heard")).content());
    Note plain = create("no recording", null);
    assertEquals(plain, write(tx -> notes.transcribed(tx, plain.id(), "heard")));
    assertEquals(plain, write(tx -> notes.transcriptionFailed(tx, plain.id())));
    assertEquals(0, entries("note_updated"));
  }

  @Test
  void FR_023_a_transcript_is_cut_at_the_limit() {
    UUID id = create("", URL).id();
    write(tx -> notes.transcribed(tx, id, "𐀀".repeat(2_001)));
    assertEquals("𐀀".repeat(2_000), read(id).content());
    UUID silent = create("", URL).id();
    Note nothing = write(tx -> notes.transcribed(tx, silent, ""));
    assertEquals("", nothing.content());
    assertEquals(Note.TranscriptionStatus.COMPLETED, nothing.transcriptionStatus());
  }

  @Test
  void FR_079_a_converted_note_is_archived_and_never_converted_again() {
    UUID id = create("Call the dentist on Friday", null).id();
    UUID task = ids.next();
    clock.advance(Duration.ofMinutes(1));
    Note before = read(id);
    Note converted = write(tx -> notes.converted(tx, notes.convertible(tx, id), task, true));
    assertTrue(converted.archived());
    assertEquals(clock.instant(), converted.updatedAt());
    assertEquals(converted, read(id));
    assertEquals(0, database.number("select notes from auth.users where id = ?", user));
    assertEquals(
        task.toString(),
        database
            .row(
                "select metadata ->> 'task_id' as task from activity.activity_logs"
                    + " where user_id = ? and action = 'note_converted' and entity_id = ?",
                user,
                id)
            .get("task"));
    Object first = convertedAt(id);
    assertEquals(clock.instant(), first);
    clock.advance(Duration.ofMinutes(1));
    assertEquals(ErrorCode.ARCHIVED, refusal(tx -> notes.convertible(tx, id)));
    write(tx -> notes.patch(tx, id, new NotePatch(null, null, false)));
    assertEquals(ErrorCode.CONFLICT, refusal(tx -> notes.convertible(tx, id)));
    assertEquals(
        ErrorCode.CONFLICT,
        refusal(tx -> notes.converted(tx, before, ids.next(), true)),
        "a note read before its conversion");
    assertEquals(first, convertedAt(id));
    assertEquals(1, entries("note_converted"));
    assertEquals(ErrorCode.NOT_FOUND, refusal(tx -> notes.convertible(tx, ids.next())));
  }

  private ErrorCode refusal(Function<Tx, Note> work) {
    return assertThrows(Refusal.class, () -> write(work)).code();
  }

  private Note create(String content, @Nullable String url) {
    return write(tx -> notes.create(tx, new NoteDraft(content, url, null)));
  }

  private @Nullable Object convertedAt(UUID id) {
    return database
        .row("select converted_at from notes.notes where id = ?", id)
        .get("converted_at");
  }

  private long entries(String action) {
    return database.number(
        "select count(*) from activity.activity_logs where user_id = ? and action = ?",
        user,
        action);
  }

  private Note read(UUID id) {
    return db.read(Actor.user(user, "test"), tx -> notes.get(tx, id));
  }

  private <T> T write(Function<Tx, T> work) {
    return db.write(
        Actor.user(user, "test"),
        tx -> {
          tx.lockOwner();
          return work.apply(tx);
        });
  }
}
