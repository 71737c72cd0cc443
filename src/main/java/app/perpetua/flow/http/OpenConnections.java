package app.perpetua.flow.http;

import java.util.Comparator;
import java.util.Iterator;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;

/**
 * The open connections, bounded in all and for each address. A new connection is always let in; at
 * a limit the one that has waited longest for its client is closed instead, first among those that
 * nobody has signed in on. Thread-safe.
 */
final class OpenConnections implements Iterable<ClientConnection> {
  private static final Comparator<ClientConnection> FIRST_TO_CLOSE =
      Comparator.comparing(ClientConnection::wasAuthenticated)
          .thenComparingLong(ClientConnection::waitingSince);

  private final ConnectionLimits limits;
  private final Set<ClientConnection> all = ConcurrentHashMap.newKeySet();
  private final ConcurrentHashMap<String, Set<ClientConnection>> byAddress =
      new ConcurrentHashMap<>();
  private final LongAdder displaced = new LongAdder();

  OpenConnections(ConnectionLimits limits) {
    this.limits = limits;
  }

  /**
   * Adds a new connection and keeps the limits.
   *
   * @return false if a limit is passed, because every connection is being served
   */
  boolean add(ClientConnection connection) {
    String address = connection.address();
    all.add(connection);
    boolean fits = true;
    if (address != null) {
      Set<ClientConnection> same =
          byAddress.compute(
              address,
              (_, present) -> {
                Set<ClientConnection> set =
                    present == null ? ConcurrentHashMap.newKeySet() : present;
                set.add(connection);
                return set;
              });
      fits = makeRoom(same, limits.perAddress(), connection);
    }
    return makeRoom(all, limits.connections(), connection) && fits;
  }

  /** Takes a connection off that has ended. */
  void remove(ClientConnection connection) {
    all.remove(connection);
    String address = connection.address();
    if (address != null) {
      byAddress.computeIfPresent(
          address,
          (_, same) -> {
            same.remove(connection);
            return same.isEmpty() ? null : same;
          });
    }
  }

  /** How many are open. */
  int size() {
    return all.size();
  }

  /** How many of them wait for their client, so that they may be closed. */
  int waiting() {
    return (int) all.stream().filter(ClientConnection::isWaiting).count();
  }

  /** How many were closed to keep a limit. */
  long displaced() {
    return displaced.sum();
  }

  @Override
  public Iterator<ClientConnection> iterator() {
    return all.iterator();
  }

  private boolean makeRoom(Set<ClientConnection> among, int limit, ClientConnection added) {
    while (among.size() > limit) {
      if (!closeOne(among, added)) {
        return false;
      }
    }
    return true;
  }

  private boolean closeOne(Set<ClientConnection> among, ClientConnection added) {
    while (true) {
      ClientConnection first =
          among.stream()
              .filter(other -> other != added && other.isWaiting())
              .min(FIRST_TO_CLOSE)
              .orElse(null);
      if (first == null) {
        return false;
      }
      if (first.claim()) {
        // At once, so that the next newcomer does not count it.
        remove(first);
        first.cut();
        displaced.increment();
        return true;
      }
    }
  }
}
