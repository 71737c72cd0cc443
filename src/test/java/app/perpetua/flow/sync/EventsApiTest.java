package app.perpetua.flow.sync;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import app.perpetua.flow.harness.Api;
import app.perpetua.flow.harness.EventClient;
import app.perpetua.flow.harness.Invariants;
import app.perpetua.flow.harness.LocalCopy;
import app.perpetua.flow.harness.RawClient;
import app.perpetua.flow.harness.SseEvent;
import app.perpetua.flow.harness.Tap;
import app.perpetua.flow.harness.TestDatabase;
import app.perpetua.flow.harness.TestService;
import app.perpetua.flow.sql.Eventually;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.Phaser;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/** Event streams through the whole service. Starts early, because one test takes long. */
@Order(3)
class EventsApiTest {
  private static final String EVENTS = "/api/v1/events";
  private static final Duration LIMIT = Duration.ofSeconds(30);

  /** While it is set, no message reaches the database. */
  private static final AtomicBoolean frozen = new AtomicBoolean();

  /** While it is set, connections to the database are cut. */
  private static final AtomicBoolean cut = new AtomicBoolean();

  @Order(1)
  @RegisterExtension
  static final TestDatabase database = new TestDatabase();

  @Order(2)
  @RegisterExtension
  static final TestService service =
      new TestService(database)
          .with("EVENT_STREAM_SECONDS", "840")
          .with("FREE_MAX_TASKS", "1000000")
          .observedBy(EventsApiTest::passes);

  private final TestService.Session user = service.newUser();
  private final Api api = user.api();
  private final List<EventClient> clients = new ArrayList<>();

  @AfterEach
  void closeClients() {
    frozen.set(false);
    cut.set(false);
    clients.forEach(EventClient::close);
    Invariants.check(database);
  }

  private static boolean passes(int connection, Tap.Direction direction, byte[] message) {
    Eventually.within(LIMIT, () -> !frozen.get());
    return !cut.get();
  }

  private EventClient open() {
    return open(user, "", null);
  }

  private EventClient open(
      TestService.Session session, String query, @Nullable String lastEventId) {
    EventClient client =
        EventClient.open(service.port(), session.accessToken(), query, lastEventId);
    clients.add(client);
    return client;
  }

  private static List<String> recorded(TestService.Session session, long after) {
    return database
        .rows(
            "select seq from activity.changes where user_id = ? and seq > ? and shown order by seq",
            session.userId(),
            after)
        .stream()
        .map(row -> String.valueOf(row.get("seq")))
        .toList();
  }

  private static List<String> ids(List<SseEvent> events) {
    return events.stream().map(event -> String.valueOf(event.id())).toList();
  }

  @Test
  void FR_145_each_change_is_an_event_with_type_id_version_and_number() {
    EventClient client = open();
    assertTrue(client.header("Content-Type").startsWith("text/event-stream"));
    assertEquals("no", client.header("X-Accel-Buffering"));
    assertEquals("no-store", client.header("Cache-Control"));
    SseEvent ready = client.next("ready");
    assertEquals(ready.id(), client.data(ready).get("seq").asString());
    LocalCopy copy = new LocalCopy(api, 100);
    copy.update();
    String task = api.createTask("Task");
    SseEvent created = client.next("change");
    assertEquals(change("task", task, 1, false), created.data());
    api.patch("/api/v1/tasks/" + task, Map.of("version", 1, "title", "Other")).expect(200);
    SseEvent changed = client.next("change");
    assertEquals(change("task", task, 2, false), changed.data());
    api.delete("/api/v1/tasks/" + task).expect(200);
    SseEvent deleted = client.next("change");
    assertEquals(change("task", task, null, true), deleted.data());
    assertEquals(
        recorded(user, number(ready)), ids(List.of(created, changed, deleted)), "their numbers");
    assertEquals(
        List.of(task), copy.update().stream().map(change -> change.get("id").asString()).toList());
  }

  private static String change(String type, String id, @Nullable Integer version, boolean deleted) {
    return "{\"type\":\"%s\",\"id\":\"%s\",\"version\":%s,\"deleted\":%s}"
        .formatted(type, id, version, deleted);
  }

  private static long number(SseEvent event) {
    return Long.parseLong(String.valueOf(event.id()));
  }

