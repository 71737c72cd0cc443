package app.perpetua.flow.notifications;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import app.perpetua.flow.base.Json;
import app.perpetua.flow.fake.FakePushService;
import app.perpetua.flow.fake.VapidKeys;
import app.perpetua.flow.harness.Api;
import app.perpetua.flow.harness.Invariants;
import app.perpetua.flow.harness.TestDatabase;
import app.perpetua.flow.harness.TestService;
import app.perpetua.flow.jobs.Worker;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.text.MessageFormat;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.IntFunction;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

class PushApiTest {
  private static final String PUSH = "/api/v1/notifications/push-subscription";
  private static final String KEY = "/api/v1/notifications/push-key";
  private static final VapidKeys KEYS = VapidKeys.make();

  private static final Logger PROVIDERS = Logger.getLogger("app.perpetua.flow.Providers");

  /** The log lines of both services at start; initialized before the services. */
  private static final List<String> STARTED = listening();

  @Order(1)
  @RegisterExtension
  static final TestDatabase database = new TestDatabase();

  @Order(2)
  @RegisterExtension
  static final TestService service =
      new TestService(database)
          .with("VAPID_PUBLIC_KEY", KEYS.publicKey())
          .with("VAPID_PRIVATE_KEY", KEYS.privateKey());

  @Order(3)
  @RegisterExtension
  static final TestDatabase otherDatabase = new TestDatabase();

  @Order(4)
  @RegisterExtension
  static final TestService pushless =
      new TestService(otherDatabase)
          .with("VAPID_PUBLIC_KEY", " ")
          .with("VAPID_PRIVATE_KEY", " ")
          .with("VAPID_SUBJECT", " ");

  private final TestService.Session session = service.newUser();
  private final Api api = session.api();
  private final FakePushService.Subscription browser = service.push().subscribe();

  @AfterEach
  void invariants() {
    Invariants.check(database);
  }

  private static List<String> listening() {
    List<String> lines = new CopyOnWriteArrayList<>();
    PROVIDERS.addHandler(
        new Handler() {
          @Override
          public void publish(LogRecord line) {
            if (line.getLevel().equals(Level.WARNING)) {
              lines.add(
                  MessageFormat.format(
                      line.getMessage(),
                      line.getParameters() == null ? new Object[0] : line.getParameters()));
            }
          }

          @Override
          public void flush() {}

          @Override
          public void close() {}
        });
    return lines;
  }

  @AfterAll
  static void stopListening() {
    for (Handler handler : PROVIDERS.getHandlers()) {
      PROVIDERS.removeHandler(handler);
    }
  }

  @Test
  void development_settings_and_missing_keys_are_logged_once_at_start() {
    assertEquals(
        1, STARTED.stream().filter("push disabled: VAPID_PUBLIC_KEY is not set"::equals).count());
    assertEquals(
        1,
        STARTED.stream()
            .filter(
                line ->
                    line.equals(
                        "PUSH_HOSTS allows "
                            + service.push().origin()
                            + " even at a private address; use this for development only"))
            .count(),
        STARTED::toString);
  }

  private long subscribed(UUID user) {
    return database.number(
        "select count(*) from activity.push_subscriptions where user_id = ?", user);
  }

  private static Map<String, Object> with(
      FakePushService.Subscription browser, String name, Object value) {
    Map<String, Object> changed = new HashMap<>(browser.json());
    if (name.startsWith("keys.")) {
      Map<String, Object> keys = new HashMap<>();
      keys.put("p256dh", browser.inbox().p256dh());
      keys.put("auth", browser.inbox().auth());
      keys.put(name.substring("keys.".length()), value);
      changed.put("keys", keys);
    } else {
      changed.put(name, value);
    }
    return changed;
  }

