package app.perpetua.flow.sql;

import app.perpetua.flow.base.Refusal;
import app.perpetua.flow.sql.ConnectionQueue.Turn;
import app.perpetua.flow.sql.connection.Pool;
import app.perpetua.flow.sql.connection.ServerLimits;
import com.zaxxer.hikari.HikariDataSource;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Function;

/**
 * Runs transactions. Reads run in autocommit, which saves the round trips of begin and commit;
 * writes are retried after a serialization failure or a deadlock. Thread-safe; does not close the
 * pool.
 */
public final class Db {
  private static final int ATTEMPTS = 3;

  private final HikariDataSource pool;
  private final ConnectionQueue connections;
  private final ServerLimits limits;
  private final Scripts scripts = new Scripts();
  private final SqlCatalog catalog;
  private final Clock clock;
  private final Duration budget;
  private final Function<Instant, Boolean> createPartitions;

  /** As the other constructor, for the only user of a pool. */
  public Db(
      HikariDataSource pool,
      SqlCatalog catalog,
      Clock clock,
      Duration budget,
      Function<Instant, Boolean> createPartitions) {
    this(pool, ConnectionQueue.patient(pool), catalog, clock, budget, createPartitions);
  }

  /**
   * @param connections the pool's queue, one for all users of the pool
   * @param budget time limit for the database work of one request
   * @param createPartitions called when the partition of a row is missing; returns whether it
   *     exists now, so that the transaction can run again
   */
  public Db(
      HikariDataSource pool,
      ConnectionQueue connections,
      SqlCatalog catalog,
      Clock clock,
      Duration budget,
      Function<Instant, Boolean> createPartitions) {
    this.pool = pool;
    this.connections = connections;
    this.limits = Pool.limits(pool);
    this.catalog = catalog;
    this.clock = clock;
    this.budget = budget;
    this.createPartitions = createPartitions;
  }

  /** The queue for the pool's connections, in which each transaction waits for its turn. */
  public ConnectionQueue connections() {
    return connections;
  }

  /** The current time in whole milliseconds, the precision of all stored times. */
  public Instant now() {
    return clock.instant().truncatedTo(ChronoUnit.MILLIS);
  }

  /**
   * Runs reads for a user. Each statement has a snapshot of its own.
   *
   * @throws IllegalArgumentException if the actor is the system
   * @throws DatabaseException if a statement or the connection fails
   */
  public <T> T read(Actor actor, Function<Tx, T> work) {
    if (actor.userId() == null) {
      throw new IllegalArgumentException("the system reads in transactions");
    }
    return autocommit(actor, work);
  }

  /**
   * Runs reads for a user that all see the same state. Takes a connection, and keeps PostgreSQL
   * from removing old row versions, for as long as they last.
   *
   * @param time limit for all reads together, instead of that of a request
   * @throws DatabaseException if a statement or the connection fails, or the time is used up
   */
  public <T> T snapshot(Actor actor, Duration time, Function<Tx, T> work) {
    long start = System.nanoTime();
    Deadline deadline = Deadline.in(time);
    try (Turn _ = connections.await();
        Connection connection = pool.getConnection()) {
      try {
        connection.setAutoCommit(false);
        try (Statement begin = connection.createStatement()) {
          begin.execute("set transaction isolation level repeatable read, read only");
        }
        return work.apply(tx(connection, actor, deadline, new OptionalSteps(Set.of())));
      } finally {
        end(connection, false);
      }
    } catch (SQLException e) {
      throw DatabaseException.of(e, "snapshot", Duration.ofNanos(System.nanoTime() - start));
    }
  }

  /**
   * Runs one statement for the system, which commits by itself: a transaction would add the round
   * trip of the commit. Not retried.
   *
   * @param work runs one statement, and defers none
   * @throws DatabaseException if the statement or the connection fails
   */
  public <T> T statement(Function<Tx, T> work) {
    return autocommit(Actor.system(null), work);
  }