  @Test
  void FR_145_a_stream_that_was_cut_in_the_middle_of_writes_continues_without_gap_or_repeat()
      throws Exception {
    // With 18,000, the stream is cut for more than half a minute.
    int tasks = Integer.getInteger("tasks", 120);
    EventClient first = open();
    long start = number(first.next("ready"));
    try (ExecutorService writers = Executors.newVirtualThreadPerTaskExecutor()) {
      Phaser written = new Phaser(1);
      Future<?> writing =
          writers.submit(
              () -> {
                for (int i = 0; i < tasks; i++) {
                  api.createTask("Task " + i);
                  written.arrive();
                }
              });
      written.awaitAdvance(tasks / 6);
      List<SseEvent> received = new ArrayList<>(first.changes(5));
      first.close();
      received.addAll(changesOf(first.arrived()));
      written.awaitAdvance(tasks / 2);
      EventClient second = open(user, "", received.getLast().id());
      assertEquals(received.getLast().id(), second.next("ready").id());
      writing.get();
      received.addAll(second.changes(tasks - received.size()));
      assertEquals(recorded(user, start), ids(received));
      assertTrue(second.isQuiet());
    }
  }

  private static List<SseEvent> changesOf(List<SseEvent> events) {
    return events.stream().filter(event -> event.name().equals("change")).toList();
  }

  @Test
  void FR_145_streams_of_many_users_who_write_in_parallel_are_complete_and_in_order()
      throws Exception {
    int users = 12;
    int tasks = 15;
    List<TestService.Session> sessions = new ArrayList<>();
    List<EventClient> streams = new ArrayList<>();
    for (int i = 0; i < users; i++) {
      TestService.Session session = service.newUser();
      sessions.add(session);
      streams.add(open(session, "", null));
    }
    List<Long> starts = streams.stream().map(stream -> number(stream.next("ready"))).toList();
    CountDownLatch go = new CountDownLatch(1);
    List<Future<Void>> written = new ArrayList<>();
    try (ExecutorService writers = Executors.newVirtualThreadPerTaskExecutor()) {
      for (TestService.Session session : sessions) {
        Callable<Void> writing =
            () -> {
              go.await();
              for (int i = 0; i < tasks; i++) {
                session.api().createTask("Task " + i);
                // Holds its lock while the others commit.
                database.run(
                    "update auth.users set name = name || '.' where id = ? and pg_sleep(0.02) is not null",
                    session.userId());
              }
              return null;
            };
        written.add(writers.submit(writing));
      }
      go.countDown();
      for (Future<Void> each : written) {
        each.get();
      }
    }
    for (int i = 0; i < users; i++) {
      List<String> expected = recorded(sessions.get(i), starts.get(i));
      assertEquals(2 * tasks, expected.size());
      assertEquals(expected, ids(streams.get(i).changes(expected.size())));
    }
  }

  @Test
  void FR_145_types_select_what_is_sent() {
    EventClient notes = open(user, "?types=note,settings", null);
    notes.next("ready");
    api.createTask("Task");
    String note = api.createNote("Note");
    assertEquals(change("note", note, 1, false), notes.next("change").data());
    api.get(EVENTS + "?types=notes").expect(400, "VALIDATION_ERROR");
    api.get(EVENTS + "?kind=note").expect(400, "VALIDATION_ERROR");
  }

  @ParameterizedTest
  @ValueSource(strings = {"x", "-1", "1.5", "", " ", "9999999999999999999", "999999999999999999"})
  void FR_145_a_last_event_id_that_was_not_sent_is_refused(String id) {
    JsonNode error =
        api.invalidOnPurpose()
            .with("Last-Event-ID", id)
            .get(EVENTS)
            .expect(400, "VALIDATION_ERROR")
            .json()
            .get("error");
    assertEquals("Last-Event-ID", error.at("/details/0/field").asString());
  }

  @Test
  void FR_145_a_client_that_was_away_for_longer_than_changes_are_kept_is_told_to_begin_again() {
    EventClient first = open();
    long start = number(first.next("ready"));
    api.createTask("Task");
    long last = number(first.next("change"));
    TestService.Session other = service.newUser();
    other.api().createTask("Task");
    database.run("delete from activity.changes where seq <= ?", last + 1);
    api.createTask("Task");
    EventClient late = open(user, "", Long.toString(start));
    SseEvent reset = late.next("reset");
    assertEquals(recorded(user, 0).getLast(), reset.id());
    api.createTask("Task");
    assertTrue(number(late.next("change")) > number(reset));
  }

  @Test
  void FR_145_a_frozen_database_delays_changes_and_loses_none() {
    EventClient client = open();
    long start = number(client.next("ready"));
    String task = api.createTask("Task");
    client.changes(1);
    frozen.set(true);
    raiseVersion(task, 5);
    // After the time limit of a statement, and so of a poll.
    api.with("Last-Event-ID", Long.toString(start)).get(EVENTS).expect(503, "SERVICE_UNAVAILABLE");
    assertTrue(client.isQuiet());
    frozen.set(false);
    assertEquals(recorded(user, start).subList(1, 6), ids(client.changes(5)));
    EventClient second = open(user, "", Long.toString(start));
    second.next("ready");
    assertEquals(recorded(user, start), ids(second.changes(6)));
  }

