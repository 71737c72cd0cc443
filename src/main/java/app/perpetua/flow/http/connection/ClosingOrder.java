package app.perpetua.flow.http.connection;

import app.perpetua.flow.http.connection.OpenConnections.Connection;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Connections in the order in which they are closed to make room: first those on which no user has
 * been authenticated, and of these the one that has waited longest for its client.
 *
 * <p>A connection moves towards the end each time it is served. It is moved only when it is found
 * at the front, so that serving a request costs nothing here, and finding the first connection
 * takes logarithmic time. Not thread-safe.
 */
final class ClosingOrder {
  /**
   * @param since when the connection began to wait, or a time at which it was being served, in
   *     nanoseconds
   * @param number distinguishes places that are otherwise the same
   */
  private record Place(boolean authenticated, long since, long number)
      implements Comparable<Place> {
    private static final Comparator<Place> ORDER =
        Comparator.comparing(Place::authenticated)
            .thenComparingLong(Place::since)
            .thenComparingLong(Place::number);

    @Override
    public int compareTo(Place other) {
      return ORDER.compare(this, other);
    }

    boolean isOf(Connection connection) {
      return authenticated == connection.wasAuthenticated() && since == connection.waitingSince();
    }
  }

  private final TreeMap<Place, Connection> order = new TreeMap<>();
  private final Map<Connection, Place> places = new HashMap<>();
  private long number;

  int size() {
    return places.size();
  }

  void add(Connection connection) {
    add(connection, connection.waitingSince());
  }

  private void add(Connection connection, long since) {
    Place place = new Place(connection.wasAuthenticated(), since, number++);
    places.put(connection, place);
    order.put(place, connection);
  }

  void remove(Connection connection) {
    Place place = places.remove(connection);
    if (place != null) {
      order.remove(place);
    }
  }

  /**
   * Removes the first connection that waits for its client and claims it.
   *
   * @param except is left out
   * @param now the present time in nanoseconds
   * @return the connection, which must be cut; null if none waits
   */
  @Nullable Connection claimFirst(Connection except, long now) {
    List<Connection> passed = new ArrayList<>();
    Connection claimed = null;
    while (claimed == null && !order.isEmpty()) {
      Map.Entry<Place, Connection> entry = order.firstEntry();
      Connection first = entry.getValue();
      remove(first);
      boolean waits = !first.equals(except) && first.isWaiting();
      if (waits && !entry.getKey().isOf(first)) {
        add(first);
      } else if (waits && first.claim()) {
        claimed = first;
      } else {
        passed.add(first);
      }
    }
    // Behind all that wait already, so that the next searches do not meet them again.
    for (Connection each : passed) {
      add(each, now);
    }
    return claimed;
  }
}
