package app.perpetua.flow.bench;

import app.perpetua.flow.bench.process.Database;
import app.perpetua.flow.bench.process.Report;
import app.perpetua.flow.bench.process.Service;
import java.io.IOException;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.LockSupport;

/**
 * Delay of notifications when ten thousand reminders are due at the same instant and two workers
 * with heaps of 128 MB process them. Confined to one thread.
 */
final class DueReminders {
  /** Starts a worker with these JVM options. */
  @FunctionalInterface
  interface Workers {
    Service start(List<String> jvm) throws IOException;
  }

  private static final int COUNT = 10_000;
  private static final int WORKERS = 2;
  private static final List<String> HEAP = List.of("-Xmx128m", "-XX:+UseSerialGC");
  private static final Duration LIMIT = Duration.ofMinutes(2);
  private static final Duration POLL_INTERVAL = Duration.ofMillis(100);

  private final Database database;
  private final BenchOptions options;
  private final Report report;

  DueReminders(Database database, BenchOptions options, Report report) {
    this.database = database;
    this.options = options;
    this.report = report;
  }

  void run(Workers starting) throws IOException, SQLException {
    List<Service> workers = new ArrayList<>();
    try (Connection connection = database.connection();
        Statement statement = connection.createStatement()) {
      for (int i = 0; i < WORKERS; i++) {
        workers.add(starting.start(HEAP));
      }
      // The measured run comes last, when the JVM has compiled the code.
      int warmUps = options.quick() ? 0 : 2;
      for (int i = 0; i <= warmUps; i++) {
        create(statement);
        report(statement, workers, i == warmUps);
      }
    } finally {
      workers.forEach(Service::close);
    }
  }

  /** Creates reminders that are due in five seconds: ten per user, each of another task. */
  private void create(Statement statement) throws SQLException {
    statement.execute(
        """
        with reminder as (
          insert into tasks.reminders
            (id, user_id, task_id, type, scheduled_at, created_at, updated_at)
          select uuidv7(), user_id, id, 'absolute',
                 date_trunc('milliseconds', now()) + interval '5 seconds', now(), now()
          from tasks.task_instances
          -- only loaded tasks, not those created by requests of this run
          where case when id < '00000000-0000-0000-0001-000000000000'
                     then right(id::text, 2)::int < %d end
          returning id, user_id, task_id, scheduled_at
        )
        insert into ops.job_queue (id, user_id, kind, job_key, payload, run_at, created_at)
        select uuidv7(), user_id, 'reminder_fire', id, jsonb_build_object('task_id', task_id),
               scheduled_at, now()
        from reminder
        """
            .formatted(COUNT / Database.USERS));
    statement.execute("notify perpetua_flow_jobs");
    database.vacuum();
  }

  private void report(Statement statement, List<Service> workers, boolean last)
      throws IOException, SQLException {
    long begun = System.nanoTime();
    while (number(statement, "select count(*) from tasks.reminders where not fired") > 0) {
      if (System.nanoTime() - begun > LIMIT.toNanos()) {
        throw new IOException("reminders do not fire");
      }
      LockSupport.parkNanos(POLL_INTERVAL.toNanos());
    }
    double reminders = number(statement, "select count(*) from tasks.reminders");
    double notifications =
        number(
            statement,
            """
            select count(distinct dedup_key) from activity.notifications where type = 'reminder'
            """);
    if (reminders != notifications) {
      throw new AssertionError(notifications + " notifications of " + reminders + " reminders");
    }
    if (last) {
      String late =
          """
          select percentile_cont(%s) within group (order by extract(epoch from n.created_at - r.scheduled_at))
          from tasks.reminders r
          join activity.notifications n on n.dedup_key = 'reminder:' || r.id and n.user_id = r.user_id
          where r.scheduled_at = (select max(scheduled_at) from tasks.reminders)
          """;
      double p95 = number(statement, late.formatted("0.95"));
      report.print("");
      report.print(
          "%,d reminders due at one instant, %d workers with heaps of 128 MB: notified after %.1f s"
              + " (p50), %.1f s (p95, target < 10 s: %s), %.1f s (last)",
          COUNT,
          WORKERS,
          number(statement, late.formatted("0.5")),
          p95,
          p95 < 10 ? "met" : "MISSED",
          number(statement, late.formatted("1")));
      for (Service worker : workers) {
        report.print("  resident memory of a worker: %d MB", worker.residentMegabytes());
      }
    }
  }

  private static double number(Statement statement, String sql) throws SQLException {
    try (ResultSet rows = statement.executeQuery(sql)) {
      rows.next();
      return rows.getDouble(1);
    }
  }
}
