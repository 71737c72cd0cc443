package app.perpetua.flow.jobs;

import app.perpetua.flow.base.Ids;
import app.perpetua.flow.base.Json;
import app.perpetua.flow.harness.TestDatabase;
import app.perpetua.flow.harness.time.MutableClock;
import app.perpetua.flow.sql.Actor;
import app.perpetua.flow.sql.Db;
import app.perpetua.flow.sql.SqlCatalog;
import app.perpetua.flow.sql.Tx;
import com.zaxxer.hikari.HikariDataSource;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** A queue with its handlers and workers. */
final class JobsFixture {
  final MutableClock clock = new MutableClock();
  final Ids ids = new Ids();
  final Jobs jobs = new Jobs(ids, new Json());
  final SimpleMeterRegistry registry = new SimpleMeterRegistry();
  final List<Worker.Run> runs = new CopyOnWriteArrayList<>();
  final Db db;
  private final TestDatabase database;
  private final HikariDataSource pool;
  private final SqlCatalog catalog = SqlCatalog.load();

  JobsFixture(TestDatabase database) {
    this.database = database;
    this.pool = database.pool(12);
    this.db = db(clock);
    // schedule_runs and job_queue are shared by the class's tests.
    database.run("delete from ops.job_queue");
    database.run("delete from ops.schedule_runs");
  }

  Db db(Clock of) {
    return new Db(pool, catalog, of, Duration.ofMinutes(1), _ -> false);
  }

  Worker worker(Map<String, TransactionalHandler> handlers) {
    return worker(db, handlers, Map.of());
  }

  Worker twoPhase(Map<String, TwoPhaseHandler<?, ?>> handlers) {
    return of(db, handlers, Map.of());
  }

  Worker mixed(Map<String, JobHandler> handlers) {
    return of(db, handlers, Map.of());
  }

  Worker worker(
      Db its, Map<String, TransactionalHandler> handlers, Map<String, DailyJobs.Batch> batches) {
    return of(its, handlers, batches);
  }

  private Worker of(
      Db its, Map<String, ? extends JobHandler> handlers, Map<String, DailyJobs.Batch> batches) {
    return new Worker(
        its,
        ids,
        handlers,
        new DailyJobs(jobs, batches),
        new Backoff(new Random(1)),
        new JobMetrics(registry),
        runs::add,
        4);
  }

  /** Claims a job as a worker that then dies. */
  Job claimAndDie(String kind) {
    Job job = new Lease(db, ids, java.util.Set.of(kind)).claim(1, 0, false).jobs().getFirst();
    expireLeases();
    return job;
  }

  /** Expires all leases, as if half a minute had passed on the database's clock. */
  void expireLeases() {
    database.run(
        """
        update ops.job_queue
        set heartbeat_at = heartbeat_at - interval '31 seconds',
            lease_until = lease_until - interval '31 seconds'
        where state = 'running'
        """);
  }

  void enqueue(@Nullable UUID user, String kind, String key) {
    write(user, tx -> jobs.enqueue(tx, kind, key, tx.now(), Map.of("n", 1)));
  }

  void write(@Nullable UUID user, Consumer<Tx> work) {
    db.write(
        user == null ? Actor.system(null) : Actor.user(user, "test"),
        tx -> {
          if (user != null) {
            tx.lockOwner();
          }
          work.accept(tx);
          return "";
        });
  }

  Map<String, @Nullable Object> job(String key) {
    return database.row("select * from ops.job_queue where job_key = ?", key);
  }

  /** Whether no job has this key. */
  boolean isFinished(String key) {
    return database.number("select count(*) from ops.job_queue where job_key = ?", key) == 0;
  }

  String state(String key) {
    return String.valueOf(job(key).get("state"));
  }

  static TransactionalHandler.Next done() {
    return new TransactionalHandler.Next.Done();
  }
}
