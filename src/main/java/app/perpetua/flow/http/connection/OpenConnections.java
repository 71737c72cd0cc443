package app.perpetua.flow.http.connection;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The open connections, limited in total and per address. A new connection is always accepted; at a
 * limit, the first in the {@link ClosingOrder} is closed for it. Thread-safe.
 */
final class OpenConnections {
  /** An open connection. Implementations are thread-safe. */
  interface Connection extends TransferBudget.Holder {
    /** The address whose connection limit it counts towards; null for none. */
    @Nullable String address();

    boolean wasAuthenticated();

    /** Whether it waits for its client, and may therefore be closed. */
    boolean isWaiting();

    /** Aborts it if the deadline for its client has passed. */
    void abortIfOverdue(long now);

    /** Serves no further request; aborts it if it is idle. */
    void stop();
  }

  private final ConnectionLimits limits;
  private final LongSupplier nanos;
  private final Set<Connection> open = ConcurrentHashMap.newKeySet();
  private final LongAdder displaced = new LongAdder();

  private final ClosingOrder all = new ClosingOrder();
  private final Map<String, ClosingOrder> byAddress = new HashMap<>();

  /**
   * @param nanos the clock of {@link Connection#waitingSince}
   */
  OpenConnections(ConnectionLimits limits, LongSupplier nanos) {
    this.limits = limits;
    this.nanos = nanos;
  }

  /**
   * Adds a new connection and closes others to keep the limits.
   *
   * @return false if a limit is exceeded because all connections are being served
   */
  boolean add(Connection connection) {
    List<Connection> closing = new ArrayList<>();
    boolean fits = add(connection, closing);
    displaced.add(closing.size());
    closing.forEach(Connection::abort);
    return fits;
  }

  private synchronized boolean add(Connection connection, List<Connection> closing) {
    open.add(connection);
    all.add(connection);
    boolean fits = true;
    String address = connection.address();
    if (address != null) {
      ClosingOrder same = byAddress.computeIfAbsent(address, _ -> new ClosingOrder());
      same.add(connection);
      fits = makeRoom(same, limits.perAddress(), connection, closing);
    }
    return makeRoom(all, limits.connections(), connection, closing) && fits;
  }

  synchronized void remove(Connection connection) {
    open.remove(connection);
    all.remove(connection);
    String address = connection.address();
    if (address != null) {
      byAddress.computeIfPresent(
          address,
          (_, same) -> {
            same.remove(connection);
            return same.size() == 0 ? null : same;
          });
    }
  }

  int size() {
    return open.size();
  }

  int waiting() {
    return (int) open.stream().filter(Connection::isWaiting).count();
  }

  /** The number of connections closed so far to keep a limit. */
  long displaced() {
    return displaced.sum();
  }

  void abortOverdue(long now) {
    open.forEach(connection -> connection.abortIfOverdue(now));
  }

  void stop() {
    open.forEach(Connection::stop);
  }

  private boolean makeRoom(
      ClosingOrder among, int limit, Connection added, List<Connection> closing) {
    while (among.size() > limit) {
      Connection first = among.claimFirst(added, nanos.getAsLong());
      if (first == null) {
        return false;
      }
      // Removed before it is closed, so that it no longer counts towards a limit.
      remove(first);
      closing.add(first);
    }
    return true;
  }
}