  private void assertFault(String field, Map<String, Object> body) {
    Api.Answer answer = api.invalidOnPurpose().post(PUSH, body).expect(400, "VALIDATION_ERROR");
    assertEquals(field, answer.json().at("/error/details/0/field").stringValue(), answer::toString);
    assertEquals(1, answer.json().at("/error/details").size(), answer::toString);
    assertEquals(0, subscribed(session.userId()));
  }

  @Test
  void FR_056_the_published_key_verifies_pushes() {
    assertEquals(KEYS.publicKey(), api.get(KEY).expect(200).data().get("public_key").stringValue());
  }

  @Test
  void FR_028a_a_browser_is_subscribed_once() {
    JsonNode made = api.post(PUSH, browser.json()).expect(201).data();
    assertEquals(browser.endpoint(), made.get("endpoint").stringValue());
    assertEquals(made, api.post(PUSH, browser.json()).expect(200).data());
    assertEquals(1, subscribed(session.userId()));
    assertEquals(
        0,
        database.number(
            "select count(*) from activity.activity_logs where user_id = ? and action like '%push%'",
            session.userId()));
  }

  @Test
  void new_keys_of_a_browser_replace_the_old_ones() throws Exception {
    api.post(PUSH, service.push().subscribe().json()).expect(201);
    database.run(
        "update activity.push_subscriptions set endpoint = ? where user_id = ?",
        browser.endpoint(),
        session.userId());
    api.post(PUSH, browser.json()).expect(200);
    notifyUser("with the new keys");
    assertEquals(List.of("with the new keys"), titles(browser));
  }

  @Test
  void FR_028a_an_endpoint_belongs_to_the_user_who_registered_it_last() {
    JsonNode first = api.post(PUSH, browser.json()).expect(201).data();
    TestService.Session next = service.newUser();
    JsonNode second = next.api().post(PUSH, browser.json()).expect(201).data();
    assertNotEquals(first.get("id"), second.get("id"));
    assertEquals(0, subscribed(session.userId()));
    assertEquals(1, subscribed(next.userId()));
    api.delete(PUSH, Map.of("endpoint", browser.endpoint())).expect(204);
    assertEquals(1, subscribed(next.userId()), "not the first one's to delete");
  }

  @Test
  void at_most_ten_browsers_are_subscribed() {
    for (int i = 0; i < 10; i++) {
      api.post(PUSH, service.push().subscribe().json()).expect(201);
    }
    Api.Answer refused = api.post(PUSH, browser.json()).expect(409, "LIMIT_EXCEEDED");
    assertEquals(10, refused.json().at("/error/limit").intValue());
    assertEquals(10, refused.json().at("/error/current").intValue());
  }

  @Test
  void promise_7_the_limit_holds_under_parallel_subscriptions() throws Exception {
    for (int i = 0; i < 9; i++) {
      api.post(PUSH, service.push().subscribe().json()).expect(201);
    }
    List<Integer> statuses = inParallel(8, _ -> api.post(PUSH, service.push().subscribe().json()));
    assertEquals(1, statuses.stream().filter(status -> status == 201).count(), statuses::toString);
    assertEquals(7, statuses.stream().filter(status -> status == 409).count(), statuses::toString);
    assertEquals(10, subscribed(session.userId()));
  }

  @Test
  void FR_028a_parallel_registrations_of_an_endpoint_leave_one_owner() throws Exception {
    List<Api> users = IntStream.range(0, 6).mapToObj(_ -> service.newUser().api()).toList();
    List<Integer> statuses = inParallel(6, i -> users.get(i).post(PUSH, browser.json()));
    assertTrue(statuses.stream().allMatch(status -> status == 201), statuses::toString);
    assertEquals(
        1,
        database.number(
            "select count(*) from activity.push_subscriptions where endpoint = ?",
            browser.endpoint()));
  }

