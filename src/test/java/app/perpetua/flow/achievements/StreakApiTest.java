package app.perpetua.flow.achievements;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import app.perpetua.flow.harness.Api;
import app.perpetua.flow.harness.Invariants;
import app.perpetua.flow.harness.TestDatabase;
import app.perpetua.flow.harness.TestService;
import app.perpetua.flow.harness.time.MutableClock;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

class StreakApiTest {
  private static final String STREAK = "/api/v1/streak";
  private static final String PAUSES = "/api/v1/streak/pauses";

  @Order(1)
  @RegisterExtension
  static final TestDatabase database = new TestDatabase();

  @Order(2)
  @RegisterExtension
  static final TestService service = new TestService(database).with("FREE_MAX_TASKS", "1000");

  private AchievementFixture on = begin();

  /** On a Tuesday, 2026-03-10. */
  private static AchievementFixture begin() {
    service.clock().set(MutableClock.START);
    return new AchievementFixture(database, service);
  }

  /** All tests use the same days, so the daily jobs must run again. */
  @BeforeEach
  void no_day_has_begun() {
    database.run("delete from ops.schedule_runs");
    database.run("delete from ops.job_queue");
    service.runDueJobs();
  }

  @AfterEach
  void invariants() {
    Invariants.check(database);
  }

  @Test
  void FR_223_a_missed_day_uses_a_freeze_is_told_once_and_given_back_by_a_late_completion() {
    eightDays();
    assertEquals("{\"available\":1,\"used_on\":[]}", on.mine().get("freezes").toString());
    on.at("2026-03-18T23:59:59Z");
    String late = on.create();
    on.forbid();
    on.set(late, true);
    on.allow();
    database.run("update ops.job_queue set run_at = '2026-03-19T12:00:00Z' where state = 'queued'");
    on.at("2026-03-19T00:00:01Z");
    service.runDueJobs();
    assertEquals(8, on.streak());
    assertEquals(8, on.stored("current_streak"));
    String used = "{\"available\":0,\"used_on\":[\"2026-03-18\"]}";
    assertEquals(used, on.mine().get("freezes").toString());
    assertEquals("frozen", state("2026-03-18"));
    assertEquals("open", state("2026-03-19"));
    JsonNode told = told();
    assertEquals("A freeze has kept your streak", told.get(0).get("title").stringValue());
    assertEquals(
        "No task was completed on 18 March 2026. Freezes left: 0.",
        told.get(0).get("body").stringValue());
    on.done();
    assertEquals(9, on.streak());
    assertEquals(used, on.mine().get("freezes").toString());
    assertEquals(1, told().size());
    assertEquals(1, on.entries("achievement_freeze_used", "system"));

    on.at("2026-03-19T12:00:00Z");
    service.runDueJobs();
    assertEquals(10, on.streak());
    assertEquals("{\"available\":1,\"used_on\":[]}", on.mine().get("freezes").toString());
    assertEquals("completed", state("2026-03-18"));
    assertEquals(0, told().size());
  }

  @Test
  void FR_223_without_a_freeze_the_second_missed_day_ends_the_streak() {
    eightDays();
    on.at("2026-03-19T23:59:59Z");
    service.runDueJobs();
    assertEquals(8, on.streak());
    on.at("2026-03-20T00:00:00Z");
    assertEquals(0, on.streak());
    service.runDueJobs();
    assertEquals(0, on.stored("current_streak"));
    assertEquals("missed", state("2026-03-19"));
    on.done();
    assertEquals(1, on.streak());
    assertEquals(8, on.stat("longest_streak"));
  }

  /** Completes a task on each of the days from 10 to 17 March. */
  private void eightDays() {
    for (int day = 10; day <= 17; day++) {
      on.at("2026-03-%dT12:00:00Z".formatted(day));
      on.done();
    }
  }

  private JsonNode told() {
    List<JsonNode> told =
        on.api().get("/api/v1/notifications").expect(200).data().valueStream().toList();
    return tools.jackson.databind.node.JsonNodeFactory.instance
        .arrayNode()
        .addAll(
            told.stream()
                .filter(one -> one.get("title").stringValue().startsWith("A freeze"))
                .toList());
  }

