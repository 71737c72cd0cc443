package app.perpetua.flow.achievements;

import static org.junit.jupiter.api.Assertions.assertTrue;

import app.perpetua.flow.harness.Api;
import app.perpetua.flow.harness.RoundTripCounter;
import app.perpetua.flow.harness.TestDatabase;
import app.perpetua.flow.harness.TestService;
import java.util.Map;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Counting a completion costs one round trip, and an unlock one more. */
class RoundTripsTest {
  private static final String TASKS = "/api/v1/tasks";

  @Order(1)
  @RegisterExtension
  static final TestDatabase database = new TestDatabase();

  private static final RoundTripCounter roundTrips = new RoundTripCounter();

  @Order(2)
  @RegisterExtension
  static final TestService service = new TestService(database).observedBy(roundTrips);

  @Test
  void FR_043_a_completion_costs_one_round_trip_more_than_a_plain_change_and_an_unlock_two() {
    int plain = Integer.MAX_VALUE;
    int completing = Integer.MAX_VALUE;
    int unlocking = Integer.MAX_VALUE;
    for (int round = 0; round < 4; round++) {
      Api api = service.newUser().api();
      for (int task = 1; task <= 5; task++) {
        String path = TASKS + "/" + api.createTask("a");
        plain = Math.min(plain, patching(api, path, Map.of("version", 1, "title", "b")));
        int done = patching(api, path, Map.of("completed", true));
        if (task < 5) {
          completing = Math.min(completing, done);
        } else {
          unlocking = Math.min(unlocking, done);
        }
      }
    }
    assertTrue(plain > 0, "nothing was counted");
    assertTrue(completing <= plain + 1, "completing: " + completing + ", plain: " + plain);
    assertTrue(unlocking <= plain + 2, "unlocking: " + unlocking + ", plain: " + plain);
  }

  private static int patching(Api api, String path, Map<String, ?> body) {
    return roundTrips.during(() -> api.patch(path, body).expect(200));
  }
}
