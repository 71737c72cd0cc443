package app.perpetua.flow.http.connection;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The open connections, bounded in all and for each address. A new connection is always let in; at
 * a limit the first one in the {@link ClosingOrder} is closed instead. Thread-safe.
 */
final class OpenConnections {
  /** A connection, as far as its limits are concerned. Thread-safe. */
  interface Connection extends TransferBudget.Holder {
    /** Whose limit of connections it counts for; null if it counts for none. */
    @Nullable String address();

    /** True once a user has been authenticated on it. */
    boolean wasAuthenticated();

    /** True while it waits for its client, so that it may be closed. */
    boolean isWaiting();

    /** Closes it if the client has kept it waiting too long. */
    void cutIfOverdue(long now);
  }

  private final ConnectionLimits limits;
  private final LongSupplier nanos;
  private final Set<Connection> open = ConcurrentHashMap.newKeySet();
  private final LongAdder displaced = new LongAdder();

  private final ReentrantLock lock = new ReentrantLock();
  private final ClosingOrder all = new ClosingOrder();
  private final Map<String, ClosingOrder> byAddress = new HashMap<>();

  /**
   * @param nanos the clock of {@link Holder#waitingSince}
   */
  OpenConnections(ConnectionLimits limits, LongSupplier nanos) {
    this.limits = limits;
    this.nanos = nanos;
  }

  /**
   * Adds a new connection and keeps the limits.
   *
   * @return false if a limit is passed, because every connection is being served
   */
  boolean add(Connection connection) {
    List<Connection> closing = new ArrayList<>();
    lock.lock();
    try {
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
    } finally {
      lock.unlock();
      displaced.add(closing.size());
      closing.forEach(Connection::cut);
    }
  }

  /** Removes a connection that has ended. */
  void remove(Connection connection) {
    lock.lock();
    try {
      removeLocked(connection);
    } finally {
      lock.unlock();
    }
  }

  /** How many are open. */
  int size() {
    return open.size();
  }

  /** How many of them wait for their client, so that they may be closed. */
  int waiting() {
    return (int) open.stream().filter(Connection::isWaiting).count();
  }

  /** How many were closed to keep a limit. */
  long displaced() {
    return displaced.sum();
  }

  /** Closes those whose client has kept them waiting too long. */
  void cutOverdue(long now) {
    open.forEach(connection -> connection.cutIfOverdue(now));
  }

  private boolean makeRoom(
      ClosingOrder among, int limit, Connection added, List<Connection> closing) {
    while (among.size() > limit) {
      Connection first = among.claimFirst(added, nanos.getAsLong());
      if (first == null) {
        return false;
      }
      // Before it has ended, so that the next new connection does not count it.
      removeLocked(first);
      closing.add(first);
    }
    return true;
  }

  private void removeLocked(Connection connection) {
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
}
