package app.perpetua.flow.system;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import app.perpetua.flow.harness.Tap;
import app.perpetua.flow.harness.TestDatabase;
import app.perpetua.flow.harness.process.Stage;
import app.perpetua.flow.sql.Eventually;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What idle processes ask of the database, which may be one that is suspended while unused. */
@Order(1)
@Tag("system")
class IdleTest {
  @Order(1)
  @RegisterExtension
  static final TestDatabase database = new TestDatabase();

  @Order(2)
  @RegisterExtension
  static final Stage stage = new Stage(database);

  private static final Duration LIMIT = Duration.ofSeconds(60);
  private static final Duration MINUTE = Duration.ofSeconds(60);

  /** Two claims, each after a check of the pooled connection, and the listener's checks. */
  private static final int MAX_MESSAGES = 6;

  private final AtomicInteger ofAll = new AtomicInteger();
  private final AtomicInteger ofApi = new AtomicInteger();

  @Test
  void FR_110_an_idle_process_makes_at_most_two_queries_a_minute_and_without_a_worker_none()
      throws Exception {
    assumeTrue(
        database.number("select count(*) from pg_settings where name = 'pg_stat_statements.max'")
            > 0,
        "skipped: the server runs without pg_stat_statements");
    database.run("create extension if not exists pg_stat_statements");
    try (Tap all = new Tap(stage.databaseAddress(), counting(ofAll));
        Tap api = new Tap(stage.databaseAddress(), counting(ofApi))) {
      stage.start(environment(all), "--role=all").awaitReady();
      stage.start(environment(api), "--role=api").awaitReady();
      Eventually.within(LIMIT, IdleTest::isDailyWorkDone);
      long before = queries();
      int allBefore = ofAll.get();
      int apiBefore = ofApi.get();
      // The minute itself is what is measured; other classes run beside it.
      LockSupport.parkNanos(MINUTE.toNanos());
      long queries = queries() - before;
      assertTrue(queries <= 2, queries + " queries: " + texts());
      int messages = ofAll.get() - allBefore;
      assertTrue(messages <= MAX_MESSAGES, messages + " messages");
      assertEquals(apiBefore, ofApi.get());
    }
  }

  /** With one URL, so that the listener is counted, too. */
  private static Map<String, String> environment(Tap tap) {
    Map<String, String> environment = new HashMap<>(stage.environmentThrough(tap.port()));
    environment.remove("DATABASE_DIRECT_URL");
    return environment;
  }

  private static Tap.Hook counting(AtomicInteger messages) {
    return (_, direction, _) -> {
      if (direction == Tap.Direction.TO_SERVER) {
        messages.incrementAndGet();
      }
      return true;
    };
  }

  private static boolean isDailyWorkDone() {
    return database.number("select count(*) from ops.schedule_runs where finished_at is not null")
            > 0
        && database.number(
                "select count(*) from ops.job_queue where state in ('queued', 'running')")
            == 0;
  }

  private static long queries() {
    return database.number(
        """
        select coalesce(sum(calls), 0)::bigint from pg_stat_statements
        where dbid = (select oid from pg_database where datname = current_database())
          and query not like '%pg_stat_statements%'
        """);
  }

  private static String texts() {
    return database
        .rows(
            """
            select calls, left(query, 80) as query from pg_stat_statements
            where dbid = (select oid from pg_database where datname = current_database())
            order by calls desc limit 20
            """)
        .toString();
  }
}