  private static List<Integer> inParallel(int count, IntFunction<Api.Answer> call)
      throws Exception {
    try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<Integer>> answers =
          IntStream.range(0, count)
              .mapToObj(i -> threads.submit(() -> call.apply(i).status()))
              .toList();
      List<Integer> statuses = new ArrayList<>();
      for (Future<Integer> answer : answers) {
        statuses.add(answer.get());
      }
      return statuses;
    }
  }

  @Test
  void a_browser_is_unsubscribed_by_body_or_query() {
    api.post(PUSH, browser.json()).expect(201);
    api.delete(PUSH, Map.of("endpoint", browser.endpoint())).expect(204);
    assertEquals(0, subscribed(session.userId()));
    api.post(PUSH, browser.json()).expect(201);
    String query = "?endpoint=" + URLEncoder.encode(browser.endpoint(), StandardCharsets.UTF_8);
    api.delete(PUSH + query, Map.of("endpoint", browser.endpoint() + "x")).expect(400);
    assertEquals(1, subscribed(session.userId()));
    api.delete(PUSH + query).expect(204);
    assertEquals(0, subscribed(session.userId()));
    api.delete(PUSH + query).expect(204);
    api.delete(PUSH).expect(400, "VALIDATION_ERROR");
    api.delete(PUSH, Map.of()).expect(400, "VALIDATION_ERROR");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "https://127.0.0.1/x",
        "https://localhost/x",
        "https://push.evil.test/x",
        "http://127.0.0.1:1/x",
        "https://fcm.googleapis.com/x",
        "javascript:alert(1)",
        "x",
      })
  void promise_26_an_endpoint_at_another_host_is_refused(String endpoint) {
    assertFault("endpoint", with(browser, "endpoint", endpoint));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "https://127.0.0.1/x",
        "https://8.8.8.8/x",
        "https://[::1]/x",
        "https://localhost/x",
        "https://nothing.invalid/x",
        "https://push.evil.test./x",
      })
  void promise_26_all_other_hosts_get_the_same_refusal(String endpoint) {
    Api.Answer answer =
        api.invalidOnPurpose().post(PUSH, with(browser, "endpoint", endpoint)).expect(400);
    assertEquals(
        "must have a permitted host at a public address",
        answer.json().at("/error/details/0/message").stringValue());
  }

  @Test
  void FR_028a_invalid_keys_are_refused() {
    String point = browser.inbox().p256dh();
    char flipped = point.charAt(40) == 'A' ? 'B' : 'A';
    for (String wrong :
        List.of(
            "A",
            browser.inbox().auth(),
            point.substring(0, 84),
            point.substring(0, 40) + flipped + point.substring(41),
            point.substring(0, 40) + "!" + point.substring(41),
            point + "==")) {
      assertFault("keys.p256dh", with(browser, "keys.p256dh", wrong));
    }
    for (String wrong : List.of("A", point, "AAAA", "AAAAAAAAAAAAAAAAAAAAAAA")) {
      assertFault("keys.auth", with(browser, "keys.auth", wrong));
    }
    assertFault("keys", with(browser, "keys", List.of()));
    assertFault("keys", with(browser, "keys", "x"));
  }

  @Test
  void FR_088_keys_are_read_in_either_alphabet_with_or_without_padding() {
    String point = browser.inbox().p256dh();
    String auth = browser.inbox().auth();
    for (String base64 : List.of(standard(point) + "=", standard(point), point + "=", point)) {
      for (String secret : List.of(standard(auth) + "==", standard(auth), auth + "==", auth)) {
        Map<String, Object> keys = Map.of("p256dh", base64, "auth", secret);
        int status = api.post(PUSH, with(browser, "keys", keys)).status();
        assertTrue(status == 200 || status == 201, base64 + " " + secret);
      }
    }
    assertEquals(1, subscribed(session.userId()));
    notifyUser("encrypted for these keys");
    assertEquals(List.of("encrypted for these keys"), titles(browser));
  }

  private static String standard(String base64Url) {
    return base64Url.replace('-', '+').replace('_', '/');
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"null", "1.7e12", "1e999999999", "\"x\"", "\"\"", "{\"a\":[null]}", "[]", "false"})
  void FR_088_what_a_browser_adds_to_a_subscription_is_ignored(String value) {
    Map<String, Object> subscription = new HashMap<>(browser.json());
    Map<String, Object> keys = new HashMap<>();
    keys.put("p256dh", browser.inbox().p256dh());
    keys.put("auth", browser.inbox().auth());
    keys.put("next", "@");
    subscription.put("keys", keys);
    subscription.put("expirationTime", "@");
    subscription.put("options", "@");
    String body = new Json().text(subscription).replace("\"@\"", value);
    api.post(PUSH, body).expect(201);
    assertEquals(1, subscribed(session.userId()));
    api.delete(PUSH, body).expect(204);
    assertEquals(0, subscribed(session.userId()));
  }

  @Test
  void all_errors_are_reported_at_once() {
    Api.Answer answer =
        api.invalidOnPurpose().post(PUSH, Map.of("keys", Map.of("auth", "A"))).expect(400);
    assertEquals(
        List.of("endpoint", "keys.p256dh", "keys.auth"),
        answer.json().at("/error/details").values().stream()
            .map(fault -> fault.get("field").stringValue())
            .toList());
  }

  @Test
  void FR_056_a_notification_reaches_the_browser() {
    api.post(PUSH, browser.json()).expect(201);
    List<Worker.Run> ran = notifyUser("Water the plants");
    assertEquals(List.of(Worker.Outcome.DONE), ran.stream().map(Worker.Run::outcome).toList());
    assertEquals(List.of("Water the plants"), titles(browser));
    assertTrue(service.api().get("/metrics").text().contains("push_sends_total{outcome=\"sent\"}"));
  }

  @Test
  void FR_028b_an_expired_subscription_is_deleted() {
    api.post(PUSH, browser.json()).expect(201);
    service.push().respondWith(FakePushService.Script.status(410).times(1));
    notifyUser("after deletion");
    assertEquals(0, subscribed(session.userId()));
    assertEquals(List.of(), titles(browser));
  }

  @Test
  void push_is_off_without_keys() {
    Api other = pushless.newUser().api();
    other.get(KEY).expect(503, "SERVICE_UNAVAILABLE");
    other.post(PUSH, pushless.push().subscribe().json()).expect(503, "SERVICE_UNAVAILABLE");
    other.invalidOnPurpose().post(PUSH, Map.of()).expect(400, "VALIDATION_ERROR");
    other.delete(PUSH, Map.of("endpoint", browser.endpoint())).expect(204);
  }

  /** Adds a notification as a feature would, and runs the jobs. */
  private List<Worker.Run> notifyUser(String title) {
    UUID id = UUID.randomUUID();
    database.run(
        """
        insert into activity.notifications (id, user_id, type, title, body, created_at, updated_at)
        values (?, ?, 'system', ?, '', ?, ?)
        """,
        id,
        session.userId(),
        title,
        service.clock().instant(),
        service.clock().instant());
    database.run(
        """
        insert into ops.job_queue (id, user_id, kind, job_key, payload, run_at, created_at)
        select gen_random_uuid(), p.user_id, 'push_send', ? || ':' || p.id,
               jsonb_build_object('notification_id', ?::text, 'subscription_id', p.id), ?, ?
        from activity.push_subscriptions p
        where p.user_id = ?
        """,
        id.toString(),
        id.toString(),
        service.clock().instant(),
        service.clock().instant(),
        session.userId());
    return service.runDueJobs().stream().filter(ran -> ran.kind().equals("push_send")).toList();
  }

  private List<String> titles(FakePushService.Subscription subscription) {
    return service.push().inbox().stream()
        .filter(message -> message.endpoint().equals(subscription.endpoint()))
        .map(message -> new Json().parse(message.text()))
        .map(message -> message.get("title").stringValue())
        .toList();
  }
}