  @Test
  void FR_220_rest_weekdays_keep_the_streak_from_the_day_on_on_which_they_are_set() {
    on.at("2026-03-13T12:00:00Z");
    on.done();
    Map<String, Object> weekend = Map.of("rest_weekdays", List.of("sunday", "saturday"));
    JsonNode set = on.api().patch(STREAK, weekend).expect(200).data();
    assertEquals("[\"saturday\",\"sunday\"]", set.get("rest_weekdays").toString());
    assertEquals("utc", set.get("streak_day").stringValue());
    on.at("2026-03-16T12:00:00Z");
    service.runDueJobs();
    assertEquals(1, on.stored("current_streak"));
    assertEquals("rest", state("2026-03-15"));
    on.done();
    assertEquals(2, on.streak());
    // Without them from now on: what was for rest stays so.
    on.api().patch(STREAK, Map.of("rest_weekdays", List.of())).expect(200);
    assertEquals(2, on.streak());
    assertEquals("rest", state("2026-03-15"));
    assertEquals(2, on.entries("user_streak_updated", "user"));
    // The same again is no change.
    on.api().patch(STREAK, Map.of("rest_weekdays", List.of())).expect(200);
    assertEquals(2, on.entries("user_streak_updated", "user"));
  }

  @Test
  void FR_220_a_change_of_the_settings_can_be_undone() {
    on.done();
    on.api()
        .patch(STREAK, Map.of("rest_weekdays", List.of("wednesday"), "streak_day", "local"))
        .expect(200);
    on.at("2026-03-12T12:00:00Z");
    assertEquals(1, on.streak());
    String entry = newest("user_streak_updated");
    String undone =
        on.api()
            .post("/api/v1/activity/" + entry + "/undo")
            .expect(200)
            .data()
            .get("id")
            .stringValue();
    assertEquals("[]", streak().get("rest_weekdays").toString());
    assertEquals("utc", streak().get("streak_day").stringValue());
    // The Wednesday was missed, as if it had never been for rest.
    assertEquals(0, on.streak());
    assertEquals(0, on.stored("current_streak"));
    on.api().post("/api/v1/activity/" + undone + "/undo").expect(200);
    assertEquals("[\"wednesday\"]", streak().get("rest_weekdays").toString());
    assertEquals("local", streak().get("streak_day").stringValue());
    assertEquals(1, on.streak());
  }

  @Test
  void FR_221_a_pause_keeps_the_streak_and_ends_early() {
    on.done();
    String pause = pause("2026-03-11", "2026-03-20").expect(201).id();
    on.at("2026-03-14T12:00:00Z");
    service.runDueJobs();
    assertEquals(1, on.stored("current_streak"));
    assertEquals("paused", state("2026-03-11"));
    on.api().delete(PAUSES + "/" + pause).expect(204);
    assertEquals("[]", streak().get("pauses").toString(), "a pause that ended yesterday is over");
    assertEquals("paused", state("2026-03-13"));
    assertEquals("open", state("2026-03-14"));
    on.api().delete(PAUSES + "/" + pause).expect(409, "CONFLICT");
    on.at("2026-03-15T00:00:00Z");
    assertEquals(0, on.streak());
    // The end is taken back, and with it what it made of the 14th.
    on.api().post("/api/v1/activity/" + newest("user_streak_updated") + "/undo").expect(200);
    assertEquals(1, on.streak());
    assertEquals("2026-03-20", streak().at("/pauses/0/to").stringValue());
  }

  @Test
  void FR_221_a_pause_that_has_not_begun_is_removed_and_comes_back_with_an_undo() {
    String pause = pause("2026-03-11", "2026-03-12").expect(201).id();
    on.api().delete(PAUSES + "/" + pause).expect(204);
    assertEquals(0, streak().get("pauses").size());
    on.api().delete(PAUSES + "/" + pause).expect(404, "NOT_FOUND");
    on.api().post("/api/v1/activity/" + newest("user_streak_updated") + "/undo").expect(200);
    assertEquals(pause, streak().at("/pauses/0/id").stringValue());
    AchievementFixture other = new AchievementFixture(database, service);
    other.api().delete(PAUSES + "/" + pause).expect(403, "FORBIDDEN");
  }

