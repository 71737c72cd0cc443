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
 * Orders connections for closing: unauthenticated ones first, and of these the one that has waited
 * longest for its client.
 *
 * <p>Positions are updated lazily, when a connection is found at the front, so that serving a
 * request costs nothing and finding the first connection takes logarithmic time. Not thread-safe.
 */
final class ClosingOrder {
  /**
   * @param since nanoseconds at which the connection began to wait, or was found not waiting
   * @param number makes places unique
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
   * @param except is not claimed
   * @param now in nanoseconds
   * @return the connection, which must be aborted; null if none waits
   */
  @Nullable Connection claimFirst(Connection except, long now) {
    List<Connection> skipped = new ArrayList<>();
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
        skipped.add(first);
      }
    }
    // Appended with the current time, so that the next calls do not visit them first.
    for (Connection each : skipped) {
      add(each, now);
    }
    return claimed;
  }
}
