package app.perpetua.flow.calendar;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import app.perpetua.flow.base.Json;
import app.perpetua.flow.base.Sha256;
import app.perpetua.flow.harness.Api;
import app.perpetua.flow.harness.Invariants;
import app.perpetua.flow.harness.RoundTripCounter;
import app.perpetua.flow.harness.TestDatabase;
import app.perpetua.flow.harness.TestService;
import app.perpetua.flow.harness.time.MutableClock;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import net.fortuna.ical4j.model.Component;
import net.fortuna.ical4j.model.Property;
import net.fortuna.ical4j.model.component.CalendarComponent;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

class CalendarFeedApiTest {
  private static final String FEEDS = "/api/v1/calendar-feeds";
  private static final String TASKS = "/api/v1/tasks";
  private static final String TEMPLATES = "/api/v1/templates";
  private static final Instant NOW = MutableClock.START;

  private static final RoundTripCounter roundTrips = new RoundTripCounter();

  @Order(1)
  @RegisterExtension
  static final TestDatabase database = new TestDatabase();

  @Order(2)
  @RegisterExtension
  static final TestService service =
      new TestService(database)
          .with("APP_TASK_URL", "https://app.example/tasks/{task_id}")
          .observedBy(roundTrips);

  /** As a calendar, without a token. */
  private final Api calendar = service.api();

  private final String subject = "google-" + UUID.randomUUID();
  private TestService.Session session;

  @BeforeEach
  void signIn() {
    until(NOW);
  }

  @AfterEach
  void invariants() {
    Invariants.check(database);
  }

  private void until(Instant instant) {
    service.clock().set(instant);
    database.makeDays(instant);
    session = service.signIn(subject);
  }

  private Api api() {
    return session.api();
  }

  private JsonNode feed(Map<String, ?> draft) {
    return api().post(FEEDS, draft).expect(201).data();
  }

  private static String url(JsonNode feed) {
    return feed.get("url").stringValue();
  }

  private Ical read(Map<String, ?> draft) {
    return Ical.read(calendar.get(url(feed(draft))).expect(200).bytes());
  }

  private String task(String title, Instant due, String priority) {
    return api()
        .post(TASKS, Map.of("title", title, "due_date", Json.instant(due), "priority", priority))
        .expect(201)
        .id();
  }

  private void complete(String task) {
    api().patch(TASKS + "/" + task, Map.of("completed", true)).expect(200);
  }

  private JsonNode template(Map<String, ?> fields) {
    Map<String, Object> template = new HashMap<>(Map.of("title", "Stand-up"));
    template.putAll(fields);
    return api().post(TEMPLATES, template).expect(201).json();
  }

  private static String uid(String id) {
    return id + "-event@perpetua-flow";
  }

