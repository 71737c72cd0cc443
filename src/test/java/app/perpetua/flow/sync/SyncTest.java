package app.perpetua.flow.sync;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import app.perpetua.flow.base.Json;
import app.perpetua.flow.base.Refusal;
import app.perpetua.flow.filters.FilteredTasks;
import app.perpetua.flow.harness.TestDatabase;
import app.perpetua.flow.sql.Actor;
import app.perpetua.flow.sql.Db;
import app.perpetua.flow.sql.SqlCatalog;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Tokens that are as old as changes are kept, which the API cannot issue in a test. */
class SyncTest {
  @RegisterExtension static final TestDatabase database = new TestDatabase();

  private static final Sync.Wanted WANTED = new Sync.Wanted(Set.of("settings"), null, 10);

  private final Instant expired = Instant.now().minus(Sync.RETENTION).minusSeconds(60);
  private final Instant kept =
      Instant.now().truncatedTo(ChronoUnit.MILLIS).minus(Sync.RETENTION).plusSeconds(60);
  private final Db db =
      new Db(
          database.pool(2),
          SqlCatalog.load(),
          Clock.systemUTC(),
          Duration.ofMinutes(1),
          _ -> false);
  private final UUID user = database.newUser().save();
  private final Sync sync =
      new Sync(
          List.of(SyncedType.ofUser("settings", tx -> tx.userId().toString())),
          new FilteredTasks(new Json()));

  @Test
  void FR_144_an_expired_token_begins_a_snapshot() {
    assertFalse(read(new SyncToken.Position(0, kept, false)).full());
    Sync.Part snapshot = read(new SyncToken.Position(0, expired, false));
    assertTrue(snapshot.full());
    assertEquals(1, snapshot.changes().size());
    assertTrue(snapshot.next().since().isAfter(kept));
  }

  @Test
  void FR_144_an_expired_token_of_a_snapshot_is_refused() {
    for (SyncToken token :
        List.of(
            new SyncToken.Position(0, expired, true),
            new SyncToken.Snapshot(0, expired, "settings", SyncToken.FIRST))) {
      Refusal refusal = assertThrows(Refusal.class, () -> read(token));
      assertEquals("token", refusal.fieldErrors().getFirst().field());
    }
    assertFalse(read(new SyncToken.Position(0, kept, true)).full());
    assertTrue(read(new SyncToken.Snapshot(0, kept, "settings", SyncToken.FIRST)).full());
  }

  @Test
  void a_snapshot_keeps_the_time_since_when_changes_are_needed() {
    SyncToken.Snapshot token = new SyncToken.Snapshot(0, kept, "settings", SyncToken.FIRST);
    assertEquals(new SyncToken.Position(0, kept, true), read(token).next());
  }

  @Test
  void a_token_is_read_as_it_was_written() {
    Instant now = Instant.ofEpochMilli(1_768_818_600_000L);
    UUID id = UUID.fromString("019bd5cf-bca0-7f4d-8e21-6b0d94c7a35e");
    for (SyncToken token :
        List.of(
            new SyncToken.Position(42, now, true),
            new SyncToken.Position(42, now, false),
            new SyncToken.Snapshot(42, now, "note", id))) {
      assertEquals(token, SyncToken.of(token.position()));
    }
  }

  private Sync.Part read(@Nullable SyncToken token) {
    return Objects.requireNonNull(
        db.read(Actor.user(user, "test"), tx -> sync.read(tx, token, WANTED)));
  }
}
