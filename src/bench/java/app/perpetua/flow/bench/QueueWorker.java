package app.perpetua.flow.bench;

import static java.nio.charset.StandardCharsets.UTF_8;

import app.perpetua.flow.base.Ids;
import app.perpetua.flow.base.Json;
import app.perpetua.flow.jobs.Backoff;
import app.perpetua.flow.jobs.DailyJobs;
import app.perpetua.flow.jobs.JobMetrics;
import app.perpetua.flow.jobs.Jobs;
import app.perpetua.flow.jobs.TransactionalHandler;
import app.perpetua.flow.jobs.Worker;
import app.perpetua.flow.sql.Db;
import app.perpetua.flow.sql.SqlCatalog;
import app.perpetua.flow.sql.connection.DatabaseConfig;
import app.perpetua.flow.sql.connection.DatabaseUrl;
import app.perpetua.flow.sql.connection.Listener;
import app.perpetua.flow.sql.connection.Pool;
import com.github.kagkarlsson.scheduler.Scheduler;
import com.github.kagkarlsson.scheduler.task.helper.OneTimeTask;
import com.github.kagkarlsson.scheduler.task.helper.Tasks;
import com.zaxxer.hikari.HikariDataSource;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Duration;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.logging.Level;
import java.util.logging.Logger;

/**
 * A process that runs empty jobs and records their keys, with the service's worker or with
 * db-scheduler's. For each line on standard input it prints the keys since the previous line, one
 * per line, and then the line itself.
 */
final class QueueWorker {
  /** The default of the service's pool size. */
  private static final int POOL = 12;

  private static final Duration BUDGET = Duration.ofSeconds(5);

  private static final Duration CONNECT = Duration.ofSeconds(30);

  /** db-scheduler does not use LISTEN, so it polls often. */
  private static final Duration POLLING = Duration.ofMillis(100);

  /** Fetch when fewer jobs than this share of the threads are left, up to {@link #UPPER} times. */
  private static final double LOWER = 0.5;

  private static final double UPPER = 8.0;

  private QueueWorker() {}

  /** Arguments: {@code ours} or {@code db-scheduler}, database URL, number of concurrent jobs. */
  public static void main(String[] arguments) throws IOException {
    Logger.getLogger("").setLevel(Level.WARNING);
    DatabaseUrl url = DatabaseUrl.parse(arguments[1]);
    int parallel = Integer.parseInt(arguments[2]);
    Queue<String> ran = new ConcurrentLinkedQueue<>();
    HikariDataSource pool = Pool.open(new DatabaseConfig(url, url, POOL));
    // db-scheduler connects when it is built, which takes longer on a busy machine than a request
    // may.
    pool.setConnectionTimeout(CONNECT.toMillis());
    if (arguments[0].equals("ours")) {
      ours(pool, url, parallel, ran);
    } else {
      dbScheduler(pool, parallel, ran);
    }
    System.out.println("ready");
    BufferedReader in = new BufferedReader(new InputStreamReader(System.in, UTF_8));
    for (String line = in.readLine(); line != null; line = in.readLine()) {
      StringBuilder keys = new StringBuilder();
      for (String key = ran.poll(); key != null; key = ran.poll()) {
        keys.append(key).append('\n');
      }
      System.out.println(keys + line);
    }
    System.exit(0);
  }

  private static void ours(
      HikariDataSource pool, DatabaseUrl url, int parallel, Queue<String> ran) {
    Ids ids = new Ids();
    Jobs jobs = new Jobs(ids, new Json());
    TransactionalHandler nothing =
        (_, job) -> {
          ran.add(job.key());
          return new TransactionalHandler.Next.Done();
        };
    Worker worker =
        new Worker(
            new Db(pool, SqlCatalog.load(), Clock.systemUTC(), BUDGET, _ -> false),
            ids,
            Map.of("bench", nothing),
            new DailyJobs(jobs, Map.of()),
            new Backoff(new SecureRandom()),
            new JobMetrics(new SimpleMeterRegistry()),
            _ -> {},
            parallel);
    Listener listener =
        new Listener(new DatabaseConfig(url, url, POOL), Jobs.CHANNEL, worker::wake);
    worker.start(listener::isListening);
    Runtime.getRuntime()
        .addShutdownHook(
            new Thread(
                () -> {
                  listener.close();
                  worker.close();
                }));
  }

  private static void dbScheduler(HikariDataSource pool, int parallel, Queue<String> ran) {
    OneTimeTask<Void> task =
        Tasks.oneTime("bench").execute((instance, _) -> ran.add(instance.getId()));
    Scheduler scheduler =
        Scheduler.create(pool, task)
            .threads(parallel)
            .pollingInterval(POLLING)
            .pollUsingLockAndFetch(LOWER, UPPER)
            .registerShutdownHook()
            .build();
    scheduler.start();
  }
}
