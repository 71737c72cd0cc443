package app.perpetua.flow.dev;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import app.perpetua.flow.dev.DevProcess.Answer;
import app.perpetua.flow.harness.Invariants;
import app.perpetua.flow.sql.Eventually;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Predicate;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** Sample data, the queue and the metrics of a running dev server. */
@Order(2)
@Tag("system")
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class DevServerSampleTest {
  private static final String MARA = "{\"email\": \"mara.lindqvist@example.com\"}";

  private static DevProcess dev;

  @BeforeAll
  static void start(@TempDir Path directory) throws Exception {
    dev = new DevProcess(directory);
    dev.start("--sample");
    Eventually.within(
        DevProcess.LIMIT, () -> dev.printed("Sample data: week 1") || !dev.server().isAlive());
    // The month may take as long as the start on a busy machine.
    Eventually.within(
        DevProcess.LIMIT, () -> dev.printed("Ready after") || !dev.server().isAlive());
    assertTrue(dev.server().isAlive(), () -> "it ended:\n" + dev.output());
  }

  @AfterAll
  static void stop() throws Exception {
    dev.stopAll();
  }

  private static List<JsonNode> list(String token, String path) throws Exception {
    Answer answer = dev.get(token, path);
    assertEquals(200, answer.status(), answer::toString);
    return StreamSupport.stream(answer.body().path("data").spliterator(), false).toList();
  }

  private static long count(List<JsonNode> items, Predicate<JsonNode> condition) {
    return items.stream().filter(condition).count();
  }

  private static Predicate<JsonNode> with(String name, String value) {
    return item -> item.path(name).asString("").equals(value);
  }

  private static String signIn(String person) throws Exception {
    Answer session = dev.control("POST", "/session", person);
    assertEquals(200, session.status(), session::toString);
    return session.text("access_token");
  }

  @Test
  @Order(1)
  void tasks_of_a_month_are_there() throws Exception {
    assertTrue(
        dev.printed("Sample data: sign in to the console as mara.lindqvist@example.com."),
        dev::output);
    String token = signIn(MARA);
    Instant now = Instant.parse(dev.control("GET", "/clock", "").text("now"));
    List<JsonNode> tasks = list(token, "/tasks?limit=100");
    assertTrue(tasks.size() >= 30, () -> "tasks: " + tasks.size());
    Set<String> titles = new HashSet<>();
    tasks.forEach(task -> titles.add(task.path("title").stringValue()));
    assertTrue(titles.size() >= 20, titles::toString);
    assertTrue(count(tasks, task -> task.path("completed").booleanValue()) >= 20);
    assertEquals(1, count(tasks, with("completed_by", "auto")));
    long overdue =
        count(
            tasks,
            task ->
                !task.path("completed").booleanValue()
                    && task.path("due_date").isString()
                    && Instant.parse(task.path("due_date").stringValue()).isBefore(now));
    assertTrue(overdue >= 2, () -> "overdue: " + overdue);
    assertEquals(1, list(token, "/tasks?hidden=true").size());
    assertEquals(1, list(token, "/tasks?archived=true").size());
    assertEquals(2, list(token, "/templates").size());
    assertTrue(count(tasks, task -> task.path("template_id").isString()) >= 14);
    // Twenty-eight days ago at the latest, and not before that week.
    Instant joined = Instant.parse(dev.get(token, "/users/me").text("data", "created_at"));
    assertTrue(joined.isBefore(now.minus(Duration.ofDays(27))), joined::toString);
    assertTrue(joined.isAfter(now.minus(Duration.ofDays(36))), joined::toString);
  }

  @Test
  @Order(2)
  void notes_reminders_and_notifications_are_there() throws Exception {
    String token = signIn(MARA);
    assertEquals(
        8, list(token, "/notes?limit=100").size() + list(token, "/notes?archived=true").size());
    List<JsonNode> reminders = list(token, "/reminders");
    assertEquals(3, count(reminders, reminder -> reminder.path("fired").booleanValue()));
    assertEquals(1, count(reminders, reminder -> !reminder.path("fired").booleanValue()));
    List<JsonNode> notifications = list(token, "/notifications?limit=100");
    assertTrue(count(notifications, one -> one.path("read").booleanValue()) >= 5);
    assertTrue(count(notifications, one -> !one.path("read").booleanValue()) >= 1);
    assertEquals(3, count(notifications, with("type", "reminder")));
    List<JsonNode> tombstones = list(token, "/recovery/tombstones");
    assertEquals(1, tombstones.size());
    assertEquals("Sell the old desk", tombstones.getFirst().at("/preview/title").stringValue());
  }

  @Test
  @Order(3)
  void streak_credits_and_subscription_are_there() throws Exception {
    String token = signIn(MARA);
    JsonNode achievements = dev.get(token, "/achievements/me").body().path("data");
    JsonNode stats = achievements.path("stats");
    assertTrue(stats.path("current_streak").intValue() >= 16, stats::toString);
    assertTrue(stats.path("lifetime_tasks_completed").intValue() >= 25, stats::toString);
    assertEquals(4, stats.path("focus_completions").intValue());
    assertEquals(1, stats.path("notes_converted").intValue());
    Set<String> unlocked = new HashSet<>();
    achievements.path("unlocked").forEach(one -> unlocked.add(one.path("id").stringValue()));
    assertEquals(Set.of("tasks_5", "tasks_25", "streak_7"), unlocked);
    assertEquals("active", dev.get(token, "/subscription").text("data", "status"));
    List<JsonNode> ledger = list(token, "/credits/history?limit=100");
    assertEquals(
        50,
        ledger.stream()
            .filter(with("credit_type", "purchased").and(with("operation", "grant")))
            .mapToInt(entry -> entry.path("amount").intValue())
            .sum());
    assertEquals(6, count(ledger, with("operation", "consume")));
    assertTrue(count(ledger, with("operation", "expire")) >= 4);
    assertEquals(
        Map.of("captured", 1L, "declined", 1L),
        Map.of(
            "captured",
            purchases("kind = 'credits' and status = 'captured'"),
            "declined",
            purchases("kind = 'credits' and status = 'declined'")));
  }

  private static long purchases(String condition) throws Exception {
    return number(
        "select count(*) from billing.purchases p join auth.users u on u.id = p.user_id"
            + " where u.email like 'mara%' and "
            + condition);
  }

  @Test
  @Order(4)
  void all_invariants_hold() throws Exception {
    try (Connection connection = database();
        Statement statement = connection.createStatement()) {
      for (Map.Entry<String, String> query : Invariants.queries().entrySet()) {
        try (ResultSet violated = statement.executeQuery(query.getValue())) {
          assertFalse(violated.next(), query.getKey());
        }
      }
    }
  }

  @Test
  @Order(5)
  void a_person_with_an_account_is_refused_and_nothing_changes() throws Exception {
    Answer refused = dev.control("POST", "/sample", "");
    assertEquals(409, refused.status());
    assertTrue(
        refused.text("error", "message").startsWith("mara.lindqvist@example.com already has"),
        refused::toString);
    assertEquals(
        200,
        dev.control("POST", "/providers", "{\"name\": \"push\", \"state\": \"slow\"}").status());
    assertEquals(409, dev.control("POST", "/sample", "{\"email\": \"eve@example.com\"}").status());
    assertEquals(
        200, dev.control("POST", "/providers", "{\"name\": \"push\", \"state\": \"up\"}").status());
    assertEquals(400, dev.control("POST", "/sample", "{\"mail\": \"eve@example.com\"}").status());
    assertEquals(0, dev.control("GET", "/clock", "").body().path("offset_ms").longValue());
    assertEquals(0, number("select count(*) from auth.users where email like 'eve@%'"));
  }

  @Test
  @Order(6)
  void a_failure_returns_the_clock_and_is_reported() throws Exception {
    dev.control("POST", "/openai/script", "{\"steps\": [{\"error\": 400, \"times\": 9}]}");
    Answer failed = dev.control("POST", "/sample", "{\"email\": \"kim@example.com\"}");
    dev.control("POST", "/openai/script", "{\"steps\": []}");
    assertEquals(502, failed.status());
    assertTrue(
        failed.text("error", "message").contains("POST /ai/chat was answered with 503"),
        failed::toString);
    assertEquals(0, dev.control("GET", "/clock", "").body().path("offset_ms").longValue());
  }

  @Test
  @Order(7)
  void others_keep_their_credits_and_a_second_call_is_refused_meanwhile() throws Exception {
    // Days on which no daily job has run yet.
    dev.control("POST", "/clock", "{\"advance\": \"P90D\"}");
    dev.control("POST", "/jobs/run-due", "");
    signIn("{\"email\": \"ada@example.com\", \"tier\": \"pro\"}");
    long offset = dev.control("GET", "/clock", "").body().path("offset_ms").longValue();
    String entries =
        "select count(*) from billing.ai_credit_ledger l join auth.users u on u.id = l.user_id"
            + " where u.email like 'ada@%'";
    long before = number(entries);
    try (ExecutorService other = Executors.newSingleThreadExecutor()) {
      Future<Answer> first =
          other.submit(
              () -> dev.control("POST", "/sample", "{\"email\": \"tom.berg@example.com\"}"));
      Eventually.within(DevProcess.LIMIT, () -> first.isDone() || offset() < offset);
      Answer second = dev.control("POST", "/sample", "{\"email\": \"noa@example.com\"}");
      assertEquals(409, second.status(), second::toString);
      assertTrue(second.text("error", "message").startsWith("the clock is being moved"));
      assertEquals(200, first.get().status(), () -> String.valueOf(first.resultNow()));
      assertEquals(
          "Tom Berg",
          dev.get(signIn("{\"email\": \"tom.berg@example.com\"}"), "/users/me")
              .text("data", "name"));
    }
    assertEquals(offset, offset());
    assertEquals(before, number(entries));
    assertEquals(0, number("select count(*) from auth.users where email like 'noa@%'"));
  }

  private static long offset() {
    try {
      return dev.control("GET", "/clock", "").body().path("offset_ms").longValue();
    } catch (Exception e) {
      throw new AssertionError(e);
    }
  }

  @Test
  @Order(8)
  void the_queue_and_the_metrics_are_shown() throws Exception {
    JsonNode queue = dev.control("GET", "/jobs?state=scheduled", "").body();
    assertTrue(queue.at("/counts/scheduled").intValue() >= 1, queue::toString);
    assertEquals(0, queue.at("/counts/dead").intValue());
    assertEquals("scheduled", queue.path("jobs").path(0).path("state").stringValue());
    Answer retried = dev.control("POST", "/jobs/retry", "");
    assertEquals(0, retried.body().path("retried").intValue(), retried::toString);
    Eventually.within(DevProcess.LIMIT, DevServerSampleTest::hasRequests);
    JsonNode recent = dev.control("GET", "/metrics/recent", "").body();
    assertEquals(5, recent.path("interval_seconds").intValue());
    assertTrue(recent.path("samples").path(0).path("jobs_due").isNumber(), recent::toString);
  }

  private static boolean hasRequests() {
    try {
      return StreamSupport.stream(
              dev.control("GET", "/metrics/recent", "").body().path("samples").spliterator(), false)
          .anyMatch(
              sample ->
                  sample.path("requests_per_second").doubleValue() > 0
                      && sample.path("p95_ms").isNumber());
    } catch (Exception e) {
      throw new AssertionError(e);
    }
  }

  private static Connection database() throws Exception {
    return DriverManager.getConnection(
        "jdbc:"
            + dev.control("GET", "/", "").text("database").replace("postgres@", "")
            + "?user=postgres");
  }

  private static long number(String sql) throws Exception {
    try (Connection connection = database();
        Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery(sql)) {
      row.next();
      return row.getLong(1);
    }
  }
}
