package app.perpetua.flow.harness;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import app.perpetua.flow.harness.time.MutableClock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class TestDatabaseTest {
  @RegisterExtension static final TestDatabase database = new TestDatabase();

  @Test
  void the_session_time_zone_is_not_utc() {
    assertEquals(Map.of("TimeZone", "Pacific/Auckland"), database.row("show timezone"));
  }

  @Test
  void test_databases_use_production_durability() {
    assertEquals(Map.of("fsync", "on"), database.row("show fsync"));
    assertEquals(Map.of("synchronous_commit", "on"), database.row("show synchronous_commit"));
  }

  @Test
  void instants_are_read_back_unchanged() {
    Instant joined = Instant.parse("2026-03-29T00:59:59.999Z");
    UUID user = database.newUser().called("Grace").in("Asia/Tokyo").onPro().since(joined).save();
    Map<String, ?> row =
        database.row("select name, timezone, tier, created_at from auth.users where id = ?", user);
    assertEquals(
        Map.of("name", "Grace", "timezone", "Asia/Tokyo", "tier", "pro", "created_at", joined),
        row);
  }

  @Test
  void clones_are_independent() {
    database.newUser().save();
    PostgresServer server = database.server();
    var other = server.createDatabase();
    try (var connection = PostgresServer.source(other).getConnection();
        var result = connection.createStatement().executeQuery("select count(*) from auth.users")) {
      assertTrue(result.next());
      assertEquals(0, result.getInt(1));
    } catch (java.sql.SQLException e) {
      throw new AssertionError(e);
    } finally {
      server.dropDatabase(other);
    }
  }

  @Test
  void activity_log_partitions_are_created_on_demand() {
    UUID user = database.newUser().save();
    Instant far = Instant.parse("2031-07-01T23:59:59.999Z");
    String insert =
        """
        insert into activity.activity_logs (id, user_id, entity_type, action, source, created_at)
        values (?, ?, 'user', 'user_updated', 'user', ?)
        """;
    assertThrows(
        IllegalStateException.class, () -> database.run(insert, UUID.randomUUID(), user, far));
    database.makeDays(far);
    assertEquals(1, database.run(insert, UUID.randomUUID(), user, far));
    assertEquals(
        1, database.number("select count(*) from activity.activity_logs where user_id = ?", user));
  }

  @Test
  void a_violated_invariant_is_reported_with_its_rows() {
    UUID user = database.newUser().save();
    Invariants.check(database);
    database.run("update auth.users set open_tasks = 3 where id = ?", user);
    AssertionError error = assertThrows(AssertionError.class, () -> Invariants.check(database));
    database.run("update auth.users set open_tasks = 0 where id = ?", user);
    assertEquals(
        "open_tasks_counter: [{user_id=" + user + ", counter=3, counted=0}]", error.getMessage());
  }

  @Test
  void a_clock_moves_only_when_set_and_in_every_zone() {
    MutableClock clock = new MutableClock();
    MutableClock elsewhere = clock.withZone(ZoneId.of("Asia/Tokyo"));
    assertEquals(MutableClock.START, clock.instant());
    clock.advance(Duration.ofMinutes(1));
    assertEquals(MutableClock.START.plusSeconds(60), clock.instant());
    assertEquals(clock.instant(), elsewhere.instant());
    clock.set(Instant.EPOCH);
    assertEquals(Instant.EPOCH, elsewhere.instant());
  }
}
