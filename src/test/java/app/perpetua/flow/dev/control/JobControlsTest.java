package app.perpetua.flow.dev.control;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import app.perpetua.flow.base.Json;
import app.perpetua.flow.harness.TestDatabase;
import app.perpetua.flow.harness.time.MutableClock;
import app.perpetua.flow.jobs.DeadJobsCommand;
import java.net.http.HttpClient;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;

class JobControlsTest {
  @RegisterExtension static final TestDatabase database = new TestDatabase();

  private static final Json json = new Json();
  private static final MutableClock clock = new MutableClock();
  private static final Instant NOW = MutableClock.START;
  private static HttpClient http;
  private static ControlPort control;

  @BeforeAll
  static void start() {
    http = HttpClient.newHttpClient();
    JobControls controls =
        new JobControls(
            database.dataSource(), () -> new DeadJobsCommand(database.config(), clock), clock);
    control = new ControlPort(0, controls.calls(), Map::of, json);
  }

  @AfterAll
  static void stop() {
    control.close();
    http.close();
  }

  @BeforeEach
  void empty() {
    database.run("delete from ops.job_queue");
  }

  private static JsonNode call(String method, String path, String body, int status)
      throws Exception {
    return new ControlClient(control, http, json).call(method, path, body, status);
  }

  private static UUID job(String key, String state, Instant runAt) {
    UUID id = UUID.randomUUID();
    boolean isRunning = state.equals("running");
    database.run(
        """
        insert into ops.job_queue
          (id, kind, job_key, state, run_at, attempts, last_error, lease, heartbeat_at, lease_until,
           created_at, finished_at)
        values (?, 'push_send', ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """,
        id,
        key,
        state,
        runAt,
        state.equals("dead") ? 5 : 0,
        state.equals("dead") ? "Boom" : null,
        isRunning ? UUID.randomUUID() : null,
        isRunning ? NOW : null,
        isRunning ? NOW : null,
        NOW,
        state.equals("dead") ? NOW : null);
    return id;
  }

  private static List<String> keys(JsonNode list) {
    List<String> keys = new ArrayList<>();
    list.path("jobs")
        .forEach(job -> keys.add(job.path("key").stringValue() + " " + job.path("state")));
    return keys;
  }

  @Test
  void jobs_are_counted_and_listed_by_the_services_clock_soonest_first() throws Exception {
    UUID dead = job("d", "dead", NOW.minusSeconds(60));
    job("s", "queued", NOW.plusMillis(1));
    job("q", "queued", NOW);
    job("r", "running", NOW.minusSeconds(5));
    job("z", "queued", NOW.plus(Duration.ofDays(9)));
    JsonNode all = call("GET", "/jobs", "", 200);
    assertEquals(
        json.parse("{\"scheduled\": 2, \"due\": 1, \"running\": 1, \"dead\": 1}"),
        all.path("counts"));
    assertEquals(
        List.of("d \"dead\"", "r \"running\"", "q \"due\"", "s \"scheduled\"", "z \"scheduled\""),
        keys(all));
    JsonNode first = all.path("jobs").path(0);
    assertEquals(
        json.parse(
            """
            {"id": "%s", "kind": "push_send", "key": "d", "state": "dead",
             "due_at": "2026-03-10T09:29:00.000Z", "attempts": 5, "max_attempts": 5,
             "last_error": "Boom"}
            """
                .formatted(dead)),
        first);
  }

  @Test
  void a_list_can_be_limited_to_a_state_and_a_number() throws Exception {
    for (int i = 0; i < 60; i++) {
      job("s" + i, "queued", NOW.plusSeconds(60 - i));
    }
    job("d", "dead", NOW);
    assertEquals(50, call("GET", "/jobs", "", 200).path("jobs").size());
    JsonNode two = call("GET", "/jobs?state=scheduled&limit=2", "", 200);
    assertEquals(List.of("s59 \"scheduled\"", "s58 \"scheduled\""), keys(two));
    assertEquals(1, two.path("counts").path("dead").intValue());
    assertEquals(List.of("d \"dead\""), keys(call("GET", "/jobs?state=dead", "", 200)));
    assertEquals(List.of(), keys(call("GET", "/jobs?state=running", "", 200)));
  }

  @ParameterizedTest
  @CsvSource({
    "state=done, 'state must be scheduled, due, running or dead'",
    "limit=0, limit must be a whole number from 1 to 100",
    "limit=101, limit must be a whole number from 1 to 100",
    "kind=push_send, 'kind is not a parameter here; known: limit, state'"
  })
  void invalid_parameters_are_400(String query, String message) throws Exception {
    JsonNode refused = call("GET", "/jobs?" + query, "", 400);
    assertEquals(message, refused.at("/error/message").stringValue());
  }

  @Test
  void one_dead_job_or_all_are_retried() throws Exception {
    UUID one = job("a", "dead", NOW);
    job("b", "dead", NOW);
    job("c", "dead", NOW);
    JsonNode retried = call("POST", "/jobs/retry", "{\"id\": \"" + one + "\"}", 200);
    assertEquals(1, retried.path("retried").intValue());
    assertEquals(List.of("a \"due\""), keys(call("GET", "/jobs?state=due", "", 200)));
    assertEquals(2, call("POST", "/jobs/retry", "", 200).path("retried").intValue());
    JsonNode after = call("GET", "/jobs", "", 200);
    assertEquals(3, after.at("/counts/due").intValue());
    assertEquals(0, after.at("/counts/dead").intValue());
  }

  @Test
  void a_job_that_is_not_dead_or_whose_key_is_in_use_is_not_retried() throws Exception {
    UUID queued = job("q", "queued", NOW.plusSeconds(60));
    UUID dead = job("q", "dead", NOW);
    for (UUID id : List.of(queued, dead, UUID.randomUUID())) {
      JsonNode retried = call("POST", "/jobs/retry", "{\"id\": \"" + id + "\"}", 200);
      assertEquals(0, retried.path("retried").intValue());
    }
    assertEquals(1, call("GET", "/jobs", "", 200).at("/counts/scheduled").intValue());
    call("POST", "/jobs/retry", "{\"id\": 7}", 400);
    call("POST", "/jobs/retry", "{\"id\": null}", 400);
  }

  @Test
  void a_list_uses_the_indexes_of_the_queue() {
    for (int i = 0; i < 3_000; i++) {
      job("s" + i, "queued", NOW.plusSeconds(i));
    }
    database.run("analyze ops.job_queue");
    String plan =
        database
            .rows(
                "explain "
                    + JobControls.LIST
                        .replaceFirst("\\?", "now()")
                        .replaceFirst("\\?", "'due'")
                        .replaceFirst("\\?", "50"))
            .toString();
    assertTrue(plan.contains("job_queue_due"), plan);
    assertFalse(plan.contains("Seq Scan on job_queue"), plan);
  }
}