  @Test
  void FR_180_a_feed_has_a_secret_address_until_it_is_deleted() {
    JsonNode made = feed(Map.of());
    assertEquals("Perpetua Flow", made.get("name").stringValue());
    assertEquals("event", made.get("kind").stringValue());
    assertTrue(made.get("priority").isNull() && made.get("template_id").isNull());
    String url = url(made);
    assertTrue(url.matches("/ical/[A-Za-z0-9_-]{43}\\.ics"), url);
    JsonNode second = feed(Map.of("name", " Work ", "kind", "both", "priority", "high"));
    JsonNode listed = api().get(FEEDS).expect(200).data();
    assertEquals(2, listed.size());
    assertEquals(second.get("id"), listed.get(0).get("id"));
    assertEquals("Work", listed.get(0).get("name").stringValue());
    assertFalse(listed.toString().contains("url"));
    assertTrue(listed.get(1).get("last_read_at").isNull());
    // The token is stored nowhere, not even for the repetition of a request.
    String token = url.substring("/ical/".length(), url.length() - ".ics".length());
    assertEquals(
        1,
        database.number(
            "select count(*) from tasks.calendar_feeds where token_hash = ?", Sha256.hash(token)));
    assertEquals(
        0,
        database.number(
            "select count(*) from ops.idempotency_keys where user_id = ?", session.userId()));

    calendar.get(url).expect(200);
    Api.Answer unknown = calendar.get("/ical/" + "A".repeat(43) + ".ics").expect(404, "NOT_FOUND");
    api().delete(FEEDS + "/" + made.get("id").stringValue()).expect(204);
    Api.Answer revoked = calendar.get(url).expect(404, "NOT_FOUND");
    Api.Answer malformed = calendar.get("/ical/x.ics").expect(404, "NOT_FOUND");
    assertEquals(withoutId(unknown), withoutId(revoked));
    assertEquals(withoutId(unknown), withoutId(malformed));
    api().delete(FEEDS + "/" + made.get("id").stringValue()).expect(404);
    calendar.get(url(second)).expect(200);
    assertEquals(
        List.of(
            "user_calendar_feed_created",
            "user_calendar_feed_created",
            "user_calendar_feed_deleted"),
        api()
            .get("/api/v1/activity?entity_type=user&limit=10")
            .data()
            .valueStream()
            .map(entry -> entry.get("action").stringValue())
            .filter(action -> action.contains("feed"))
            .sorted()
            .toList());
  }

  private static String withoutId(Api.Answer answer) {
    return answer.text().replaceAll("\"request_id\":\"[^\"]*\"", "");
  }

  @Test
  void FR_180_a_problem_does_not_repeat_the_secret() {
    Api.Answer problem =
        calendar
            .with("Accept", "application/problem+json")
            .get("/ical/" + "B".repeat(43) + ".ics")
            .expect(404);
    assertTrue(problem.text().contains("\"status\":404"), problem.text());
    assertFalse(problem.text().contains("BBBB"), problem.text());
  }

