package app.perpetua.flow.sql.connection;

import java.net.Socket;

/**
 * The sockets of the pool: as {@link KeepAliveSocketFactory}, with the time limits of {@link
 * DeadlineSocket}. The driver loads the class by its name. Thread-safe.
 */
public final class DeadlineSocketFactory extends KeepAliveSocketFactory {
  @Override
  Socket unconnected() {
    return new DeadlineSocket();
  }
}
