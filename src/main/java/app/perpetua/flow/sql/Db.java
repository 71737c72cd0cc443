package app.perpetua.flow.sql;

import app.perpetua.flow.base.Refusal;
import com.zaxxer.hikari.HikariDataSource;
import java.sql.Connection;
import java.sql.SQLException;
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
 * Begins transactions. A read runs in autocommit, so that its one statement is its one round trip;
 * a write is a transaction that is run again when the server asks for it (serialization failure,
 * deadlock). Thread-safe; does not own the pool.
 */
public final class Db {
  private static final int ATTEMPTS = 3;

  private final HikariDataSource pool;
  private final SqlCatalog catalog;
  private final Clock clock;
  private final Duration budget;
  private final Function<Instant, Boolean> makePartitions;

  /**
   * @param pool where connections come from
   * @param catalog the statements
   * @param clock the source of every {@code now}
   * @param budget how long one request's database work may take
   * @param makePartitions called when a row has no partition for its day; true if one was made
   */
  public Db(
      HikariDataSource pool,
      SqlCatalog catalog,
      Clock clock,
      Duration budget,
      Function<Instant, Boolean> makePartitions) {
    this.pool = pool;
    this.catalog = catalog;
    this.clock = clock;
    this.budget = budget;
    this.makePartitions = makePartitions;
  }

  /** The time now, as everything stored and shown has it: in whole milliseconds. */
  public Instant now() {
    return clock.instant().truncatedTo(ChronoUnit.MILLIS);
  }

  /**
   * Runs reads for a user. Each statement stands alone: what must be consistent is one statement.
   *
   * @throws DatabaseException if the database cannot answer
   */
  public <T> T read(Actor actor, Function<Tx, T> work) {
    long start = System.nanoTime();
    Deadline deadline = Deadline.in(budget);
    try (Connection connection = pool.getConnection()) {
      return work.apply(
          new Tx(connection, catalog, actor, now(), deadline, new OptionalSteps(Set.of()), false));
    } catch (DatabaseException e) {
      throw e.ofRead();
    } catch (SQLException e) {
      throw DatabaseException.of(e, "connect", Duration.ofNanos(System.nanoTime() - start));
    }
  }

  /**
   * Runs a transaction for a user, or for the system if the actor has none, and commits it unless
   * the work throws. It may be run several times; {@link Tx#optional} says why.
   *
   * @throws Refusal as thrown by the work, after the rollback
   * @throws DatabaseException if the database cannot answer, or nobody knows whether it committed
   */
  public <T> T write(Actor actor, Function<Tx, T> work) {
    Deadline deadline = Deadline.in(budget);
    Set<String> without = new HashSet<>();
    List<OptionalSteps.Failed> failures = new ArrayList<>();
    int attempt = 1;
    while (true) {
      OptionalSteps parts = new OptionalSteps(without);
      try {
        T result = attempt(actor, work, deadline, parts);
        failures.forEach(failure -> failure.tell(parts.missed()));
        return result;
      } catch (OptionalSteps.Failed e) {
        // One part fewer each time, so this ends.
        failures.add(e);
        without.addAll(e.names());
      } catch (RuntimeException e) {
        if (!isWorthRepeating(e) || attempt == ATTEMPTS) {
          failures.forEach(e::addSuppressed);
          throw e;
        }
        pause(attempt);
        attempt++;
      }
    }
  }

  private boolean isWorthRepeating(RuntimeException e) {
    return e instanceof DatabaseException database
        && switch (database.kind()) {
          case RETRY -> true;
          case PARTITION -> makePartitions.apply(now());
          default -> false;
        };
  }

  private <T> T attempt(Actor actor, Function<Tx, T> work, Deadline deadline, OptionalSteps parts) {
    long start = System.nanoTime();
    try (Connection connection = pool.getConnection()) {
      Tx tx = new Tx(connection, catalog, actor, now(), deadline, parts, actor.userId() == null);
      boolean committed = false;
      try {
        connection.setAutoCommit(false);
        T result = work.apply(tx);
        commit(tx, parts);
        committed = true;
        tx.committed();
        return result;
      } finally {
        end(connection, committed);
      }
    } catch (SQLException e) {
      throw DatabaseException.of(e, "connect", Duration.ofNanos(System.nanoTime() - start));
    }
  }

  private static void commit(Tx tx, OptionalSteps parts) {
    try {
      tx.commit();
    } catch (RuntimeException e) {
      throw parts.committing(e);
    }
  }

  /** A rollback that fails has lost its connection, and with it the transaction: nothing to do. */
  private static void end(Connection connection, boolean committed) {
    try {
      if (!committed) {
        connection.rollback();
      }
      connection.setAutoCommit(true);
    } catch (SQLException e) {
      System.getLogger(Db.class.getName()).log(System.Logger.Level.DEBUG, "rollback", e);
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