  @Test
  void FR_221_impossible_pauses_are_refused_and_change_nothing() {
    pause("2026-03-10", "2026-03-12").expect(201);
    pause("2026-03-09", "2026-03-09").expect(400, "VALIDATION_ERROR");
    pause("2026-03-20", "2026-03-19").expect(400, "VALIDATION_ERROR");
    pause("2026-04-01", "2027-04-02").expect(400, "VALIDATION_ERROR");
    pause("2028-03-11", "2028-03-11").expect(400, "VALIDATION_ERROR");
    pause("2026-03-12", "2026-03-14").expect(400, "VALIDATION_ERROR");
    Api invalid = on.api().invalidOnPurpose();
    for (String from : List.of("2026-02-30", "20260312", "2026-3-12", "")) {
      invalid
          .post(PAUSES, Map.of("from", from, "to", "2026-03-12"))
          .expect(400, "VALIDATION_ERROR");
    }
    invalid.post(PAUSES, Map.of("from", "2026-03-12")).expect(400, "VALIDATION_ERROR");
    assertEquals(1, streak().get("pauses").size());
    pause("2026-04-01", "2027-04-01").expect(201);
    invalid
        .patch(
            STREAK,
            Map.of(
                "rest_weekdays",
                List.of(
                    "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")))
        .expect(400, "VALIDATION_ERROR");
    invalid.patch(STREAK, Map.of("streak_day", "mars")).expect(400, "VALIDATION_ERROR");
    database.run(
        """
        insert into achievements.streak_pauses (user_id, id, first_day, last_day)
        select ?, gen_random_uuid(), date '2027-05-01' + n, date '2027-05-01' + n
        from generate_series(1, 48) as n
        """,
        on.user());
    Api.Answer refused = pause("2027-04-20", "2027-04-20").expect(409, "LIMIT_EXCEEDED");
    assertEquals(50, refused.json().at("/error/limit").intValue());
  }

  @Test
  void FR_221_a_reminder_that_is_due_on_a_paused_day_does_not_notify() {
    on.api().patch("/api/v1/users/me", Map.of("timezone", "Pacific/Auckland")).expect(200);
    pause("2026-03-11", "2026-03-11").expect(201);
    // The 11th begins at 11:00 UTC on the 10th, and ends a day later.
    remind("2026-03-10T10:59:59Z");
    remind("2026-03-10T11:00:00Z");
    remind("2026-03-11T10:59:59Z");
    remind("2026-03-11T11:00:00Z");
    on.at("2026-03-11T11:00:00Z");
    service.runDueJobs();
    assertEquals(2, on.entries("reminder_fired", "system"));
    assertEquals(2, on.entries("reminder_skipped", "system"));
    assertEquals(
        2,
        database.number(
            """
            select count(*) from activity.activity_logs
            where user_id = ? and metadata ->> 'reason' = 'paused'
            """,
            on.user()));
  }

  private void remind(String at) {
    on.api()
        .post(
            AchievementFixture.TASKS + "/" + on.create() + "/reminders",
            Map.of("type", "absolute", "scheduled_at", at))
        .expect(201);
  }

  @Test
  void FR_222_local_days_follow_the_users_time_zone_and_keep_the_past() {
    zone("Pacific/Auckland");
    on.at("2026-03-11T10:59:59.999Z");
    on.done();
    on.api().patch(STREAK, Map.of("streak_day", "local")).expect(200);
    on.at("2026-03-11T11:00:00Z");
    String second = on.create();
    on.set(second, true);
    assertEquals(2, on.streak());
    assertEquals("completed", state("2026-03-12"));
    // It is still the 11th there. The 12th stays what it was, and so does the streak.
    zone("America/Los_Angeles");
    assertEquals(2, on.streak());
    on.at("2026-03-11T11:00:01Z");
    assertEquals(2, on.force(on.create()).data().get("streak").intValue());
    // The completion is taken back from the day on which it was counted.
    on.api().post("/api/v1/activity/" + completionOf(second) + "/undo").expect(200);
    assertEquals(1, on.streak());
    on.at("2026-03-14T06:59:59Z");
    service.runDueJobs();
    assertEquals(0, on.streak(), "the 12th was missed");
  }

