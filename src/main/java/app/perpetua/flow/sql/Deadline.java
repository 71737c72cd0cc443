package app.perpetua.flow.sql;

import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.concurrent.Executor;

/**
 * How long the database work of one request may take in all, whatever its number of statements, so
 * that a slow request does not keep its connection. Real time: a frozen database must be felt even
 * when the injected clock stands.
 */
final class Deadline {
  private final long nanoTime;

  private Deadline(long nanoTime) {
    this.nanoTime = nanoTime;
  }

  static Deadline in(Duration duration) {
    return new Deadline(System.nanoTime() + duration.toNanos());
  }

  /**
   * Bounds the next answer's wait by what is left.
   *
   * @throws DatabaseException {@code AWAY} if nothing is left
   */
  void apply(Connection connection) throws SQLException {
    long left = Duration.ofNanos(nanoTime - System.nanoTime()).toMillis();
    if (left <= 0) {
      throw DatabaseException.unavailable("the request's time for the database is used up", null);
    }
    connection.setNetworkTimeout(SAME_THREAD, (int) left);
  }

  private static final Executor SAME_THREAD = Runnable::run;
}
