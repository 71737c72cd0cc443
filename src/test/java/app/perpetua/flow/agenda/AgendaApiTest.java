package app.perpetua.flow.agenda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import app.perpetua.flow.harness.Api;
import app.perpetua.flow.harness.RoundTripCounter;
import app.perpetua.flow.harness.TestDatabase;
import app.perpetua.flow.harness.TestService;
import app.perpetua.flow.harness.time.MutableClock;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

class AgendaApiTest {
  private static final String AGENDA = "/api/v1/agenda";
  private static final Instant NOW = MutableClock.START;
  private static final Duration MILLISECOND = Duration.ofMillis(1);

  /** For a measurement: {@code -Dtasks=100000}, of which {@code -Dopen} are open. */
  private static final int TASKS = Integer.getInteger("tasks", 2_000);

  private static final int OPEN = Integer.getInteger("open", 200);

  private static final RoundTripCounter roundTrips = new RoundTripCounter();

  @Order(1)
  @RegisterExtension
  static final TestDatabase database = new TestDatabase();

  @Order(2)
  @RegisterExtension
  static final TestService service = new TestService(database).observedBy(roundTrips);

  private final String subject = "google-" + UUID.randomUUID();

  /** Signs in at a time, with a time zone. */
  private TestService.Session at(Instant now, String zone) {
    service.clock().set(now);
    database.makeDays(now);
    TestService.Session session = service.signIn(subject);
    database.run("update auth.users set timezone = ? where id = ?", zone, session.userId());
    return session;
  }

  private static void add(
      UUID user,
      String title,
      @Nullable Instant due,
      @Nullable String dueOn,
      @Nullable String startOn) {
    add(user, title, due, dueOn, startOn, null);
  }

  private static void add(
      UUID user,
      String title,
      @Nullable Instant due,
      @Nullable String dueOn,
      @Nullable String startOn,
      @Nullable UUID list) {
    database.run(
        """
        insert into tasks.task_instances
          (id, user_id, title, due_date, due_on, start_on, list_id, position, created_at, updated_at)
        values (gen_random_uuid(), ?, ?, ?, ?::date, ?::date, ?, ? || 'V', '2010-01-01Z', '2010-01-01Z')
        """,
        user,
        title,
        due,
        dueOn,
        startOn,
        list,
        title.split("-", -1)[0]);
  }

  private static UUID list(UUID user, String name, boolean archived) {
    UUID id = UUID.randomUUID();
    database.run(
        """
        insert into tasks.lists (user_id, id, name, position, archived, created_at, updated_at)
        values (?, ?, ?, 'V', ?, '2026-01-01Z', '2026-01-01Z')
        """,
        user,
        id,
        name,
        archived);
    return id;
  }

  private static String titles(JsonNode tasks) {
    return String.join(
        " ", tasks.valueStream().map(task -> task.get("title").stringValue()).toList());
  }

  /** Titles by part: {@code overdue}, {@code today}, and the upcoming days that have tasks. */
  private static Map<String, String> parts(JsonNode agenda) {
    Map<String, String> parts = new HashMap<>();
    parts.put("overdue", titles(agenda.at("/overdue/tasks")));
    parts.put("today", titles(agenda.at("/today/tasks")));
    for (JsonNode day : agenda.at("/upcoming/days")) {
      assertEquals(day.get("count").intValue(), day.get("tasks").size());
      if (!day.get("tasks").isEmpty()) {
        parts.put(day.get("date").stringValue(), titles(day.get("tasks")));
      }
    }
    return parts;
  }

  private static JsonNode agenda(Api api) {
    return api.get(AGENDA).expect(200).data();
  }