  @Test
  void FR_180_a_user_has_at_most_ten_feeds_and_their_deletion_makes_room() {
    for (int i = 0; i < 10; i++) {
      feed(Map.of("name", "feed " + i));
    }
    Api.Answer refused = api().post(FEEDS).expect(409, "LIMIT_EXCEEDED");
    assertEquals(10, refused.json().at("/error/limit").intValue());
    assertEquals(10, api().get(FEEDS).data().size());
    api().delete(FEEDS + "/" + api().get(FEEDS).data().get(3).get("id").stringValue()).expect(204);
    feed(Map.of());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"name\": \" \"}",
        "{\"name\": null}",
        "{\"kind\": \"journal\"}",
        "{\"kind\": null}",
        "{\"priority\": \"urgent\"}",
        "{\"template_id\": \"x\"}",
        "{\"url\": \"/ical/x.ics\"}",
        "[]"
      })
  void FR_180_an_invalid_draft_creates_nothing(String body) {
    api().invalidOnPurpose().post(FEEDS, body).expect(400, "VALIDATION_ERROR");
    assertEquals(0, api().get(FEEDS).data().size());
  }

  @Test
  void FR_180_a_feed_ends_with_the_account() {
    String url = url(feed(Map.of()));
    calendar.get(url).expect(200);
    JsonNode exported = api().get("/api/v1/users/me/export").expect(200).json();
    assertEquals(1, exported.get("calendar_feeds").size());
    assertFalse(exported.get("calendar_feeds").toString().contains("token"));
    String email = api().get("/api/v1/users/me").data().get("email").stringValue();
    api().delete("/api/v1/users/me", Map.of("confirm", email)).expect(204);
    calendar.get(url).expect(404, "NOT_FOUND");
  }

  @Test
  void FR_181_a_feed_has_open_tasks_with_a_due_date_and_those_completed_lately() {
    String high = task("high", NOW.plus(Duration.ofHours(5)), "high");
    api().createSubtask(high, "first step");
    api()
        .post(
            TASKS + "/" + high + "/reminders",
            Map.of("type", "before", "offset_minutes", 30, "method", "push"))
        .expect(201);
    String overdue = task("overdue", NOW.plusSeconds(60), "low");
    api().createTask("without due date");
    String completed = api().createTask("completed");
    complete(completed);
    String hidden = task("hidden", NOW.plusSeconds(90), "low");
    api().patch(TASKS + "/" + hidden, Map.of("hidden", true)).expect(200);
    String archived = task("archived", NOW.plusSeconds(90), "low");
    api().patch(TASKS + "/" + archived, Map.of("archived", true)).expect(200);
    String url = url(feed(Map.of()));
    service.clock().advance(Duration.ofMinutes(10));
    Ical all = Ical.read(calendar.get(url).expect(200).bytes());
    assertEquals(
        List.of(uid(high), uid(overdue), uid(completed)).stream().sorted().toList(), all.uids());
    CalendarComponent event = all.component(uid(high));
    assertEquals(Optional.of("[ ] first step"), Ical.value(event, Property.DESCRIPTION));
    assertEquals(Optional.of("1"), Ical.value(event, Property.PRIORITY));
    // The subtask was the second version.
    assertEquals(Optional.of("2"), Ical.value(event, Property.SEQUENCE));
    assertEquals(Optional.of("https://app.example/tasks/" + high), Ical.value(event, Property.URL));
    assertTrue(event.toString().contains("TRIGGER;RELATED=START:-PT30M"), event.toString());

    Ical important = read(Map.of("priority", "high", "kind", "todo"));
    assertEquals(List.of(high + "@perpetua-flow"), important.uids());
    assertEquals(4 + 2, read(Map.of("kind", "both")).uids().size());

    // 30 days, and the rest of the day on which they end.
    until(NOW.plus(Duration.ofDays(30)));
    assertTrue(read(Map.of()).uids().contains(uid(completed)));
    until(NOW.plus(Duration.ofDays(31)));
    assertFalse(read(Map.of()).uids().contains(uid(completed)));
  }

  @Test
  void FR_198_an_all_day_task_is_a_day_in_a_calendar() {
    api().patch("/api/v1/users/me", Map.of("timezone", "Pacific/Auckland")).expect(200);
    LocalDate day = LocalDate.ofInstant(NOW, ZoneId.of("Pacific/Auckland")).plusDays(5);
    Map<String, Object> draft =
        Map.of("title", "a day", "due_on", day.toString(), "estimated_duration", 30);
    String task = api().post(TASKS, draft).expect(201).id();
    api()
        .post(TASKS + "/" + task + "/reminders", Map.of("type", "before", "offset_minutes", 60))
        .expect(201);
    Ical read = read(Map.of("kind", "both"));
    CalendarComponent event = read.component(uid(task));
    CalendarComponent todo = read.component(task + "@perpetua-flow");
    String written = DateTimeFormatter.BASIC_ISO_DATE.format(day);
    assertEquals(Optional.of(written), Ical.value(event, Property.DTSTART));
    assertEquals(Optional.empty(), Ical.value(event, Property.DURATION));
    assertEquals(Optional.of(written), Ical.value(todo, Property.DUE));
    Instant eight = day.atTime(8, 0).atZone(ZoneId.of("Pacific/Auckland")).toInstant();
    String trigger =
        "TRIGGER;VALUE=DATE-TIME:"
            + DateTimeFormatter.ofPattern("uuuuMMdd'T'HHmmss'Z'")
                .withZone(ZoneOffset.UTC)
                .format(eight);
    for (CalendarComponent component : List.of(event, todo)) {
      assertTrue(component.toString().contains(";VALUE=DATE:" + written), component.toString());
      assertTrue(component.toString().contains(trigger), component.toString());
    }
    complete(task);
    assertEquals(
        Optional.of(written), Ical.value(read(Map.of()).component(uid(task)), Property.DTSTART));
  }

  @Test
  void FR_181_a_feed_of_a_template_has_its_tasks_and_nothing_else() {
    JsonNode daily = template(Map.of("rrule", "FREQ=DAILY", "timezone", "Europe/Berlin"));
    template(Map.of("rrule", "FREQ=WEEKLY"));
    task("other", NOW.plus(Duration.ofHours(5)), "high");
    String id = daily.at("/data/id").stringValue();
    String task = daily.at("/task/id").stringValue();
    JsonNode feed = feed(Map.of("template_id", id));
    Ical read = Ical.read(calendar.get(url(feed)).expect(200).bytes());
    assertEquals(List.of(uid(id), uid(task)).stream().sorted().toList(), read.uids());
    // Nothing is left when the template is gone, and not everything.
    api().delete(TEMPLATES + "/" + id).expect(204);
    assertEquals(List.of(), Ical.read(calendar.get(url(feed)).expect(200).bytes()).uids());
    api().post(FEEDS, Map.of("template_id", id)).expect(404);
    Api stranger = service.newUser().api();
    String others = template(Map.of("rrule", "FREQ=DAILY")).at("/data/id").stringValue();
    stranger.post(FEEDS, Map.of("template_id", others)).expect(403);
  }

  /**
   * A year and more in each zone: both changes of the clocks, times in the gap and in the overlap.
   * What ical4j computes from the feed, with the tasks that exist, is what the service announces.
   */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "Pacific/Auckland",
        "America/Los_Angeles",
        "Australia/Lord_Howe",
        "Pacific/Apia",
        "America/Nuuk"
      })
  void FR_182_a_calendar_shows_the_occurrences_that_the_service_announces(String zone) {
    List<String> rules =
        List.of(
            "FREQ=DAILY;INTERVAL=5",
            "FREQ=DAILY;COUNT=40",
            "FREQ=WEEKLY;BYDAY=MO,SU",
            "FREQ=WEEKLY;INTERVAL=2;BYDAY=TU,SU;WKST=SU;COUNT=30",
            "FREQ=MONTHLY;BYDAY=-1SU",
            "FREQ=MONTHLY;BYMONTHDAY=31",
            "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1",
            "FREQ=WEEKLY;BYDAY=SU;UNTIL=20261130",
            "FREQ=WEEKLY;BYDAY=SU;UNTIL=20261129T093000Z",
            "FREQ=YEARLY;BYMONTH=3,4,9,10;BYDAY=SU");
    List<String> ids = new ArrayList<>();
    for (int i = 0; i < rules.size(); i++) {
      // From 01:00 to 03:15, where clocks change.
      Instant start =
          LocalDate.of(2026, 3, 12)
              .atTime(1, 0)
              .plusMinutes(15L * i)
              .atZone(ZoneId.of(zone))
              .plusNanos(250_000_000L * (i % 2))
              .toInstant();
      ids.add(
          template(
                  Map.of("rrule", rules.get(i), "timezone", zone, "starts_at", Json.instant(start)))
              .at("/data/id")
              .stringValue());
    }
    Instant end = NOW.plus(Duration.ofDays(400));
    Ical read = read(Map.of());
    for (int i = 0; i < ids.size(); i++) {
      List<Instant> announced =
          api()
              .get(TEMPLATES + "/" + ids.get(i) + "/preview?count=100")
              .expect(200)
              .data()
              .get("occurrences")
              .valueStream()
              .map(text -> Instant.parse(text.stringValue()))
              .map(at -> at.truncatedTo(ChronoUnit.SECONDS))
              .filter(at -> at.isBefore(end))
              .toList();
      assertTrue(announced.size() > 5, rules.get(i) + announced);
      List<Instant> shown = new ArrayList<>();
      for (CalendarComponent event : read.components(Component.VEVENT)) {
        String uid = Ical.value(event, Property.UID).orElseThrow();
        if (uid.equals(uid(ids.get(i)))) {
          shown.addAll(Ical.starts(event, NOW, announced.getLast().plusSeconds(1)));
        }
      }
      for (Map<String, ?> task :
          database.rows(
              "select due_date from tasks.task_instances where template_id = ?",
              UUID.fromString(ids.get(i)))) {
        shown.add(
            ((Instant) Objects.requireNonNull(task.get("due_date")))
                .truncatedTo(ChronoUnit.SECONDS));
      }
      assertEquals(announced, shown.stream().sorted().toList(), rules.get(i) + " " + zone);
    }
  }

  @Test
  void FR_182_an_occurrence_is_shown_once_and_one_whose_task_was_deleted_not_again() {
    Instant start = NOW.plus(Duration.ofDays(1));
    JsonNode made =
        template(Map.of("rrule", "FREQ=DAILY;COUNT=4", "starts_at", Json.instant(start)));
    String id = made.at("/data/id").stringValue();
    String url = url(feed(Map.of("template_id", id)));
    Instant end = start.plus(Duration.ofDays(30));
    assertEquals(days(start, 1, 2, 3), starts(url, id, end));
    api().delete(TASKS + "/" + made.at("/task/id").stringValue()).expect(200);
    assertEquals(days(start, 1, 2, 3), starts(url, id, end));
    service.runDueJobs();
    assertEquals(days(start, 2, 3), starts(url, id, end));
    // If the service knew of an earlier next occurrence, the task of the second day would exclude
    // it.
    database.run(
        "update tasks.task_templates set next_due = ? where id = ?", start, UUID.fromString(id));
    assertEquals(days(start, 0, 2, 3), starts(url, id, end));
    // What was missed is not announced, except today's.
    until(start.plus(Duration.ofDays(2).plusHours(1)));
    assertEquals(days(start, 2, 3), starts(url, id, end));
    api().patch(TEMPLATES + "/" + id, Map.of("active", false)).expect(200);
    assertFalse(Ical.read(calendar.get(url).expect(200).bytes()).uids().contains(uid(id)));
  }

  @Test
  void FR_200_a_template_for_days_has_dates() {
    String text = series(Map.of("rrule", "FREQ=DAILY;COUNT=3", "starts_on", "2026-03-12"));
    assertTrue(text.contains("DTSTART;VALUE=DATE:20260313\r\n"), text);
    assertTrue(text.contains("RRULE:FREQ=DAILY;INTERVAL=1;WKST=MO;COUNT=2\r\n"), text);
  }

  @Test
  void FR_201_a_template_that_counts_from_completions_has_one_occurrence() {
    String text =
        series(
            Map.of(
                "rrule",
                "FREQ=DAILY;INTERVAL=3",
                "starts_on",
                "2026-03-12",
                "anchor",
                "completion"));
    assertTrue(text.contains("DTSTART;VALUE=DATE:20260315\r\n"), text);
    assertTrue(text.contains("RRULE:FREQ=DAILY;COUNT=1\r\n"), text);
  }

  private String series(Map<String, ?> rule) {
    String id = template(rule).at("/data/id").stringValue();
    String text = calendar.get(url(feed(Map.of("template_id", id)))).expect(200).text();
    return text.substring(text.indexOf("UID:" + uid(id)));
  }

  private static List<Instant> days(Instant start, long... days) {
    return Arrays.stream(days).mapToObj(day -> start.plus(Duration.ofDays(day))).toList();
  }

  private List<Instant> starts(String url, String template, Instant end) {
    Ical read = Ical.read(calendar.get(url).expect(200).bytes());
    return Ical.starts(read.component(uid(template)), NOW, end);
  }

  @Test
  void FR_183_an_unchanged_calendar_is_answered_with_304_after_one_statement() {
    String url = url(feed(Map.of()));
    String task = task("first", NOW.plus(Duration.ofHours(5)), "high");
    Api.Answer first = calendar.get(url).expect(200);
    String tag = first.header("ETag").orElseThrow();
    assertEquals("private, no-cache", first.header("Cache-Control").orElseThrow());
    assertEquals("text/calendar; charset=utf-8", first.header("Content-Type").orElseThrow());
    Api known = calendar.with("If-None-Match", tag);
    assertEquals(1, roundTrips.during(() -> known.get(url).expect(304)));
    assertEquals(0, calendar.send("HEAD", url, null).expect(200).bytes().length);

    api().patch(TASKS + "/" + task, Map.of("version", 1, "title", "second")).expect(200);
    Api.Answer changed = known.get(url).expect(200);
    assertTrue(changed.text().contains("SUMMARY:second"));
    String changedTag = changed.header("ETag").orElseThrow();
    assertNotEquals(tag, changedTag);
    calendar.with("If-None-Match", "\"x\", " + changedTag).get(url).expect(304);
    // What is shown depends on the day, in the user's time zone.
    api().patch("/api/v1/users/me", Map.of("timezone", "Pacific/Auckland")).expect(200);
    String inAuckland = calendar.get(url).expect(200).header("ETag").orElseThrow();
    service.clock().set(Instant.parse("2026-03-10T10:59:00Z"));
    calendar.with("If-None-Match", inAuckland).get(url).expect(304);
    service.clock().set(Instant.parse("2026-03-10T11:00:00Z"));
    calendar.with("If-None-Match", inAuckland).get(url).expect(200);
  }

  @Test
  void FR_183_the_time_of_the_last_request_is_recorded_once_an_hour() {
    String url = url(feed(Map.of()));
    calendar.get(url).expect(200);
    assertEquals(NOW, lastRead());
    String tag = calendar.get(url).header("ETag").orElseThrow();
    service.clock().advance(Duration.ofMinutes(59));
    calendar.get(url).expect(200);
    assertEquals(NOW, lastRead());
    service.clock().advance(Duration.ofMinutes(1));
    calendar.with("If-None-Match", tag).get(url).expect(304);
    assertEquals(NOW.plus(Duration.ofHours(1)), lastRead());
  }

  private Instant lastRead() {
    JsonNode feed = service.signIn(subject).api().get(FEEDS).expect(200).data().get(0);
    return Instant.parse(feed.get("last_read_at").stringValue());
  }

  @Test
  void FR_183_a_feed_is_read_at_most_ten_times_a_minute() {
    String url = url(feed(Map.of()));
    String other = url(feed(Map.of()));
    for (int i = 0; i < 10; i++) {
      calendar.get(url).expect(200);
    }
    Api.Answer refused = calendar.get(url).expect(429, "RATE_LIMIT_EXCEEDED");
    assertTrue(refused.header("Retry-After").isPresent());
    calendar.get(other).expect(200);
  }

  private String list(String name) {
    return api().post("/api/v1/lists", Map.of("name", name)).expect(201).id();
  }

  private String saved(String query) {
    return api().post("/api/v1/filters", Map.of("name", "Saved", "query", query)).expect(201).id();
  }

  private void move(String task, String list) {
    api().patch(TASKS + "/" + task, Map.of("version", version(task), "list_id", list)).expect(200);
  }

  private int version(String task) {
    return api().get(TASKS + "/" + task).expect(200).data().get("version").intValue();
  }

  private List<String> uids(String url) {
    return Ical.read(calendar.get(url).expect(200).bytes()).uids();
  }

  @Test
  void FR_230_a_feed_with_a_filter_has_those_of_its_tasks_that_match() {
    String work = list("Work");
    String high = task("high", NOW.plus(Duration.ofHours(5)), "high");
    String low = task("low", NOW.plus(Duration.ofHours(5)), "low");
    String done = task("done", NOW.plus(Duration.ofHours(5)), "high");
    String elsewhere = task("elsewhere", NOW.plus(Duration.ofHours(5)), "high");
    String hidden = task("hidden", NOW.plus(Duration.ofHours(5)), "high");
    String undated = api().createTask("without due date");
    List.of(high, low, done, hidden, undated).forEach(task -> move(task, work));
    api().createSubtask(high, "first step");
    complete(done);
    api().patch(TASKS + "/" + hidden, Map.of("hidden", true)).expect(200);
    template(Map.of("rrule", "FREQ=DAILY", "list_id", work, "priority", "low"));
    JsonNode made = feed(Map.of("filter", "list = work and priority = high"));
    assertEquals("list = work and priority = high", made.get("filter").stringValue());
    assertTrue(made.get("filter_id").isNull());
    Ical read = Ical.read(calendar.get(url(made)).expect(200).bytes());
    assertEquals(List.of(uid(high), uid(done)).stream().sorted().toList(), read.uids());
    assertEquals(
        Optional.of("[ ] first step"), Ical.value(read.component(uid(high)), Property.DESCRIPTION));
    assertEquals(
        List.of(uid(high)),
        uids(url(feed(Map.of("filter", "completed = false and list = work and priority = high")))));
    assertEquals(List.of(uid(elsewhere)), uids(url(feed(Map.of("filter", "list = inbox")))));
    // What no feed has, no filter adds.
    assertEquals(
        List.of(),
        uids(
            url(
                feed(
                    Map.of(
                        "filter", "hidden or due = none and list = work and completed = false")))));
    JsonNode exported = api().get("/api/v1/users/me/export").expect(200).json();
    assertEquals(made.get("filter"), exported.at("/calendar_feeds/0/filter"), exported.toString());
  }

  @Test
  void FR_230_a_feed_of_a_saved_filter_follows_it() {
    String high = task("high", NOW.plus(Duration.ofHours(5)), "high");
    String low = task("low", NOW.plus(Duration.ofHours(5)), "low");
    String filter = saved("priority = high");
    JsonNode made = feed(Map.of("filter_id", filter));
    assertEquals(filter, made.get("filter_id").stringValue());
    assertEquals(made.get("filter_id"), api().get(FEEDS).data().get(0).get("filter_id"));
    Api.Answer first = calendar.get(url(made)).expect(200);
    assertEquals(List.of(uid(high)), Ical.read(first.bytes()).uids());
    Api known = calendar.with("If-None-Match", first.header("ETag").orElseThrow());
    known.get(url(made)).expect(304);
    api().patch("/api/v1/filters/" + filter, Map.of("query", "priority = low")).expect(200);
    assertEquals(List.of(uid(low)), Ical.read(known.get(url(made)).expect(200).bytes()).uids());

    api().delete("/api/v1/filters/" + filter).expect(204);
    assertEquals(List.of(), uids(url(made)));
    String entry = api().get("/api/v1/activity").data().get(0).get("id").stringValue();
    api().post("/api/v1/activity/" + entry + "/undo").expect(200);
    assertEquals(List.of(uid(low)), uids(url(made)));
  }

  @Test
  void FR_230_a_name_that_is_gone_shows_no_task() {
    String home = list("Home");
    String secret = list("Secret");
    String atHome = task("at home", NOW.plus(Duration.ofHours(5)), "high");
    String hushed = task("hushed", NOW.plus(Duration.ofHours(5)), "high");
    move(atHome, home);
    move(hushed, secret);
    String others = url(feed(Map.of("filter", "list != Secret")));
    String either = url(feed(Map.of("filter", "list = Secret or list = Home")));
    String every = url(feed(Map.of("filter", "priority = high")));
    assertEquals(List.of(uid(atHome)), uids(others));
    api().patch("/api/v1/lists/" + secret, Map.of("name", "Hush")).expect(200);
    assertEquals(List.of(), uids(others));
    assertEquals(List.of(uid(atHome)), uids(either));
    // An archived list is shown only if the filter names it.
    api().patch("/api/v1/lists/" + home, Map.of("archived", true)).expect(200);
    assertEquals(List.of(uid(hushed)), uids(every));
    assertEquals(List.of(uid(atHome)), uids(either));
  }

  @Test
  void FR_230_the_tag_of_a_feed_changes_with_what_time_alone_makes_match() {
    String task = task("soon", NOW.plus(Duration.ofMinutes(5)), "high");
    String late = url(feed(Map.of("filter", "overdue")));
    String today = url(feed(Map.of("filter", "due = today")));
    Api.Answer before = calendar.get(late).expect(200);
    assertEquals(List.of(), Ical.read(before.bytes()).uids());
    String tagOfToday = calendar.get(today).expect(200).header("ETag").orElseThrow();
    service.clock().advance(Duration.ofMinutes(6));
    Api.Answer after =
        calendar.with("If-None-Match", before.header("ETag").orElseThrow()).get(late).expect(200);
    assertEquals(List.of(uid(task)), Ical.read(after.bytes()).uids());
    calendar.with("If-None-Match", tagOfToday).get(today).expect(304);
    until(NOW.plus(Duration.ofDays(1)));
    Api.Answer tomorrow = calendar.with("If-None-Match", tagOfToday).get(today).expect(200);
    assertEquals(List.of(), Ical.read(tomorrow.bytes()).uids());
  }

  @Test
  void FR_230_a_filter_that_cannot_be_used_makes_no_feed() {
    String id = saved("priority = high");
    Map<Map<String, ?>, String> refused =
        Map.of(
            Map.of("filter", "due <"), "filter 5",
            Map.of("filter", "hidden or list = Nowhere"), "filter 17",
            Map.of("filter", "(".repeat(1001)), "filter null",
            Map.of("filter", "overdue", "filter_id", id), "filter_id null",
            Map.of("filter", "overdue", "priority", "high"), "priority null",
            Map.of("filter_id", id, "template_id", id), "template_id null");
    refused.forEach(
        (draft, where) -> {
          JsonNode error =
              api()
                  .invalidOnPurpose()
                  .post(FEEDS, draft)
                  .expect(400, "VALIDATION_ERROR")
                  .json()
                  .get("error");
          assertEquals(
              where,
              error.at("/details/0/field").stringValue()
                  + " "
                  + (error.has("position") ? error.get("position") : null),
              error.toString());
        });
    api().post(FEEDS, Map.of("filter_id", UUID.randomUUID().toString())).expect(404, "NOT_FOUND");
    String list = list("Passing");
    String saved = saved("list = Passing");
    api().delete("/api/v1/lists/" + list).expect(200);
    Api.Answer unusable = api().post(FEEDS, Map.of("filter_id", saved));
    assertEquals(
        7, unusable.expect(400, "VALIDATION_ERROR").json().at("/error/position").intValue());
    assertEquals(0, api().get(FEEDS).data().size());
  }

  @Test
  void FR_230_a_filter_that_is_deleted_while_its_feed_is_read_shows_all_of_it_or_nothing()
      throws Exception {
    String high = task("high", NOW.plus(Duration.ofHours(5)), "high");
    task("low", NOW.plus(Duration.ofHours(5)), "low");
    String filter = saved("priority = high");
    String url = url(feed(Map.of("filter_id", filter)));
    CountDownLatch begun = new CountDownLatch(1);
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      Future<List<List<String>>> reader =
          threads.submit(
              () -> {
                List<List<String>> read = new ArrayList<>();
                for (int i = 0; i < 8; i++) {
                  read.add(uids(url));
                  begun.countDown();
                }
                return read;
              });
      begun.await();
      api().delete("/api/v1/filters/" + filter).expect(204);
      List<List<String>> distinct = reader.get().stream().distinct().toList();
      assertEquals(List.of(List.of(uid(high)), List.of()).subList(0, distinct.size()), distinct);
    }
    assertEquals(List.of(), uids(url));
  }
}
