package app.perpetua.flow.robustness;

import static org.junit.jupiter.api.Assertions.assertEquals;

import app.perpetua.flow.base.Json;
import app.perpetua.flow.harness.Api;
import app.perpetua.flow.harness.RoundTripCounter;
import app.perpetua.flow.harness.TestDatabase;
import app.perpetua.flow.harness.TestService;
import app.perpetua.flow.sql.Eventually;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** How often a request waits for the database, and that it still sees what its lock waited for. */
class RoundTripsTest {
  private static final String TASKS = "/api/v1/tasks";
  private static final String NOTES = "/api/v1/notes";
  private static final String SUBTASKS = "/api/v1/subtasks";
  private static final String REMINDERS = "/api/v1/reminders";

  @Order(1)
  @RegisterExtension
  static final TestDatabase database = new TestDatabase();

  private static final RoundTripCounter roundTrips = new RoundTripCounter();

  @Order(2)
  @RegisterExtension
  static final TestService service = new TestService(database).observedBy(roundTrips);

  /** Another process. */
  @Order(3)
  @RegisterExtension
  static final TestService other = new TestService(database);

  private static Arguments trips(
      int expected,
      String name,
      Function<Api, String> prepare,
      BiFunction<Api, String, Api.Answer> request) {
    return Arguments.of(expected, name, prepare, request);
  }

  static Stream<Arguments> requests() {
    Function<Api, String> nothing = _ -> "";
    Function<Api, String> task = api -> api.createTask("a");
    Function<Api, String> subtask = api -> api.createSubtask(api.createTask("a"), "b");
    Function<Api, String> note = api -> api.createNote("a");
    Function<Api, String> reminder = api -> reminder(api, api.createTask("a"));
    return Stream.of(
        trips(1, "list", task, (api, _) -> api.get(TASKS)),
        trips(1, "get", task, (api, id) -> api.get(TASKS + "/" + id)),
        trips(2, "create", nothing, (api, _) -> api.post(TASKS, Map.of("title", "a"))),
        trips(2, "quick add", nothing, (api, _) -> quick(api, "Call tomorrow 9am p1")),
        trips(3, "quick add with names", nothing, (api, _) -> quick(api, "Call #home @phone")),
        trips(2, "patch", task, (api, id) -> api.patch(TASKS + "/" + id, renamed())),
        trips(2, "put", task, (api, id) -> api.put(TASKS + "/" + id, renamed())),
        trips(2, "put without a key", task, RoundTripsTest::putWithoutKey),
        trips(2, "patch of nothing", task, (api, id) -> api.patch(TASKS + "/" + id, unchanged())),
        trips(2, "add a subtask", task, (api, id) -> api.post(subtasks(id), Map.of("title", "b"))),
        trips(3, "patch a subtask", subtask, (api, id) -> api.patch(SUBTASKS + "/" + id, titled())),
        trips(2, "create a note", nothing, (api, _) -> api.post(NOTES, Map.of("content", "a"))),
        trips(2, "patch a note", note, (api, id) -> api.patch(NOTES + "/" + id, archived())),
        trips(2, "delete a note", note, (api, id) -> api.delete(NOTES + "/" + id)),
        trips(3, "delete a reminder", reminder, (api, id) -> api.delete(REMINDERS + "/" + id)));
  }

  /** The minimum of several: see {@link RoundTripCounter}. */
  @ParameterizedTest(name = "{1}: {0}")
  @MethodSource("requests")
  void FR_124_a_request_makes_as_few_round_trips_as_it_can(
      int expected,
      String name,
      Function<Api, String> prepare,
      BiFunction<Api, String, Api.Answer> request) {
    Api api = service.newUser().api();
    int fewest = Integer.MAX_VALUE;
    for (int round = 0; round < 6; round++) {
      String id = prepare.apply(api);
      fewest =
          Math.min(
              fewest,
              roundTrips.during(() -> assertEquals(2, request.apply(api, id).status() / 100)));
    }
    assertEquals(expected, fewest, name);
  }

  /** The first is the one that reads how far the user's changes are. */
  @Test
  void FR_147_commands_of_a_batch_make_no_more_round_trips_than_their_requests() {
    Api api = service.newPro().api();
    int fewest = Integer.MAX_VALUE;
    for (int round = 0; round < 6; round++) {
      List<Map<String, Object>> commands =
          Stream.generate(
                  () ->
                      Map.<String, Object>of(
                          "uuid", UUID.randomUUID().toString(),
                          "type", "task.create",
                          "args", Map.of("title", "a")))
              .limit(10)
              .toList();
      fewest =
          Math.min(
              fewest,
              roundTrips.during(
                  () -> api.post("/api/v1/sync", Map.of("commands", commands)).expect(200)));
    }
    assertEquals(1 + 10 * 2, fewest);
  }

  @Test
  void FR_138_looking_a_session_up_makes_no_round_trip_of_its_own() {
    other.clock().set(service.clock().instant());
    int read = Integer.MAX_VALUE;
    int write = Integer.MAX_VALUE;
    for (int round = 0; round < 6; round++) {
      Api reader = service.api().as(other.newUser().accessToken());
      read = Math.min(read, roundTrips.during(() -> reader.get(TASKS).expect(200)));
      TestService.Session writer = other.newUser();
      String path = TASKS + "/" + writer.api().createTask("a");
      Api api = service.api().as(writer.accessToken());
      write = Math.min(write, roundTrips.during(() -> api.patch(path, renamed()).expect(200)));
    }
    assertEquals(1, read);
    assertEquals(2, write);
  }