  /** The day, and, as UTC, the starts of the next day, of the eighth and of the ninth after it. */
  @ParameterizedTest
  @CsvSource({
    "Pacific/Auckland,    2026-04-04, 2026-04-04T11:00:00Z, 2026-04-11T12:00:00Z, 2026-04-12T12:00:00Z",
    "Pacific/Auckland,    2026-09-26, 2026-09-26T12:00:00Z, 2026-10-03T11:00:00Z, 2026-10-04T11:00:00Z",
    "Pacific/Auckland,    2026-12-31, 2026-12-31T11:00:00Z, 2027-01-07T11:00:00Z, 2027-01-08T11:00:00Z",
    "America/Los_Angeles, 2026-03-07, 2026-03-08T08:00:00Z, 2026-03-15T07:00:00Z, 2026-03-16T07:00:00Z",
    "America/Los_Angeles, 2026-10-31, 2026-11-01T07:00:00Z, 2026-11-08T08:00:00Z, 2026-11-09T08:00:00Z",
    "America/Los_Angeles, 2028-02-28, 2028-02-29T08:00:00Z, 2028-03-07T08:00:00Z, 2028-03-08T08:00:00Z",
    "Australia/Lord_Howe, 2026-04-04, 2026-04-04T13:00:00Z, 2026-04-11T13:30:00Z, 2026-04-12T13:30:00Z",
    "Australia/Lord_Howe, 2026-10-03, 2026-10-03T13:30:00Z, 2026-10-10T13:00:00Z, 2026-10-11T13:00:00Z",
    "Pacific/Apia,        2026-12-31, 2026-12-31T11:00:00Z, 2027-01-07T11:00:00Z, 2027-01-08T11:00:00Z",
  })
  void FR_225_days_end_at_midnight_in_the_users_zone(
      String zone, LocalDate day, Instant midnight, Instant eighth, Instant ninth) {
    TestService.Session user = at(midnight.minus(MILLISECOND), zone);
    UUID id = user.userId();
    add(id, "1-all-day", midnight.minus(MILLISECOND), day.toString(), null);
    add(id, "2-last", midnight.minus(MILLISECOND), null, null);
    add(id, "3-midnight", midnight, null, null);
    add(id, "4-next", midnight.plus(Duration.ofHours(20)), day.plusDays(1).toString(), null);
    add(id, "5-seventh", eighth.minus(MILLISECOND), null, null);
    add(id, "6-eighth", eighth, null, null);
    add(id, "7-eighth", ninth.minus(MILLISECOND), day.plusDays(8).toString(), null);
    add(id, "8-ninth", ninth, null, null);
    String tomorrow = day.plusDays(1).toString();
    String seventh = day.plusDays(7).toString();

    JsonNode before = agenda(user.api());
    assertEquals(day.toString(), before.get("date").stringValue());
    assertEquals(zone, before.get("timezone").stringValue());
    assertEquals(
        Map.of(
            "overdue",
            "",
            "today",
            "1-all-day 2-last",
            tomorrow,
            "4-next 3-midnight",
            seventh,
            "5-seventh"),
        parts(before));
    assertEquals(4 - 1, before.at("/upcoming/count").intValue());

    JsonNode after = agenda(at(midnight, zone).api());
    assertEquals(tomorrow, after.get("date").stringValue());
    assertEquals(
        Map.of(
            "overdue",
            "1-all-day 2-last",
            "today",
            "4-next 3-midnight",
            seventh,
            "5-seventh",
            day.plusDays(8).toString(),
            "7-eighth 6-eighth"),
        parts(after));
  }

  /** Samoa had no 30 December 2011. */
  @Test
  void FR_225_a_day_that_the_zone_skips_has_no_times() {
    Instant midnight = Instant.parse("2011-12-30T10:00:00Z");
    TestService.Session user = at(midnight.minus(MILLISECOND), "Pacific/Apia");
    UUID id = user.userId();
    add(id, "1-last", midnight.minus(MILLISECOND), null, null);
    add(id, "2-midnight", midnight, null, null);
    add(id, "3-skipped", midnight.minus(MILLISECOND), "2011-12-30", null);
    JsonNode before = agenda(user.api());
    assertEquals("2011-12-29", before.get("date").stringValue());
    assertEquals(
        Map.of(
            "overdue",
            "",
            "today",
            "1-last",
            "2011-12-30",
            "3-skipped",
            "2011-12-31",
            "2-midnight"),
        parts(before));
    JsonNode after = agenda(at(midnight, "Pacific/Apia").api());
    assertEquals("2011-12-31", after.get("date").stringValue());
    assertEquals(Map.of("overdue", "1-last 3-skipped", "today", "2-midnight"), parts(after));
  }

