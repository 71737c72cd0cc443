package app.perpetua.flow.system;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import app.perpetua.flow.base.Ids;
import app.perpetua.flow.base.Json;
import app.perpetua.flow.harness.process.FragilePostgres;
import app.perpetua.flow.jobs.Backoff;
import app.perpetua.flow.jobs.DailyJobs;
import app.perpetua.flow.jobs.JobMetrics;
import app.perpetua.flow.jobs.Jobs;
import app.perpetua.flow.jobs.TransactionalHandler;
import app.perpetua.flow.jobs.Worker;
import app.perpetua.flow.sql.Db;
import app.perpetua.flow.sql.Eventually;
import app.perpetua.flow.sql.SqlCatalog;
import app.perpetua.flow.sql.connection.DatabaseConfig;
import app.perpetua.flow.sql.connection.DatabaseUrl;
import app.perpetua.flow.sql.connection.Pool;
import com.zaxxer.hikari.HikariDataSource;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicInteger;
import org.flywaydb.core.Flyway;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.postgresql.ds.PGSimpleDataSource;

/**
 * Promise 12 when the database is killed under job load: commits of jobs that did not wait for the
 * disk are lost, each with its effect. {@code -Djobs=10000} lengthens the queue, {@code
 * -Drestarts=} kills more often.
 */
@Tag("system")
class DatabaseKilledTest {
  private static final int JOBS = Integer.getInteger("jobs", 400);
  private static final int RESTARTS = Integer.getInteger("restarts", 2);

  /** Until commits are lost: none are if a claim, which waits for the disk, commits just before. */
  private static final int MOST_RESTARTS = RESTARTS + 6;

  private static final int USERS = 10;
  private static final Duration LIMIT = Duration.ofMinutes(2);

  @RegisterExtension static final FragilePostgres postgres = new FragilePostgres();

  private final SqlCatalog catalog = SqlCatalog.load();
  private final Ids ids = new Ids();
  private final AtomicInteger finished = new AtomicInteger();

  @Test
  void FR_127_each_job_takes_effect_once_although_commits_are_lost() {
    migrate();
    // Otherwise commits that do not wait are written within 0.6 s, and few would be lost.
    postgres.execute("alter system set wal_writer_delay = '10s'");
    postgres.execute("select pg_reload_conf()");
    fill();
    try (HikariDataSource pool = open();
        Worker one = worker(pool);
        Worker other = worker(pool)) {
      one.start();
      other.start();
      boolean isLost = false;
      for (int i = 0; i < RESTARTS || (!isLost && i < MOST_RESTARTS); i++) {
        int goal = finished.get() + JOBS / (MOST_RESTARTS + 2);
        Eventually.within(LIMIT, () -> finished.get() >= goal);
        Runnable restart = postgres.kill();
        restart.run();
        postgres.awaitAnswer();
        // In this order, so that a job that finishes in between is not counted twice.
        isLost |= finished.get() + count("select count(*) from ops.job_queue") > JOBS;
        expireLeases();
      }
      Eventually.within(LIMIT, () -> count("select count(*) from ops.job_queue") == 0);
    }
    assertEquals(
        List.of(),
        postgres.texts(
            """
            select n from generate_series(1, %d) n
            left join activity.activity_logs l on l.metadata ->> 'job' = n::text
            group by n having count(l.id) <> 1
            """
                .formatted(JOBS)));
    assertTrue(finished.get() > JOBS, "no commit was lost, so this proves nothing");
    postgres.checkInvariants();
  }

  private static void migrate() {
    DatabaseUrl url = postgres.url();
    PGSimpleDataSource source = new PGSimpleDataSource();
    source.setUrl(url.jdbcUrl());
    source.setUser("postgres");
    source.setPassword("postgres");
    Flyway.configure()
        .dataSource(source)
        .locations("classpath:sql/migration")
        .loggers("slf4j")
        .load()
        .migrate();
    postgres.execute("create table activity.all_days partition of activity.activity_logs default");
  }

  private static void fill() {
    postgres.execute(
        """
        insert into auth.users (id, google_id, email, name, created_at, updated_at)
        select lpad(n::text, 32, '0')::uuid, 'google-' || n, n || '@example.com', 'n', now(), now()
        from generate_series(0, %d) n
        """
            .formatted(USERS - 1));
    postgres.execute(
        """
        insert into ops.job_queue (id, user_id, kind, job_key, run_at, created_at)
        select gen_random_uuid(), lpad((n %% %d)::text, 32, '0')::uuid, 'effect', n::text,
               date_trunc('milliseconds', now()), now()
        from generate_series(1, %d) n
        """
            .formatted(USERS, JOBS));
  }

  private static HikariDataSource open() {
    return Pool.open(new DatabaseConfig(postgres.url(), postgres.url(), 12));
  }

  private Worker worker(HikariDataSource pool) {
    TransactionalHandler effect =
        (tx, job) -> {
          tx.sql("events.append_activity")
              .bind("id", UUID.randomUUID())
              .bind("entity_type", "task")
              .bind("entity_id", null)
              .bind("action", "effect")
              .bind("source", "system")
              .bind("metadata", "{\"job\": " + job.key() + "}")
              .bind("request_id", null)
              .run();
          return new TransactionalHandler.Next.Done();
        };
    return new Worker(
        new Db(pool, catalog, Clock.systemUTC(), Duration.ofSeconds(5), _ -> false),
        ids,
        Map.of("effect", effect),
        new DailyJobs(new Jobs(ids, new Json()), Map.of()),
        new Backoff(new Random(1)),
        new JobMetrics(new SimpleMeterRegistry()),
        run -> {
          if (run.outcome() == Worker.Outcome.DONE) {
            finished.incrementAndGet();
          }
        },
        4);
  }

  /** As if half a minute had passed on the database's clock. */
  private static void expireLeases() {
    postgres.execute(
        """
        update ops.job_queue
        set heartbeat_at = heartbeat_at - interval '31 seconds',
            lease_until = lease_until - interval '31 seconds'
        where state = 'running'
        """);
  }

  private static int count(String sql) {
    return Integer.parseInt(postgres.texts(sql).getFirst());
  }
}
