package app.perpetua.flow.jobs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import app.perpetua.flow.events.Partitions;
import app.perpetua.flow.harness.TestDatabase;
import app.perpetua.flow.harness.time.MutableClock;
import app.perpetua.flow.sql.Actor;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The tests run in order, because the day of the daily job only moves forward. */
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class CleanupJobTest {
  @RegisterExtension static final TestDatabase database = new TestDatabase();

  private static final Instant NOW = MutableClock.START;

  private final JobsFixture on = new JobsFixture(database);
  private final Partitions partitions = new Partitions(on.db);

  private Worker worker(CleanupJob.Sweep... sweeps) {
    return on.worker(
        on.db, Map.of(), Map.of("cleanup", new CleanupJob(List.of(sweeps), partitions::maintain)));
  }

  private boolean partitionExists(String day) {
    return database.number(
            "select count(*) from pg_class where relname = ?", "activity_logs_" + day)
        == 1;
  }

  @Test
  @Order(2)
  void FR_054_partitions_are_dropped_after_thirty_days_and_created_a_week_ahead() {
    on.db.write(
        Actor.system(null),
        tx -> {
          assertFalse(partitions.maintain(tx));
          return "";
        });
    on.clock.advance(Duration.ofDays(30));
    worker().runDue();
    assertFalse(partitionExists("20260309"));
    assertTrue(partitionExists("20260310"));
    assertTrue(partitionExists("20260408"));
    assertTrue(partitionExists("20260416"));
  }

  @Test
  @Order(3)
  void a_locked_log_fails_the_job_instead_of_blocking_it() throws SQLException {
    on.clock.set(NOW.plus(Duration.ofDays(200)));
    try (Connection user = database.dataSource().getConnection();
        Statement statement = user.createStatement()) {
      user.setAutoCommit(false);
      statement.execute("lock table auth.users in row exclusive mode");
      List<Worker.Run> ran = worker().runDue();
      assertEquals(Worker.Outcome.FAILED, ran.getLast().outcome());
      assertFalse(partitionExists("20260926"));
      user.rollback();
    }
    on.clock.advance(Duration.ofMinutes(1));
    assertEquals(Worker.Outcome.DONE, worker().runDue().getLast().outcome());
    assertTrue(partitionExists("20260926"));
  }

  @Test
  @Order(1)
  void expired_rows_are_deleted_in_batches() {
    Deque<Integer> left = new ArrayDeque<>(List.of(CleanupJob.BATCH, CleanupJob.BATCH, 7));
    List<Worker.Run> ran =
        worker(
                (_, batch) -> {
                  assertEquals(CleanupJob.BATCH, batch);
                  return left.removeFirst();
                })
            .runDue();
    assertTrue(left.isEmpty());
    assertEquals(Worker.Outcome.DONE, ran.getLast().outcome());
  }
}