  @Test
  void FR_225_a_time_is_overdue_when_it_has_passed_and_a_day_when_it_has_ended() {
    TestService.Session user = at(NOW, "UTC");
    UUID id = user.userId();
    add(id, "1-now", NOW, null, null);
    add(id, "2-passed", NOW.minus(MILLISECOND), null, null);
    add(id, "3-day", Instant.parse("2026-03-10T23:59:59.999Z"), "2026-03-10", null);
    add(id, "4-yesterday", Instant.parse("2026-03-09T23:59:59.999Z"), "2026-03-09", null);
    add(id, "5-early", Instant.parse("2026-03-10T00:00:00Z"), null, null);
    assertEquals(
        Map.of("overdue", "4-yesterday 5-early 2-passed", "today", "3-day 1-now"),
        parts(agenda(user.api())));
  }

  @Test
  void FR_226_a_task_is_of_the_day_on_which_it_starts_if_it_is_not_due_later() {
    TestService.Session user = at(NOW, "UTC");
    UUID id = user.userId();
    Instant later = NOW.plus(Duration.ofHours(1));
    add(id, "1-started", null, null, "2026-03-01");
    add(id, "2-starts", null, null, "2026-03-10");
    add(id, "3-tomorrow", null, null, "2026-03-11");
    add(id, "4-in-seven", null, null, "2026-03-17");
    add(id, "5-in-eight", null, null, "2026-03-18");
    add(id, "6-due", later, null, "2026-03-10");
    add(id, "7-due-earlier", later, null, "2026-03-12");
    add(id, "8-overdue", NOW.minus(Duration.ofDays(2)), null, "2026-03-13");
    add(id, "9-due-later", NOW.plus(Duration.ofDays(4)), null, "2026-03-10");
    add(id, "10-far", later, null, "2026-04-01");
    add(id, "11-neither", null, null, null);
    assertEquals(
        Map.of(
            "overdue", "",
            "today", "1-started 2-starts 6-due",
            "2026-03-11", "3-tomorrow",
            "2026-03-12", "7-due-earlier",
            "2026-03-13", "8-overdue",
            "2026-03-14", "9-due-later",
            "2026-03-17", "4-in-seven"),
        parts(agenda(user.api())));
  }

  @Test
  void FR_227_has_open_tasks_of_lists_that_are_not_archived_as_the_list_shows_them() {
    TestService.Session user = at(NOW, "UTC");
    UUID id = user.userId();
    UUID home = list(id, "Home", false);
    UUID former = list(id, "Former", true);
    Instant due = NOW.plus(Duration.ofHours(1));
    add(id, "1-shown", due, null, null, home);
    add(id, "2-archived-list", due, null, null, former);
    add(id, "3-archived-list", null, null, "2026-03-10", former);
    for (String state : List.of("hidden", "archived")) {
      add(id, "4-" + state, due, null, null);
      database.run(
          "update tasks.task_instances set " + state + " = true where title = ?", "4-" + state);
    }
    for (String done :
        List.of("2026-03-09T23:59:59.999Z", "2026-03-10T00:00:00Z", "2026-03-10T09:00:00Z")) {
      add(id, "5-" + done, due, null, null);
      database.run(
          """
          update tasks.task_instances
          set completed = true, completed_at = ?, completed_by = 'manual' where title = ?
          """,
          Instant.parse(done),
          "5-" + done);
    }
    JsonNode agenda = agenda(user.api());
    assertEquals(Map.of("overdue", "", "today", "1-shown"), parts(agenda));
    assertEquals(2, agenda.get("completed_count").intValue());
    JsonNode listed =
        user.api().get("/api/v1/tasks?completed=false&list_id=" + home).expect(200).data();
    assertEquals(
        listed
            .valueStream()
            .filter(task -> task.get("title").stringValue().equals("1-shown"))
            .toList(),
        List.of(agenda.at("/today/tasks/0")));
    assertEquals(Map.of("overdue", "", "today", ""), parts(agenda(service.newUser().api())));
  }