  @Test
  void FR_222_the_job_ends_a_local_day_after_it_is_over() {
    zone("America/Los_Angeles");
    on.api().patch(STREAK, Map.of("streak_day", "local")).expect(200);
    on.at("2026-03-11T06:59:59Z");
    on.done();
    on.at("2026-03-12T06:59:00Z");
    service.runDueJobs();
    assertEquals(1, on.stored("current_streak"), "the 11th is not over");
    on.at("2026-03-13T00:00:00Z");
    service.runDueJobs();
    assertEquals(0, on.stored("current_streak"));
    assertEquals(0, on.streak());
  }

  @Test
  void FR_224_clients_are_told_of_changes_and_the_export_has_them() {
    on.done();
    long before = changes();
    on.api().patch(STREAK, Map.of("rest_weekdays", List.of("sunday"))).expect(200);
    assertTrue(changes() > before);
    before = changes();
    pause("2026-03-11", "2026-03-12").expect(201);
    assertTrue(changes() > before);
    JsonNode exported =
        on.api().get("/api/v1/users/me/export").expect(200).json().get("achievements");
    assertEquals(1, exported.at("/stats/current_streak").intValue());
    assertEquals("[7]", exported.at("/streak/rest_weekdays/0/weekdays").toString());
    assertEquals("2026-03-11", exported.at("/streak/pauses/0/from").stringValue());
    assertEquals("2026-03-10", exported.at("/streak/completed_days/0/to").stringValue());
  }

  private long changes() {
    return database.number(
        "select count(*) from activity.changes where user_id = ? and entity_type = 'achievements'",
        on.user());
  }

  /** What has happened so far, from which the streak is computed again. */
  private static final class History {
    final List<Instant> completed = new ArrayList<>();
    final List<StreakRules.Zone> zones = new ArrayList<>();
    final List<StreakRules.Rest> rest = new ArrayList<>();
    final List<Pause> pauses = new ArrayList<>();
    String zone = "UTC";
    boolean local;

    StreakRules rules() {
      return new StreakRules(rest, pauses, zones);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3})
  void FR_224_the_stored_streak_is_the_one_that_the_completions_give(int seed) {
    Random random = new Random(seed);
    History history = new History();
    List<Instant> late = new ArrayList<>();
    for (int step = 0; step < 110; step++) {
      Instant now = service.clock().instant();
      LocalDate today = history.rules().dayOf(now);
      switch (random.nextInt(16)) {
        case 0, 1, 2, 3 -> {
          on.done();
          history.completed.add(now);
        }
        case 4 -> {
          String task = on.create();
          on.forbid();
          on.set(task, true);
          on.allow();
          late.add(now);
        }
        case 5 -> undo(history, random);
        case 6 -> setRest(history, today, random);
        case 7 -> setDay(history, now, random);
        case 8 -> setZone(history, now, random);
        case 9 -> setPause(history, today, random);
        case 10 -> {
          service.runDueJobs();
          history.completed.addAll(late);
          late.clear();
        }
        default -> on.at(now.plus(Duration.ofMinutes(600 + random.nextInt(16 * 60))));
      }
      if (step % 5 == 0) {
        compare(history, "seed " + seed + ", step " + step);
      }
    }
    service.runDueJobs();
    history.completed.addAll(late);
    compare(history, "seed " + seed);
    StreakRules rules = history.rules();
    LocalDate today = rules.dayOf(service.clock().instant());
    on.done();
    history.completed.add(service.clock().instant());
    Streak streak = compute(history, rules, today);
    assertEquals(
        "%d %d".formatted(streak.current(), streak.longest()),
        "%d %d".formatted(on.stored("current_streak"), on.stored("longest_streak")));
    assertEquals(
        streak.keptUntil() + " " + streak.nextMissed(),
        String.valueOf(
            database
                .row(
                    """
                    select kept_until::text || ' ' || next_missed::text as days
                    from achievements.user_achievement_states where user_id = ?
                    """,
                    on.user())
                .get("days")));
  }

  private static Streak compute(History history, StreakRules rules, LocalDate today) {
    CompletionDays days = CompletionDays.NONE;
    for (Instant at : history.completed) {
      days = days.with(rules.dayOf(at));
    }
    return StreakCalculator.calculate(days, rules, today);
  }