  private static void raiseVersion(String task, int times) {
    for (int i = 0; i < times; i++) {
      database.run(
          "update tasks.task_instances set version = version + 1 where id = ?::uuid", task);
    }
  }

  @Test
  void FR_145_a_database_that_was_away_delays_changes_and_loses_none() {
    EventClient client = open();
    long start = number(client.next("ready"));
    String task = api.createTask("Task");
    client.changes(1);
    cut.set(true);
    api.get("/api/v1/tasks").expect(503);
    raiseVersion(task, 5);
    api.get("/api/v1/tasks").expect(503);
    assertTrue(client.isQuiet());
    cut.set(false);
    assertEquals(recorded(user, start).subList(1, 6), ids(client.changes(5)));
  }

  @Test
  void FR_146_an_eleventh_stream_ends_the_oldest() {
    List<EventClient> streams = new ArrayList<>();
    for (int i = 0; i < 11; i++) {
      streams.add(open());
    }
    assertEquals("replaced", streams.getFirst().endReason());
    api.createTask("Task");
    for (EventClient stream : streams.subList(1, 11)) {
      stream.next("ready");
      stream.next("change");
    }
  }

  @Test
  void FR_146_a_stream_ends_when_its_access_token_expires() {
    service.clock().advance(Duration.ofMinutes(15).minusSeconds(1));
    assertEquals("token_expired", open().endReason());
  }

  @Test
  void FR_146_the_streams_of_a_deleted_account_end() {
    EventClient client = open();
    client.next("ready");
    String email = api.get("/api/v1/users/me").expect(200).data().get("email").asString();
    api.delete("/api/v1/users/me", Map.of("confirm", email)).expect(204);
    assertEquals("account_deleted", client.endReason());
    api.get(EVENTS).expect(401, "UNAUTHORIZED");
  }

  @Test
  void a_stream_needs_a_token() {
    service.api().get(EVENTS).expect(401, "UNAUTHORIZED");
  }

  @Test
  void HEAD_does_not_wait_for_the_end_of_a_stream() {
    assertEquals(200, api.send("HEAD", EVENTS, null).status());
    assertEquals(400, api.invalidOnPurpose().send("HEAD", EVENTS + "?types=notes", null).status());
  }

  @Test
  void FR_146_an_open_stream_holds_no_permit() {
    for (int i = 0; i < 10; i++) {
      open();
    }
    api.get("/api/v1/tasks").expect(200);
    api.createTask("Task");
  }

  /** The system's buffers take up to some megabytes before a write waits. */
  @Test
  void FR_146_a_client_that_does_not_read_is_cut_off_and_others_are_not_delayed() throws Exception {
    EventClient reading = open();
    long start = number(reading.next("ready"));
    try (RawClient stuck = new RawClient(service.port())) {
      stuck.send(
          RawClient.head("GET", EVENTS, "Authorization: Bearer " + user.accessToken())
              .getBytes(StandardCharsets.UTF_8));
      Eventually.within(LIMIT, () -> openStreams() >= 2);
      int changes = 100_000;
      database.run(
          """
          insert into activity.changes (user_id, entity_type, entity_id, deleted)
          select ?, 'note', gen_random_uuid(), true from generate_series(1, ?)
          """,
          user.userId(),
          changes);
      List<String> received = ids(reading.changes(changes));
      assertEquals(recorded(user, start), received);
      Eventually.within(Duration.ofSeconds(60), () -> openStreams() == 1);
      assertFalse(stuck.rest().endsWith("0\r\n\r\n"), "cut off");
    } finally {
      database.run("delete from activity.changes where user_id = ?", user.userId());
    }
  }

  private static int openStreams() {
    return service
        .api()
        .get("/metrics")
        .expect(200)
        .text()
        .lines()
        .filter(line -> line.startsWith("perpetua_event_streams "))
        .map(line -> line.substring(line.indexOf(' ') + 1))
        .mapToInt(value -> (int) Double.parseDouble(value))
        .findFirst()
        .orElseThrow();
  }

  @Test
  void FR_146_a_session_that_was_ended_receives_nothing_more() {
    String subject = "devices " + UUID.randomUUID();
    TestService.Session phone = service.signIn(subject, device("phone"));
    TestService.Session laptop = service.signIn(subject, device("laptop"));
    EventClient stream = open(laptop, "", null);
    stream.next("ready");
    for (JsonNode session : phone.api().get("/api/v1/sessions").expect(200).data()) {
      if (!session.get("current").booleanValue()) {
        phone.api().delete("/api/v1/sessions/" + session.get("id").stringValue()).expect(204);
      }
    }
    assertEquals("session_ended", stream.endReason());
    laptop.api().get(EVENTS).expect(401);
  }

  private static Map<String, String> device(String name) {
    return Map.of("id", UUID.randomUUID().toString(), "name", name);
  }
}
