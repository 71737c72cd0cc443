package app.perpetua.flow.system;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import app.perpetua.flow.harness.Api;
import app.perpetua.flow.harness.TestDatabase;
import app.perpetua.flow.harness.process.Jar;
import app.perpetua.flow.harness.process.Stage;
import app.perpetua.flow.sql.Eventually;
import java.time.Duration;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The time between SIGTERM and the end of the listening, in which load balancers notice. */
@Tag("system")
class ShutdownDelayTest {
  private static final String TASKS = "/api/v1/tasks";

  @Order(1)
  @RegisterExtension
  static final TestDatabase database = new TestDatabase();

  @Order(2)
  @RegisterExtension
  static final Stage stage = new Stage(database);

  @Test
  void FR_117_after_SIGTERM_requests_are_served_until_the_delay_has_passed() throws Exception {
    Map<String, String> environment = stage.environment();
    environment.put("SHUTDOWN_DELAY_SECONDS", "3");
    Jar jar = stage.start(environment, "--role=api").awaitReady();
    Api api = stage.api(jar);
    Api user = stage.newUser(api).api();
    jar.terminate();
    Eventually.within(Duration.ofSeconds(30), () -> api.get("/health/ready").status() == 503);
    // Each over a connection of its own, because a stopping service keeps none open.
    for (int i = 0; i < 5; i++) {
      Api.Answer made =
          user.withKey(UUID.randomUUID()).post(TASKS, Map.of("title", "late")).expect(201);
      assertEquals("close", made.header("Connection").orElseThrow());
    }
    assertTrue(
        jar.out().stream().noneMatch(line -> line.contains("requests and jobs in progress finish")),
        "the delay passed too early:\n" + jar.all());
    int code = jar.awaitExit(Duration.ofSeconds(30));
    assertTrue(code == 143 || code == 0, "exit code " + code);
    assertTrue(
        jar.out().stream().anyMatch(line -> line.contains("requests and jobs in progress finish")),
        jar::all);
  }
}
