package app.perpetua.flow.bench;

import app.perpetua.flow.base.Ids;
import app.perpetua.flow.bench.process.CpuTime;
import app.perpetua.flow.bench.process.Database;
import app.perpetua.flow.bench.process.Programs;
import app.perpetua.flow.bench.process.Report;
import app.perpetua.flow.sql.Db;
import app.perpetua.flow.sql.SqlCatalog;
import app.perpetua.flow.sql.connection.DatabaseConfig;
import app.perpetua.flow.sql.connection.DatabaseUrl;
import app.perpetua.flow.sql.connection.Pool;
import com.zaxxer.hikari.HikariDataSource;
import java.io.IOException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.IntStream;

/**
 * Compares the throughput of the job queue with other queues, and the time of a claim with and
 * without a million future jobs. Confined to one thread.
 */
final class Queues {
  private static final Path GRAPHILE = Path.of("src/bench/npm/graphile-worker");

  private static final int JOBS = 10_000;
  private static final int FUTURE_JOBS = 1_000_000;

  /** The maximum that the service's and db-scheduler's workers prefetch. */
  private static final int PREFETCHED = 32;

  private static final int CLAIMS = 1_000;
  private static final Duration POLL_INTERVAL = Duration.ofMillis(25);
  private static final Duration LIMIT = Duration.ofMinutes(2);

  private final Database database;
  private final Path home;
  private final BenchOptions options;
  private final Report report;
  private int keys;

  Queues(Database database, Path home, BenchOptions options, Report report) {
    this.database = database;
    this.home = home;
    this.options = options;
    this.report = report;
  }

  void run() throws IOException, SQLException {
    compare();
    claims();
  }

  private void compare() throws IOException, SQLException {
    String url = database.url(database.port());
    List<QueueWorkers> all = new ArrayList<>();
    try (Connection connection = database.connection()) {
      List<Contender> contenders = new ArrayList<>();
      contenders.add(Contender.ours(url));
      contenders.add(Contender.dbScheduler(url));
      if (Programs.isInstalled("node") && Programs.isInstalled("npm")) {
        try {
          Path graphile = Programs.install(GRAPHILE, home);
          contenders.add(Contender.graphile(url, graphile, -1));
          contenders.add(Contender.graphile(url, graphile, PREFETCHED));
        } catch (Programs.NotInstalled e) {
          report.print("Skipping graphile-worker: %s", String.valueOf(e.getMessage()));
        }
      } else {
        report.print(
            "Skipping graphile-worker: node or npm is not installed (apt-get install nodejs npm)");
      }
      report.print("");
      report.print(
          "%,d empty jobs, %d processes with %d concurrent jobs each, best of %d:",
          JOBS, QueueWorkers.COUNT, Contender.PARALLEL, rounds());
      report.print(
          "%-28s %8s %6s | %s",
          "", "jobs/s", "ours", "CPU, µs/job: workers, postgres; all rounds, jobs/s");
      Map<Contender, List<Round>> measured = new LinkedHashMap<>();
      // One at a time: both graphile-worker contenders use the same tables.
      for (Contender contender : contenders) {
        execute(connection, contender.prepare());
        QueueWorkers workers = new QueueWorkers(contender, home.resolve("queues.log"));
        all.add(workers);
        for (int i = 0; i < warmUps(); i++) {
          round(connection, workers);
        }
        List<Round> rounds = new ArrayList<>();
        for (int i = 0; i < rounds(); i++) {
          rounds.add(round(connection, workers));
        }
        measured.put(contender, rounds);
        workers.close();
      }
      report(measured);
    } finally {
      for (QueueWorkers workers : all) {
        workers.close();
      }
    }
  }

  private record Round(double perSecond, double workersMicros, double postgresMicros) {}

  private void report(Map<Contender, List<Round>> measured) {
    Comparator<Round> speed = Comparator.comparingDouble(Round::perSecond);
    double ours = measured.values().iterator().next().stream().max(speed).orElseThrow().perSecond();
    measured.forEach(
        (contender, rounds) -> {
          Round best = rounds.stream().max(speed).orElseThrow();
          report.print(
              "%-28s %8.0f %6.2f | %.0f, %.0f; %s",
              contender.title(),
              best.perSecond(),
              ours / best.perSecond(),
              best.workersMicros(),
              best.postgresMicros(),
              rounds.stream().map(round -> "%.0f".formatted(round.perSecond())).toList());
        });
    report.print("Every queue ran each job exactly once.");
  }

