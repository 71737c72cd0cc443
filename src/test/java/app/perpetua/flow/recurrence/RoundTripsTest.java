package app.perpetua.flow.recurrence;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import app.perpetua.flow.harness.Api;
import app.perpetua.flow.harness.Tap;
import app.perpetua.flow.harness.TestDatabase;
import app.perpetua.flow.harness.TestService;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What the next instance costs whoever completes the one before: nothing. */
class RoundTripsTest {
  private static final String TASKS = "/api/v1/tasks/";
  private static final List<Tap> TAPS = new ArrayList<>();
  private static final AtomicInteger TRIPS = new AtomicInteger();
  private static final Map<Integer, Tap.Direction> LAST = new ConcurrentHashMap<>();

  @Order(1)
  @RegisterExtension
  static final TestDatabase database = new TestDatabase();

  @Order(2)
  @RegisterExtension
  static final TestService service = new TestService(database).through(RoundTripsTest::tapped);

  private static int tapped(InetSocketAddress address) {
    try {
      TAPS.add(
          new Tap(
              address,
              (connection, direction, _) -> {
                // Each time the service speaks after the server has is a trip.
                if (LAST.put(connection, direction) != direction
                    && direction == Tap.Direction.TO_SERVER) {
                  TRIPS.incrementAndGet();
                }
                return true;
              }));
      return TAPS.getLast().port();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @AfterAll
  static void untap() throws IOException {
    for (Tap tap : TAPS) {
      tap.close();
    }
  }

  @Test
  void FR_016_asking_for_the_next_instance_costs_no_round_trip() {
    Api api = service.newUser().api();
    int plain = Integer.MAX_VALUE;
    int recurring = Integer.MAX_VALUE;
    // Whatever else the service asks meanwhile (a new connection, a statement prepared, a time that
    // came round) only adds trips: the least of a few rounds is what the request itself costs.
    for (int round = 0; round < 8; round++) {
      String task = api.post("/api/v1/tasks", Map.of("title", "a")).data().get("id").stringValue();
      String instance =
          api.post("/api/v1/templates", Map.of("title", "a", "rrule", "FREQ=DAILY"))
              .json()
              .at("/task/id")
              .stringValue();
      plain = Math.min(plain, trips(api, task));
      recurring = Math.min(recurring, trips(api, instance));
    }
    assertEquals(plain, recurring);
    assertTrue(plain > 0 && plain <= 4, "trips: " + plain);
  }

  private static int trips(Api api, String task) {
    TRIPS.set(0);
    api.patch(TASKS + task, Map.of("completed", true)).expect(200);
    return TRIPS.get();
  }
}
