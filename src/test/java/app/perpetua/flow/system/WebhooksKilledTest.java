package app.perpetua.flow.system;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import app.perpetua.flow.fake.WebhookReceiver;
import app.perpetua.flow.fake.WebhookReceiver.Received;
import app.perpetua.flow.fake.WebhookReceiver.Script;
import app.perpetua.flow.harness.Api;
import app.perpetua.flow.harness.Invariants;
import app.perpetua.flow.harness.TestDatabase;
import app.perpetua.flow.harness.TestService;
import app.perpetua.flow.harness.WebhookServer;
import app.perpetua.flow.harness.process.Jar;
import app.perpetua.flow.harness.process.Stage;
import app.perpetua.flow.sql.Eventually;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * FR-168, FR-169 and FR-172 with processes: the receiver is away for an hour, and workers are
 * killed meanwhile. {@code -Devents=10000} sets the number of events, {@code -Dkills=} that of the
 * kills, {@code -Dseed=} repeats a run.
 */
@Tag("system")
@Order(3)
class WebhooksKilledTest {
  private static final int EVENTS = Integer.getInteger("events", 200);
  private static final int KILLS = Integer.getInteger("kills", EVENTS / 10_000);
  private static final int USERS = 4;

  @Order(1)
  @RegisterExtension
  static final TestDatabase database = new TestDatabase();

  @Order(2)
  @RegisterExtension
  static final Stage stage = new Stage(database);

  private final Map<String, Instant> begun = new ConcurrentHashMap<>();
  private final List<UUID> users = new ArrayList<>();

