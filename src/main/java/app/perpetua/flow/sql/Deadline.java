package app.perpetua.flow.sql;

import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;

/**
 * Bounds the database work of one request, whatever its number of statements, so that a slow
 * request does not keep its connection. Runs on real time, not on the injected clock.
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
   * Sets the network time-out of the next statement to the time that is left.
   *
   * @throws DatabaseException {@code UNAVAILABLE} if none is left
   */
  void apply(Connection connection) throws SQLException {
    long left = Duration.ofNanos(nanoTime - System.nanoTime()).toMillis();
    if (left <= 0) {
      throw DatabaseException.unavailable("the request's database time is used up", null);
    }
    connection.setNetworkTimeout(Runnable::run, (int) left);
  }
}