  @Test
  void FR_228_counts_all_by_list_and_shows_at_most_100_of_each_part() {
    TestService.Session user = at(NOW, "UTC");
    UUID id = user.userId();
    UUID home = list(id, "Home", false);
    database.run(
        """
        insert into tasks.task_instances
          (id, user_id, title, due_date, list_id, created_at, updated_at)
        select gen_random_uuid(), ?, 'Task ' || n,
               timestamptz '2026-03-10 09:30Z' + (n / 3 - 120) * interval '1 hour',
               case when n % 2 = 0 then ?::uuid end, '2026-01-01Z', '2026-01-01Z'
        from generate_series(0, 899) n
        """,
        id, home);
    JsonNode agenda = agenda(user.api());
    List<Integer> counts = new ArrayList<>();
    for (String part : List.of("overdue", "today", "upcoming")) {
      counts.add(agenda.at("/" + part + "/count").intValue());
    }
    // three in an hour: 120 hours before now, 14.5 hours from now to midnight, then to the end
    assertEquals(List.of(360, 45, 495), counts);
    assertEquals(100, agenda.at("/overdue/tasks").size());
    assertTrue(agenda.at("/overdue/truncated").booleanValue());
    assertFalse(agenda.at("/today/truncated").booleanValue());
    assertTrue(agenda.at("/upcoming/truncated").booleanValue());
    List<JsonNode> days = agenda.at("/upcoming/days").valueStream().toList();
    assertEquals(
        List.of(72, 72, 72, 72, 72, 72, 63),
        days.stream().map(day -> day.get("count").intValue()).toList());
    assertEquals(
        List.of(72, 28, 0, 0, 0, 0, 0), days.stream().map(day -> day.get("tasks").size()).toList());
    List<JsonNode> lists = agenda.get("lists").valueStream().toList();
    assertEquals(2, lists.size());
    assertTrue(lists.getFirst().get("list_id").isNull());
    assertEquals(home.toString(), lists.get(1).get("list_id").stringValue());
    for (JsonNode list : lists) {
      assertEquals(180, list.get("overdue_count").intValue());
    }
    assertEquals(45, lists.stream().mapToInt(list -> list.get("today_count").intValue()).sum());
    assertEquals(495, lists.stream().mapToInt(list -> list.get("upcoming_count").intValue()).sum());
    List<String> due =
        agenda
            .at("/overdue/tasks")
            .valueStream()
            .map(task -> task.get("due_date").stringValue())
            .toList();
    assertEquals(due.stream().sorted().toList(), due);
    assertEquals("2026-03-05T09:30:00.000Z", due.getFirst());
  }

  @ParameterizedTest
  @CsvSource({
    "2026-03-08, '', 1-8th, 2026-03-10",
    "2026-03-10, 1-8th, 2-10th, 2026-03-12",
    "2026-03-12, 1-8th 2-10th, 3-12th, ''",
  })
  void FR_225_of_another_day_what_is_due_before_it_is_overdue(
      LocalDate date, String overdue, String today, String upcoming) {
    TestService.Session user = at(Instant.parse("2026-03-20T12:00:00Z"), "Asia/Tokyo");
    add(user.userId(), "1-8th", Instant.parse("2026-03-08T01:00:00Z"), null, null);
    add(user.userId(), "2-10th", Instant.parse("2026-03-10T01:00:00Z"), null, null);
    add(user.userId(), "3-12th", Instant.parse("2026-03-12T01:00:00Z"), null, null);
    Map<String, String> parts = parts(user.api().get(AGENDA + "?date=" + date).expect(200).data());
    assertEquals(overdue, parts.get("overdue"));
    assertEquals(today, parts.get("today"));
    assertEquals(!upcoming.isEmpty(), parts.containsKey(upcoming));
  }