  private <T> T autocommit(Actor actor, Function<Tx, T> work) {
    long start = System.nanoTime();
    Deadline deadline = Deadline.in(budget);
    try (Turn _ = connections.await();
        Connection connection = pool.getConnection()) {
      Tx tx = tx(connection, actor, deadline, new OptionalSteps(Set.of()));
      T result = result(tx, work);
      tx.sendOpening();
      return result;
    } catch (SQLException e) {
      throw DatabaseException.of(e, "connect", Duration.ofNanos(System.nanoTime() - start));
    }
  }

  /**
   * Runs a transaction for a user, or for the system if the actor has none, and commits it unless
   * {@code work} throws.
   *
   * @param work may run several times: see {@link Tx#optional} and {@code RETRY} in {@link
   *     DatabaseException.Kind}
   * @throws Refusal as thrown by {@code work}, after the rollback
   * @throws DatabaseException if a statement, the connection or the commit fails
   */
  public <T> T write(Actor actor, Function<Tx, T> work) {
    Deadline deadline = Deadline.in(budget);
    Set<String> without = new HashSet<>();
    List<OptionalSteps.Failed> failures = new ArrayList<>();
    int attempt = 1;
    while (true) {
      OptionalSteps steps = new OptionalSteps(without);
      try {
        T result = attempt(actor, work, deadline, steps);
        failures.forEach(failure -> failure.report(steps.skipped()));
        return result;
      } catch (OptionalSteps.Failed e) {
        // Each attempt runs fewer steps, so this ends.
        failures.add(e);
        without.addAll(e.steps());
      } catch (RuntimeException e) {
        if (!isRetryable(e) || attempt == ATTEMPTS) {
          failures.forEach(e::addSuppressed);
          throw e;
        }
        pause(attempt);
        attempt++;
      }
    }
  }

  private boolean isRetryable(RuntimeException e) {
    return e instanceof DatabaseException database
        && switch (database.kind()) {
          case RETRY -> true;
          case PARTITION -> createPartitions.apply(now());
          default -> false;
        };
  }

  private <T> T attempt(Actor actor, Function<Tx, T> work, Deadline deadline, OptionalSteps steps) {
    long start = System.nanoTime();
    try (Turn _ = connections.await();
        Connection connection = pool.getConnection()) {
      Tx tx = tx(connection, actor, deadline, steps);
      boolean committed = false;
      try {
        connection.setAutoCommit(false);
        T result = result(tx, work);
        commit(tx, steps);
        committed = true;
        tx.runAfterCommit();
        return result;
      } finally {
        end(connection, committed);
      }
    } catch (SQLException e) {
      throw DatabaseException.of(e, "connect", Duration.ofNanos(System.nanoTime() - start));
    }
  }

  /** A refusal by an opening query precedes those by rules. */
  private static <T> T result(Tx tx, Function<Tx, T> work) {
    try {
      return work.apply(tx);
    } catch (Refusal e) {
      tx.sendOpening();
      throw e;
    }
  }

  private Tx tx(Connection connection, Actor actor, Deadline deadline, OptionalSteps steps) {
    return new Tx(
        new TxConnection(connection, limits, scripts, deadline), catalog, actor, now(), steps);
  }

  private static void commit(Tx tx, OptionalSteps steps) {
    try {
      tx.commit();
    } catch (RuntimeException e) {
      throw steps.deferredFailed(e);
    }
  }

  /** Ignores failures: a broken connection has ended the transaction, and the pool discards it. */
  private static void end(Connection connection, boolean committed) {
    try {
      if (!committed) {
        connection.rollback();
      }
      connection.setAutoCommit(true);
    } catch (SQLException e) {
      System.getLogger(Db.class.getName()).log(System.Logger.Level.DEBUG, "rollback failed", e);
    }
  }

  private static void pause(int attempt) {
    try {
      Thread.sleep(ThreadLocalRandom.current().nextLong(5L, 20L * attempt));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw DatabaseException.unavailable("interrupted", e);
    }
  }
}
