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
 * TestService(database).through(trips::way)}. Whatever else the service asks meanwhile (a new
 * connection, a statement prepared, a time that came round) only adds some: the least of a few
 * rounds is what a request itself costs. Thread-safe.
 */
public final class Trips implements AfterAllCallback {
  private final List<Tap> taps = new CopyOnWriteArrayList<>();
  private final AtomicInteger trips = new AtomicInteger();
  private final Map<Integer, Tap.Direction> last = new ConcurrentHashMap<>();

  /** Where to reach that server through this counter. */
  public int way(InetSocketAddress server) {
    try {
      Tap tap = new Tap(server, this::passes);
      taps.add(tap);
      return tap.port();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Each time the service speaks after the server has is a trip. */
  private boolean passes(int connection, Tap.Direction direction, byte[] message) {
    if (last.put(connection, direction) != direction && direction == Tap.Direction.TO_SERVER) {
      trips.incrementAndGet();
    }
    return true;
  }

  /** How many there were during that. */
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