  @Test
  void FR_172_every_event_arrives_although_the_receiver_is_away_and_workers_are_killed()
      throws Exception {
    try (WebhookServer server = new WebhookServer(Clock.systemUTC())) {
      WebhookReceiver receiver = server.receiver();
      receiver.respondWith(Script.status(503));
      Map<String, String> environment = stage.environment();
      environment.put("WEBHOOK_HOSTS", server.origin());
      environment.put("FREE_MAX_TASKS", "1000000");
      environment.put("JWT_ACCESS_EXPIRY_MINUTES", "600");
      Api api = stage.api(stage.start(environment, "--role=all").awaitReady());
      Jar worker = stage.start(environment, "--role=worker").awaitReady();
      List<Future<?>> writers = new ArrayList<>();
      long start = System.nanoTime();
      try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
        for (int i = 0; i < USERS; i++) {
          TestService.Session user = registered(stage.newUser(api), server);
          users.add(user.userId());
          writers.add(threads.submit(() -> create(user.api(), EVENTS / USERS)));
        }
        for (int kill = 0; kill < KILLS; kill++) {
          awaitEvents(EVENTS / (KILLS + 1) * (kill + 1));
          worker = restarted(worker, environment);
        }
      }
      for (Future<?> writer : writers) {
        writer.get();
      }
      Duration writing = Duration.ofNanos(System.nanoTime() - start);
      Eventually.within(Duration.ofMinutes(2), () -> ids(receiver).size() >= EVENTS);
      long[] delays = delays(receiver);
      // The receiver is back after an hour, in which all that is pending has become due.
      receiver.respondWith(Script.status(200));
      start = System.nanoTime();
      restarted(worker, environment);
      // Instead of waiting for the lease of the killed worker; the other one loses its leases, too.
      database.run("update ops.job_queue set lease_until = now() where state = 'running'");
      Eventually.within(
          Duration.ofMinutes(5),
          () -> {
            pass(Duration.ofHours(1));
            return undelivered() == 0;
          });
      Duration catchingUp = Duration.ofNanos(System.nanoTime() - start);
      System.out.printf(
          "webhooks: %d events in %d ms, %d kills; first attempts after %d ms (p50), %d ms"
              + " (p99), %d ms (max); all delivered %d ms after the receiver was back; %d"
              + " requests%n",
          EVENTS,
          writing.toMillis(),
          KILLS + 1,
          delays[delays.length / 2],
          delays[(int) (delays.length * 0.99)],
          delays[delays.length - 1],
          catchingUp.toMillis(),
          receiver.received().size());
      assertDelivered(receiver);
      assertTrue(delays[(int) (delays.length * 0.99)] <= 2_000, "first attempts at p99");
    }
    Invariants.check(database);
  }

  private static TestService.Session registered(TestService.Session user, WebhookServer server) {
    String secret =
        user.api()
            .post(
                "/api/v1/webhooks/endpoints",
                Map.of("url", server.origin() + "/hook", "events", List.of("task.created")))
            .expect(201)
            .data()
            .get("secret")
            .stringValue();
    server.receiver().expect(secret);
    return user;
  }

  private void create(Api api, int count) {
    for (int i = 0; i < count; i++) {
      Instant before = Instant.now();
      begun.put(api.createTask("event " + i), before);
    }
  }

  private void awaitEvents(int count) {
    Eventually.within(Duration.ofMinutes(10), () -> begun.size() >= count);
  }

  private static Jar restarted(Jar worker, Map<String, String> environment) {
    worker.kill();
    return stage.startOn(worker.port(), environment, "--role=worker");
  }

  /** Moves all times of pending deliveries back, as if so much time had passed. */
  private void pass(Duration time) {
    for (UUID user : users) {
      // Under the lock that the service takes, so that no rows are locked in another order.
      database.run(
          """
          with owner as materialized (select id from auth.users where id = ? for no key update)
          update activity.webhook_deliveries d
          set next_attempt_at = d.next_attempt_at - ? * interval '1 second'
          from owner
          where d.user_id = owner.id and d.next_attempt_at is not null
          """,
          user,
          time.toSeconds());
    }
    database.run(
        """
        update ops.job_queue set run_at = run_at - ? * interval '1 second'
        where kind = 'webhook_deliver' and state = 'queued'
        """,
        time.toSeconds());
    database.rows("select pg_notify('perpetua_flow_jobs', '')");
    LockSupport.parkNanos(Duration.ofMillis(200).toNanos());
  }

  private static long undelivered() {
    return EVENTS
        - database.number(
            "select count(*) from activity.webhook_deliveries where status = 'delivered'");
  }

  private static Set<String> ids(WebhookReceiver receiver) {
    return receiver.received().stream().map(Received::id).collect(Collectors.toSet());
  }

  /** Milliseconds from the beginning of each write to the first attempt, in ascending order. */
  private long[] delays(WebhookReceiver receiver) {
    Map<String, Instant> first = new HashMap<>();
    receiver
        .received()
        .forEach(r -> first.merge(taskOf(r.body()), r.at(), (a, b) -> a.isBefore(b) ? a : b));
    return begun.entrySet().stream()
        .mapToLong(e -> Duration.between(e.getValue(), first.get(e.getKey())).toMillis())
        .sorted()
        .toArray();
  }

  private static String taskOf(String body) {
    String before = "\"id\":\"";
    int start = body.indexOf(before) + before.length();
    return body.substring(start, start + 36);
  }

  private void assertDelivered(WebhookReceiver receiver) {
    List<Received> all = receiver.received();
    assertTrue(all.stream().allMatch(Received::verified), "signatures");
    Map<String, Set<String>> bodies = new HashMap<>();
    all.forEach(
        r -> bodies.computeIfAbsent(r.id(), _ -> ConcurrentHashMap.newKeySet()).add(r.body()));
    assertEquals(EVENTS, bodies.size(), "ids");
    assertTrue(bodies.values().stream().allMatch(of -> of.size() == 1), "no id with two bodies");
    Set<String> accepted =
        all.stream()
            .filter(r -> r.status() == 200)
            .map(r -> taskOf(r.body()))
            .collect(Collectors.toSet());
    assertEquals(begun.keySet(), accepted, "each event at least once");
  }
}
