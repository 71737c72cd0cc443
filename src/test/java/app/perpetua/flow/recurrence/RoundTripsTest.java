package app.perpetua.flow.recurrence;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import app.perpetua.flow.harness.Api;
import app.perpetua.flow.harness.RoundTripCounter;
import app.perpetua.flow.harness.TestDatabase;
import app.perpetua.flow.harness.TestService;
import java.util.Map;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Scheduling the next instance adds no round trip to a completion. */
class RoundTripsTest {
  private static final String TASKS = "/api/v1/tasks/";

  @Order(1)
  @RegisterExtension
  static final TestDatabase database = new TestDatabase();

  private static final RoundTripCounter roundTrips = new RoundTripCounter();

  @Order(2)
  @RegisterExtension
  static final TestService service = new TestService(database).observedBy(roundTrips);

  @Test
  void FR_016_scheduling_the_next_instance_costs_no_round_trip() {
    Api api = service.newUser().api();
    int plain = Integer.MAX_VALUE;
    int recurring = Integer.MAX_VALUE;
    for (int round = 0; round < 8; round++) {
      String task = api.createTask("a");
      String instance =
          api.post("/api/v1/templates", Map.of("title", "a", "rrule", "FREQ=DAILY"))
              .json()
              .at("/task/id")
              .stringValue();
      plain = Math.min(plain, completing(api, task));
      recurring = Math.min(recurring, completing(api, instance));
    }
    assertEquals(plain, recurring);
    assertTrue(plain > 0 && plain <= 5, "trips: " + plain);
  }

  private static int completing(Api api, String task) {
    return roundTrips.during(() -> api.patch(TASKS + task, Map.of("completed", true)).expect(200));
  }
}