  /**
   * Measures from the moment at which the workers resume, with a full and analyzed queue, to the
   * commit of the last job.
   */
  private Round round(Connection connection, QueueWorkers workers)
      throws IOException, SQLException {
    int first = keys + 1;
    keys += JOBS;
    workers.signal("STOP");
    execute(connection, workers.contender().fill().formatted(first, keys));
    database.vacuum();
    CpuTime[] start = cpu(workers);
    long begun = System.nanoTime();
    workers.signal("CONT");
    while (isLeft(connection, workers.contender())) {
      if (System.nanoTime() - begun > LIMIT.toNanos()) {
        throw new IOException(workers.contender().title() + " did not run all jobs");
      }
      LockSupport.parkNanos(POLL_INTERVAL.toNanos());
    }
    double seconds = (System.nanoTime() - begun) / 1e9;
    CpuTime[] end = cpu(workers);
    long worked = 0;
    for (int i = 0; i < end.length; i++) {
      worked += end[i].since(start[i]).service();
    }
    exactlyOnce(workers, first);
    return new Round(
        JOBS / seconds,
        CpuTime.each(worked, JOBS),
        CpuTime.each(end[0].since(start[0]).postgres(), JOBS));
  }

  private CpuTime[] cpu(QueueWorkers workers) {
    return workers.pids().stream()
        .map(pid -> CpuTime.of(pid, database.pid()))
        .toArray(CpuTime[]::new);
  }

  private void exactlyOnce(QueueWorkers workers, int first) throws IOException {
    List<Integer> ran = workers.ran().stream().sorted().toList();
    if (!ran.equals(IntStream.rangeClosed(first, keys).boxed().toList())) {
      throw new AssertionError(
          workers.contender().title() + " ran " + ran.size() + " times, not each job once");
    }
  }

  private static boolean isLeft(Connection connection, Contender contender) throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet rows = statement.executeQuery(contender.left())) {
      rows.next();
      return rows.getBoolean(1);
    }
  }

  private static void execute(Connection connection, String sql) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }

  /** Measures the time to claim one due job, without and with a million future jobs. */
  private void claims() throws SQLException {
    DatabaseUrl url = DatabaseUrl.parse(database.url(database.port()));
    try (HikariDataSource pool = Pool.open(new DatabaseConfig(url, url, 1));
        Connection connection = database.connection()) {
      Db db = new Db(pool, SqlCatalog.load(), Clock.systemUTC(), Duration.ofSeconds(5), _ -> false);
      execute(connection, "delete from ops.job_queue");
      database.vacuum();
      claim(db, connection);
      double alone = claim(db, connection);
      execute(
          connection,
          """
          insert into ops.job_queue (id, user_id, kind, job_key, run_at, created_at)
          select uuidv7(), lpad((n %% %d + 1)::text, 32, '0')::uuid, 'bench', 'later ' || n,
                 now() + interval '1 hour' + n * interval '1 second', now()
          from generate_series(1, %d) n
          """
              .formatted(Database.USERS, futureJobs()));
      database.vacuum();
      double withFuture = claim(db, connection);
      report.print("");
      report.print(
          "Claiming one due job, median of %,d: %.3f ms alone, %.3f ms with %,d future jobs; ratio"
              + " %.2f",
          CLAIMS, alone, withFuture, futureJobs(), withFuture / alone);
      execute(connection, "delete from ops.job_queue");
    }
  }

  /** The median time of a claim, in milliseconds. */
  private static double claim(Db db, Connection connection) throws SQLException {
    execute(
        connection,
        """
        insert into ops.job_queue (id, kind, job_key, run_at, created_at)
        select uuidv7(), 'claim', n, now(), now() from generate_series(1, %d) n
        """
            .formatted(CLAIMS));
    Ids ids = new Ids();
    double[] millis = new double[CLAIMS];
    for (int i = 0; i < CLAIMS; i++) {
      long begun = System.nanoTime();
      int claimed =
          db.statement(
              tx ->
                  tx.sql("jobs.claim_due")
                      .bind("kinds", new String[] {"bench", "claim"})
                      .bind("count", 1)
                      .bind("now_count", 1)
                      .bind("lease", ids.next())
                      .bind("lease_ms", 30_000)
                      .bind("with_leases", true)
                      .list(row -> row.text("kind"))
                      .size());
      millis[i] = (System.nanoTime() - begun) / 1e6;
      if (claimed != 1) {
        throw new AssertionError("claimed " + claimed + " jobs instead of 1");
      }
    }
    execute(connection, "delete from ops.job_queue where kind = 'claim'");
    Arrays.sort(millis);
    return millis[CLAIMS / 2];
  }

  private int rounds() {
    return options.quick() ? 1 : 4;
  }

  private int warmUps() {
    return options.quick() ? 1 : 3;
  }

  private int futureJobs() {
    return options.quick() ? FUTURE_JOBS / 10 : FUTURE_JOBS;
  }
}