  private void compare(History history, String when) {
    StreakRules rules = history.rules();
    LocalDate today = rules.dayOf(service.clock().instant());
    Streak streak = compute(history, rules, today);
    JsonNode shown = streak();
    assertEquals(
        "%d %d %d %s"
            .formatted(
                streak.current(),
                streak.longest(),
                streak.freezes(),
                streak.frozen().from(today.minusDays(34)).days().map(LocalDate::toString).toList()),
        "%d %d %d %s"
            .formatted(
                shown.get("current").intValue(),
                shown.get("longest").intValue(),
                shown.at("/freezes/available").intValue(),
                shown.at("/freezes/used_on").valueStream().map(JsonNode::stringValue).toList()),
        when);
  }

  private void undo(History history, Random random) {
    JsonNode entries =
        on.api().get("/api/v1/activity?action=task_completed&limit=10").expect(200).data();
    if (entries.isEmpty()) {
      return;
    }
    JsonNode entry = entries.get(random.nextInt(entries.size()));
    Instant at = Instant.parse(entry.get("created_at").stringValue());
    // A completion that waits for its job cannot be undone, and none twice.
    if (history.completed.contains(at)
        && on.api().post("/api/v1/activity/" + entry.get("id").stringValue() + "/undo").status()
            == 200) {
      history.completed.remove(at);
    }
  }

  private void setRest(History history, LocalDate today, Random random) {
    List<String> names =
        List.of("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday");
    Set<Integer> weekdays = new TreeSet<>();
    for (int i = random.nextInt(3); i > 0; i--) {
      weekdays.add(1 + random.nextInt(7));
    }
    on.api()
        .patch(
            STREAK,
            Map.of("rest_weekdays", weekdays.stream().map(day -> names.get(day - 1)).toList()))
        .expect(200);
    history.rest.removeIf(rest -> !rest.from().isBefore(today));
    history.rest.add(new StreakRules.Rest(today, weekdays));
  }

  private void setDay(History history, Instant now, Random random) {
    boolean local = random.nextInt(4) > 0;
    on.api().patch(STREAK, Map.of("streak_day", local ? "local" : "utc")).expect(200);
    if (local != history.local) {
      history.local = local;
      zoneChanged(history, now);
    }
  }

  private void setZone(History history, Instant now, Random random) {
    List<String> zones =
        List.of("Pacific/Auckland", "America/Los_Angeles", "Australia/Lord_Howe", "UTC");
    history.zone = zones.get(random.nextInt(zones.size()));
    zone(history.zone);
    if (history.local) {
      zoneChanged(history, now);
    }
  }

  private static void zoneChanged(History history, Instant now) {
    history.zones.removeIf(zone -> zone.since() == now.toEpochMilli());
    history.zones.add(
        new StreakRules.Zone(now.toEpochMilli(), history.local ? history.zone : null));
  }

  private void setPause(History history, LocalDate today, Random random) {
    LocalDate from = today.plusDays(random.nextInt(3));
    LocalDate to = from.plusDays(random.nextInt(3));
    Api.Answer answer = pause(from.toString(), to.toString());
    if (answer.status() == 201) {
      history.pauses.add(new Pause(UUID.fromString(answer.id()), from, to));
      history.pauses.sort(Comparator.comparing(Pause::from));
    }
  }

  private void zone(String zone) {
    on.api().patch("/api/v1/users/me", Map.of("timezone", ZoneId.of(zone).getId())).expect(200);
  }

  private Api.Answer pause(String from, String to) {
    return on.api().post(PAUSES, Map.of("from", from, "to", to));
  }

  private JsonNode streak() {
    return on.api().get(STREAK).expect(200).data();
  }

  private @Nullable String state(String date) {
    return streak()
        .get("days")
        .valueStream()
        .collect(
            Collectors.toMap(
                day -> day.get("date").stringValue(), day -> day.get("state").stringValue()))
        .get(date);
  }

  private String newest(String action) {
    return on.api()
        .get("/api/v1/activity?action=" + action)
        .expect(200)
        .data()
        .get(0)
        .get("id")
        .stringValue();
  }

  private String completionOf(String task) {
    return on.api()
        .get("/api/v1/activity?action=task_completed&entity_id=" + task)
        .expect(200)
        .data()
        .get(0)
        .get("id")
        .stringValue();
  }
}
