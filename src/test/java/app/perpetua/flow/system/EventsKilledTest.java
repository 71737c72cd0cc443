package app.perpetua.flow.system;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import app.perpetua.flow.harness.EventClient;
import app.perpetua.flow.harness.Invariants;
import app.perpetua.flow.harness.SseEvent;
import app.perpetua.flow.harness.TestDatabase;
import app.perpetua.flow.harness.TestService;
import app.perpetua.flow.harness.process.Jar;
import app.perpetua.flow.harness.process.Stage;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Event streams of a process that is killed or stopped while another one writes. */
@Tag("system")
class EventsKilledTest {
  private static final int TASKS = 60;

  @Order(1)
  @RegisterExtension
  static final TestDatabase database = new TestDatabase();

  @Order(2)
  @RegisterExtension
  static final Stage stage = new Stage(database);

  @AfterEach
  void invariants() {
    Invariants.check(database);
  }

  private static Map<String, String> environment() {
    Map<String, String> environment = stage.environment();
    environment.put("FREE_MAX_TASKS", "1000000");
    return environment;
  }

  private static List<SseEvent> changesOf(List<SseEvent> events) {
    return events.stream().filter(event -> event.name().equals("change")).toList();
  }

  private static List<String> recorded(TestService.Session user, String after) {
    return database
        .rows(
            "select seq from activity.changes where user_id = ? and seq > ? order by seq",
            user.userId(),
            Long.valueOf(after))
        .stream()
        .map(row -> String.valueOf(row.get("seq")))
        .toList();
  }

  @Test
  void FR_145_after_a_kill_in_the_middle_of_writes_nothing_is_missing_and_nothing_comes_twice()
      throws Exception {
    Jar writer = stage.start(environment(), "--role=api").awaitReady();
    Jar streaming = stage.start(environment(), "--role=api").awaitReady();
    TestService.Session user = stage.newUser(stage.api(writer));
    try (EventClient first = EventClient.open(streaming.port(), user.accessToken());
        ExecutorService executor = Executors.newVirtualThreadPerTaskExecutor()) {
      String start = String.valueOf(first.next("ready").id());
      Future<?> writing =
          executor.submit(
              () -> {
                for (int i = 0; i < TASKS; i++) {
                  user.api().createTask("Task " + i);
                }
              });
      List<SseEvent> received = new ArrayList<>(first.changes(TASKS / 4));
      streaming.kill();
      SseEvent event = first.next();
      for (; event.name().equals("change"); event = first.next()) {
        received.add(event);
      }
      assertEquals("cut", event.name());
      String last = String.valueOf(received.getLast().id());
      Jar again = stage.startOn(streaming.port(), environment(), "--role=api").awaitReady();
      try (EventClient second = EventClient.open(again.port(), user.accessToken(), "", last)) {
        assertEquals(last, second.next("ready").id());
        writing.get();
        received.addAll(second.changes(TASKS - received.size()));
        assertEquals(
            recorded(user, start),
            received.stream().map(change -> String.valueOf(change.id())).toList());
        assertTrue(second.isQuiet());
      }
    }
  }

  @Test
  void FR_146_after_SIGTERM_streams_end_with_a_reason_and_the_process_exits() throws Exception {
    Jar jar = stage.start(environment(), "--role=api").awaitReady();
    TestService.Session user = stage.newUser(stage.api(jar));
    try (EventClient client = EventClient.open(jar.port(), user.accessToken())) {
      client.next("ready");
      user.api().createTask("Task");
      assertEquals(1, client.changes(1).size());
      jar.terminate();
      assertEquals("shutdown", client.endReason());
      int code = jar.awaitExit(Duration.ofSeconds(30));
      assertTrue(code == 143 || code == 0, "exit code " + code);
      assertEquals(List.of(), changesOf(client.arrived()));
    }
  }
}
