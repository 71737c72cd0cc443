package app.perpetua.flow.harness;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * Counts a service's round trips to its database: {@code new
 * TestService(database).through(trips::way)}. Other traffic (a new connection, a prepared
 * statement, a periodic query) only adds to the count, so the minimum of a few runs is the cost of
 * the request itself. Thread-safe.
 */
public final class Trips implements AfterAllCallback {
  private final List<Tap> taps = new CopyOnWriteArrayList<>();
  private final AtomicInteger trips = new AtomicInteger();
  private final Map<Integer, Tap.Direction> last = new ConcurrentHashMap<>();

  /** The loopback port that leads to that server through this counter. */
  public int way(InetSocketAddress server) {
    try {
      Tap tap = new Tap(server, this::passes);
      taps.add(tap);
      return tap.port();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** A round trip starts when the service sends after the server has answered. */
  private boolean passes(int connection, Tap.Direction direction, byte[] message) {
    if (last.put(connection, direction) != direction && direction == Tap.Direction.TO_SERVER) {
      trips.incrementAndGet();
    }
    return true;
  }

  /** The number of round trips during an action. */
  public int during(Runnable work) {
    trips.set(0);
    work.run();
    return trips.get();
  }

  @Override
  public void afterAll(ExtensionContext context) throws IOException {
    for (Tap tap : taps) {
      tap.close();
    }
  }
}
