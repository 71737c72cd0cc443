package app.perpetua.flow.bench;

import app.perpetua.flow.base.Ids;
import app.perpetua.flow.sql.Actor;
import app.perpetua.flow.sql.DatabaseConfig;
import app.perpetua.flow.sql.DatabaseUrl;
import app.perpetua.flow.sql.Db;
import app.perpetua.flow.sql.Pool;
import app.perpetua.flow.sql.SqlCatalog;
import com.zaxxer.hikari.HikariDataSource;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
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
 * Compares our queue with others, and with itself when a million jobs wait for their time. Confined
 * to one thread.
 */
final class Queues {
  /** Tells the report's lines. */
  @FunctionalInterface
  interface Report {
    void say(String format, Object... values);
  }

  /** The lock file names no host; npm's settings determine the registry. */
  private static final Path GRAPHILE = Path.of("src/bench/npm/graphile-worker");

  private static final int JOBS = 10_000;
  private static final int WAITING = 1_000_000;

  /** The maximum that our and db-scheduler's workers prefetch. */
  private static final int PREFETCHED = 32;

  private static final int CLAIMS = 1_000;
  private static final Duration LOOK_AGAIN = Duration.ofMillis(25);
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
      if (Relay.hasNode()) {
        Path graphile = graphile();
        contenders.add(Contender.graphile(url, graphile, -1));
        contenders.add(Contender.graphile(url, graphile, PREFETCHED));
      } else {
        report.say("Without graphile-worker, which needs node and npm: apt-get install nodejs npm");
      }
      report.say("");
      report.say(
          "%,d jobs that do nothing, %d processes with %d at once each, best of %d:",
          JOBS, QueueWorkers.COUNT, Contender.PARALLEL, rounds());
      report.say(
          "%-28s %8s %6s | %s",
          "", "jobs/s", "ours", "CPU, µs/job: workers, postgres; all rounds, jobs/s");
      Map<Contender, List<Round>> measured = new LinkedHashMap<>();
      // One after the other: two kinds of graphile-worker would share one queue.
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
      tell(measured);
    } finally {
      for (QueueWorkers workers : all) {
        workers.close();
      }
    }
  }

  private record Round(double perSecond, double workersMicros, double postgresMicros) {}

  private void tell(Map<Contender, List<Round>> measured) {
    Comparator<Round> speed = Comparator.comparingDouble(Round::perSecond);
    double ours = measured.values().iterator().next().stream().max(speed).orElseThrow().perSecond();
    measured.forEach(
        (contender, rounds) -> {
          Round best = rounds.stream().max(speed).orElseThrow();
          report.say(
              "%-28s %8.0f %6.2f | %.0f, %.0f; %s",
              contender.title(),
              best.perSecond(),
              ours / best.perSecond(),
              best.workersMicros(),
              best.postgresMicros(),
              rounds.stream().map(round -> "%.0f".formatted(round.perSecond())).toList());
        });
    report.say("Each ran every job exactly once.");
  }

  /**
   * From when the workers wake before a full queue, whose statistics the planner knows, to the
   * commit that ends the last job.
   */
  private Round round(Connection connection, QueueWorkers workers)
      throws IOException, SQLException {
    int first = keys + 1;
    keys += JOBS;
    workers.signal("STOP");
    execute(connection, workers.contender().fill().formatted(first, keys));
    database.settle();
    CpuTime[] start = cpu(workers);
    long begun = System.nanoTime();
    workers.signal("CONT");
    while (isLeft(connection, workers.contender())) {
      if (System.nanoTime() - begun > LIMIT.toNanos()) {
        throw new IOException(workers.contender().title() + " leaves jobs");
      }
      LockSupport.parkNanos(LOOK_AGAIN.toNanos());
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

  /** How long it takes to claim one due job, alone and with a million future jobs. */
  private void claims() throws SQLException {
    DatabaseUrl url = DatabaseUrl.parse(database.url(database.port()));
    try (HikariDataSource pool = Pool.open(new DatabaseConfig(url, url, 1));
        Connection connection = database.connection()) {
      Db db = new Db(pool, SqlCatalog.load(), Clock.systemUTC(), Duration.ofSeconds(5), _ -> false);
      execute(connection, "delete from ops.job_queue");
      database.settle();
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
              .formatted(Database.USERS, waiting()));
      database.settle();
      double crowded = claim(db, connection);
      report.say("");
      report.say(
          "Claiming one due job, median of %,d: %.3f ms alone, %.3f ms before %,d that wait; ratio"
              + " %.2f",
          CLAIMS, alone, crowded, waiting(), crowded / alone);
      execute(connection, "delete from ops.job_queue");
    }
  }

  /** The median, in milliseconds: claims as workers make them, and ends, which are not timed. */
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
          db.write(
              Actor.system(null),
              tx ->
                  tx.sql("jobs.claim_due")
                      .bind("kinds", new String[] {"bench", "claim"})
                      .bind("count", 1)
                      .bind("now_count", 1)
                      .bind("lease", ids.next())
                      .bind("lease_ms", 30_000)
                      .list(row -> row.text("kind"))
                      .size());
      millis[i] = (System.nanoTime() - begun) / 1e6;
      if (claimed != 1) {
        throw new AssertionError("nothing to claim");
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

  private int waiting() {
    return options.quick() ? WAITING / 10 : WAITING;
  }

  /** Installs what the lock file names, once. */
  private Path graphile() throws IOException {
    Path target = home.resolve("graphile-worker");
    Files.createDirectories(target);
    for (String file : List.of("package.json", "package-lock.json", "worker.js")) {
      Files.copy(GRAPHILE.resolve(file), target.resolve(file), StandardCopyOption.REPLACE_EXISTING);
    }
    if (!Files.exists(target.resolve("node_modules/.package-lock.json"))) {
      Process npm =
          new ProcessBuilder("npm", "ci", "--no-audit", "--no-fund")
              .directory(target.toFile())
              .redirectErrorStream(true)
              .redirectOutput(target.resolve("npm.log").toFile())
              .start();
      try {
        if (npm.waitFor() != 0) {
          throw new IOException("npm ci failed, " + target.resolve("npm.log") + " says why");
        }
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new InterruptedIOException();
      }
    }
    return target;
  }
}