  @ParameterizedTest
  @ValueSource(strings = {"1970-01-01", "9999-12-23"})
  void FR_225_the_first_and_the_last_date_are_accepted(String date) {
    for (String zone : List.of("Pacific/Kiritimati", "Pacific/Niue")) {
      TestService.Session user = at(NOW, zone);
      assertEquals(
          date,
          user.api().get(AGENDA + "?date=" + date).expect(200).data().get("date").stringValue());
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "today",
        "2026-02-29",
        "2026-3-1",
        "1969-12-31",
        "9999-12-24",
        "10000-01-01",
        "2026-03-01T00:00:00Z"
      })
  void FR_225_another_text_is_no_date(String date) {
    Api api = at(NOW, "UTC").api().invalidOnPurpose();
    assertEquals(
        "date",
        api.get(AGENDA + "?date=" + date)
            .expect(400, "VALIDATION_ERROR")
            .json()
            .at("/error/details/0/field")
            .stringValue());
  }

  @Test
  void FR_229_an_agenda_is_one_statement_after_the_time_zone() {
    TestService.Session user = at(NOW, "UTC");
    add(user.userId(), "1-task", NOW, null, null);
    int least =
        IntStream.range(0, 4)
            .map(_ -> roundTrips.during(() -> agenda(user.api())))
            .min()
            .orElseThrow();
    assertEquals(2, least);
  }

  /** Prints what it measures, with as many tasks as {@code -Dtasks} says. */
  @Test
  void FR_229_the_agenda_of_a_long_history_has_the_open_tasks() throws Exception {
    TestService.Session user = at(NOW, "Europe/Berlin");
    database.run(
        """
        insert into tasks.task_instances
          (id, user_id, title, due_date, completed, completed_at, completed_by, created_at, updated_at)
        select gen_random_uuid(), ?, 'Task ' || n,
               timestamptz '2026-03-17Z' - (? - n) * interval '1 hour', n <= ?,
               case when n <= ? then timestamptz '2026-03-01Z' end,
               case when n <= ? then 'manual' end, '2020-01-01Z', '2020-01-01Z'
        from generate_series(1, ?) n
        """,
        user.userId(),
        TASKS,
        TASKS - OPEN,
        TASKS - OPEN,
        TASKS - OPEN,
        TASKS);
    database.run("vacuum (analyze) tasks.task_instances");
    JsonNode agenda = agenda(user.api());
    assertEquals(
        OPEN,
        agenda.at("/overdue/count").intValue()
            + agenda.at("/today/count").intValue()
            + agenda.at("/upcoming/count").intValue());
    // Without the validation of the test's client.
    HttpRequest request =
        HttpRequest.newBuilder(URI.create("http://localhost:" + service.port() + AGENDA))
            .header("Authorization", "Bearer " + user.accessToken())
            .build();
    List<Double> times = new ArrayList<>();
    try (HttpClient client = HttpClient.newHttpClient()) {
      for (int i = 0; i < 60; i++) {
        long start = System.nanoTime();
        assertEquals(200, client.send(request, BodyHandlers.ofByteArray()).statusCode());
        times.add((System.nanoTime() - start) / 1e6);
      }
    }
    List<Double> sorted = times.subList(10, times.size()).stream().sorted().toList();
    System.out.printf(
        "agenda of %d tasks, %d open: p50 %.1f ms, p95 %.1f ms%n",
        TASKS, OPEN, sorted.get(24), sorted.get(47));
  }
}
