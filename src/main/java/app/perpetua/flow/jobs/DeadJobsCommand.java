package app.perpetua.flow.jobs;

import app.perpetua.flow.base.Json;
import app.perpetua.flow.sql.Actor;
import app.perpetua.flow.sql.DatabaseException;
import app.perpetua.flow.sql.Db;
import app.perpetua.flow.sql.SqlCatalog;
import app.perpetua.flow.sql.connection.DatabaseConfig;
import app.perpetua.flow.sql.connection.Pool;
import com.zaxxer.hikari.HikariDataSource;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** The commands {@code --list-dead} and {@code --retry-dead}. Not thread-safe. */
public final class DeadJobsCommand implements AutoCloseable {
  private static final int MAX_LISTED = 1_000;

  /** A request may wait a second for a connection; a process that has just started needs longer. */
  private static final Duration CONNECTION_TIMEOUT = Duration.ofSeconds(20);

  private static final Duration BUDGET = Duration.ofSeconds(30);

  private final HikariDataSource pool;
  private final Db db;
  private final DeadJobs deadJobs = new DeadJobs();

  public DeadJobsCommand(DatabaseConfig database, Clock clock) {
    pool = Pool.open(database);
    pool.setMaximumPoolSize(1);
    pool.setConnectionTimeout(CONNECTION_TIMEOUT.toMillis());
    db = new Db(pool, SqlCatalog.load(), clock, BUDGET, _ -> false);
  }

  /**
   * Returns a line for each dead job, newest first, with tabs between the fields.
   *
   * @throws DatabaseException if the database is unavailable
   */
  public String list() {
    List<DeadJobs.DeadJob> dead = db.write(Actor.system(null), tx -> deadJobs.list(tx, MAX_LISTED));
    return dead.stream().map(DeadJobsCommand::line).collect(Collectors.joining())
        + (dead.size() < MAX_LISTED ? dead.size() : "the newest " + MAX_LISTED)
        + " dead\n";
  }

  /**
   * Requeues the dead jobs; returns a line with their number.
   *
   * @throws DatabaseException if the database is unavailable
   */
  public String retry() {
    return requeue(null) + " requeued\n";
  }

  /**
   * Requeues one dead job, or all of them; returns the number of jobs that will run again.
   *
   * @param id null for all
   * @throws DatabaseException if the database is unavailable
   */
  public int requeue(@Nullable UUID id) {
    return db.write(
        Actor.system(null), tx -> id == null ? deadJobs.retry(tx) : deadJobs.retryOne(tx, id));
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