  @Test
  void FR_124_a_replayed_answer_makes_no_more_round_trips_than_its_request() {
    Api api = service.newUser().api();
    int fewest = Integer.MAX_VALUE;
    for (int round = 0; round < 6; round++) {
      String path = TASKS + "/" + api.createTask("a");
      Api keyed = api.withKey(UUID.randomUUID());
      Api.Answer first = keyed.patch(path, renamed()).expect(200);
      fewest =
          Math.min(
              fewest,
              roundTrips.during(
                  () ->
                      assertEquals(first.text(), keyed.patch(path, renamed()).expect(200).text())));
    }
    assertEquals(2, fewest);
  }

  /**
   * The owner's lock leaves together with the first read, and the end of the job with the commit.
   */
  @Test
  void FR_124_a_job_makes_a_round_trip_for_each_read_and_one_for_its_end() {
    int one = Integer.MAX_VALUE;
    int three = Integer.MAX_VALUE;
    for (int round = 0; round < 6; round++) {
      one = Math.min(one, firing(1));
      three = Math.min(three, firing(3));
    }
    assertEquals(3, (three - one) / 2.0);
  }

  /** The round trips of reminders that become due at once. */
  private static int firing(int reminders) {
    Api api = service.newUser().api();
    for (int i = 0; i < reminders; i++) {
      reminder(api, api.createTask("a"));
    }
    service.clock().advance(Duration.ofHours(2));
    return roundTrips.during(
        () -> {
          long fired =
              service.runDueJobs().stream()
                  .filter(run -> run.kind().equals("reminder_fire"))
                  .count();
          assertEquals(reminders, fired);
        });
  }

  static Stream<Arguments> writes() {
    return Stream.of(
        Arguments.of("PATCH", TASKS + "/%s", Map.of("title", "mine", "version", 1)),
        Arguments.of("PUT", TASKS + "/%s", Map.of("title", "mine", "version", 1)),
        Arguments.of("POST", TASKS + "/%s/force-complete", Map.of("version", 1)));
  }

  /** The other request is another process's, because one process runs a user's writes in turn. */
  @ParameterizedTest
  @MethodSource("writes")
  void FR_124_a_write_that_waited_for_another_sees_its_change(
      String method, String path, Map<String, ?> body) throws Exception {
    for (boolean keyed : List.of(true, false)) {
      if (!keyed && !method.equals("PUT")) {
        continue;
      }
      TestService.Session session = service.newUser();
      Api api = keyed ? session.api() : session.api().withoutKey();
      String task = session.api().createTask("a");
      try (Connection other = database.dataSource().getConnection();
          Statement statement = other.createStatement();
          ExecutorService executor = Executors.newVirtualThreadPerTaskExecutor()) {
        other.setAutoCommit(false);
        statement.execute(
            "select from auth.users where id = '" + session.userId() + "' for no key update");
        Future<Api.Answer> waiting =
            executor.submit(() -> api.send(method, path.formatted(task), body));
        Eventually.within(Duration.ofSeconds(20), RoundTripsTest::aSessionWaits);
        statement.execute(
            "update tasks.task_instances set title = 'theirs', version = 2 where id = '"
                + task
                + "'");
        other.commit();
        Api.Answer answer = waiting.get().expect(409, "CONFLICT");
        assertEquals(2, answer.json().at("/error/current_version").intValue(), answer.text());
      }
      assertEquals(
          "theirs", session.api().get(TASKS + "/" + task).data().get("title").stringValue());
    }
  }

  private static boolean aSessionWaits() {
    try (Connection connection = database.dataSource().getConnection();
        Statement statement = connection.createStatement();
        ResultSet waiting =
            statement.executeQuery(
                "select exists (select from pg_stat_activity where datname = current_database()"
                    + " and wait_event_type = 'Lock') as waits")) {
      return waiting.next() && waiting.getBoolean("waits");
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
  }

  private static Map<String, Object> renamed() {
    return Map.of("title", "renamed", "version", 1);
  }

  private static Map<String, Object> titled() {
    return Map.of("title", "renamed");
  }

  private static Map<String, Object> unchanged() {
    return Map.of("title", "a", "version", 1);
  }

  private static Map<String, Object> archived() {
    return Map.of("archived", true);
  }

  private static Api.Answer quick(Api api, String text) {
    return api.post(TASKS + "/quick", Map.of("text", text));
  }

  private static String subtasks(String task) {
    return TASKS + "/" + task + "/subtasks";
  }

  private static Api.Answer putWithoutKey(Api api, String id) {
    return api.withoutKey().put(TASKS + "/" + id, renamed());
  }

  private static String reminder(Api api, String task) {
    return api.post(
            TASKS + "/" + task + "/reminders",
            Map.of(
                "type",
                "absolute",
                "scheduled_at",
                Json.instant(service.clock().instant().plus(Duration.ofHours(1)))))
        .id();
  }
}
