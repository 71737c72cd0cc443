package app.perpetua.flow.harness;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Counts a service's round trips to its database: {@code new
 * TestService(database).observedBy(counter)}. Other traffic (a new connection, a prepared
 * statement, a periodic query) only adds to the count, so the minimum of a few runs is the cost of
 * the request itself. Thread-safe.
 */
public final class RoundTripCounter implements Tap.Hook {
  private final AtomicInteger count = new AtomicInteger();
  private final Map<Integer, Tap.Direction> last = new ConcurrentHashMap<>();

  /** A round trip starts when the service sends after the server has answered. */
  @Override
  public boolean passes(int connection, Tap.Direction direction, byte[] message) {
    if (last.put(connection, direction) != direction && direction == Tap.Direction.TO_SERVER) {
      count.incrementAndGet();
    }
    return true;
  }

  /** The number of round trips during an action. */
  public int during(Runnable work) {
    count.set(0);
    work.run();
    return count.get();
  }
}
