package app.perpetua.flow.jobs;

import app.perpetua.flow.base.Json;
import app.perpetua.flow.sql.Actor;
import app.perpetua.flow.sql.DatabaseConfig;
import app.perpetua.flow.sql.DatabaseException;
import app.perpetua.flow.sql.Db;
import app.perpetua.flow.sql.Pool;
import app.perpetua.flow.sql.SqlCatalog;
import com.zaxxer.hikari.HikariDataSource;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.stream.Collectors;

/**
 * What the operator asks about dead jobs, without a service: {@code --list-dead} and {@code
 * --retry-dead}. Not thread-safe.
 */
public final class DeadJobsCommand implements AutoCloseable {
  /** As many as anyone reads. */
  private static final int MOST = 1_000;

  private static final Duration BUDGET = Duration.ofSeconds(5);

  private final HikariDataSource pool;
  private final Db db;
  private final DeadJobs deadJobs = new DeadJobs();

  public DeadJobsCommand(DatabaseConfig database, Clock clock) {
    pool = Pool.open(database);
    db = new Db(pool, SqlCatalog.load(), clock, BUDGET, _ -> false);
  }

  /**
   * A line for each, newest first, its fields apart by tabs.
   *
   * @throws DatabaseException if the database does not answer
   */
  public String list() {
    List<DeadJobs.DeadJob> dead = db.write(Actor.system(null), tx -> deadJobs.list(tx, MOST));
    return dead.stream().map(DeadJobsCommand::line).collect(Collectors.joining())
        + (dead.size() < MOST ? dead.size() : "the newest " + MOST)
        + " dead\n";
  }

  /**
   * Puts them back into the queue.
   *
   * @throws DatabaseException if the database does not answer
   */
  public String retry() {
    return db.write(Actor.system(null), deadJobs::retry) + " put back\n";
  }

  private static String line(DeadJobs.DeadJob job) {
    return String.join(
            "\t",
            Json.instant(job.diedAt()),
            job.kind(),
            job.key(),
            job.attempts() + " attempts",
            job.userId() == null ? "system" : "user " + job.userId(),
            job.error().replaceAll("\\s+", " "))
        + "\n";
  }

  @Override
  public void close() {
    pool.close();
  }
}
