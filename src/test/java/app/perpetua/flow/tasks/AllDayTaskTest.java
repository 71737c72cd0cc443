package app.perpetua.flow.tasks;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import app.perpetua.flow.base.Json;
import app.perpetua.flow.harness.Api;
import app.perpetua.flow.harness.Invariants;
import app.perpetua.flow.harness.TestDatabase;
import app.perpetua.flow.harness.TestService;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalTime;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;

/** Tasks that are due on a day, and their reminders. */
class AllDayTaskTest {
  private static final String TASKS = "/api/v1/tasks";
  private static final String ME = "/api/v1/users/me";
  private static final ZoneId AUCKLAND = ZoneId.of("Pacific/Auckland");
  private static final ZoneId LOS_ANGELES = ZoneId.of("America/Los_Angeles");

  @Order(1)
  @RegisterExtension
  static final TestDatabase database = new TestDatabase();

  @Order(2)
  @RegisterExtension
  static final TestService service =
      new TestService(database)
          .with("DUE_DATE_MAX_DAYS", "0")
          .with("FREE_MAX_TASKS", "2000")
          .with("RATE_LIMIT_GENERAL", "1000000");

  private final TestService.Session user = service.newUser();
  private final Api api = user.api();
  private final LocalDate day =
      LocalDate.ofInstant(service.clock().instant(), ZoneId.of("UTC")).plusDays(10);

  @AfterEach
  void invariants() {
    Invariants.check(database);
    database
        .rows(
            "select t.due_on::text as day, t.due_date, u.timezone from tasks.task_instances t"
                + " join auth.users u on u.id = t.user_id where t.due_on is not null"
                + " and not t.completed")
        .forEach(
            row ->
                assertEquals(
                    AllDay.end(
                        LocalDate.parse(String.valueOf(row.get("day"))),
                        ZoneId.of(String.valueOf(row.get("timezone")))),
                    row.get("due_date")));
  }

  private void zone(ZoneId zone) {
    api.patch(ME, Map.of("timezone", zone.getId())).expect(200);
  }

  private JsonNode create(LocalDate on) {
    return api.post(TASKS, Map.of("title", "a", "due_on", on.toString())).expect(201).data();
  }

  private JsonNode task(String id) {
    return api.get(TASKS + "/" + id).expect(200).data();
  }

  private Api.Answer patch(String id, @Nullable Object... members) {
    Map<String, @Nullable Object> body = new HashMap<>();
    body.put("version", task(id).get("version").intValue());
    for (int i = 0; i < members.length; i += 2) {
      body.put(String.valueOf(members[i]), members[i + 1]);
    }
    return api.patch(TASKS + "/" + id, body);
  }

  private static Instant due(JsonNode task) {
    return Instant.parse(task.get("due_date").stringValue());
  }

  private String reminder(String task, String type, int minutes) {
    return api.post(
            TASKS + "/" + task + "/reminders", Map.of("type", type, "offset_minutes", minutes))
        .expect(201)
        .id();
  }

  private Instant scheduled(String reminder) {
    return Instant.parse(
        api.get("/api/v1/reminders/" + reminder)
            .expect(200)
            .data()
            .get("scheduled_at")
            .stringValue());
  }

  private String newestEntry(String action) {
    return String.valueOf(
        database
            .row(
                "select id from activity.activity_logs where user_id = ? and action = ?"
                    + " order by id desc limit 1",
                user.userId(),
                action)
            .get("id"));
  }

  @ParameterizedTest
  @CsvSource({
    "Pacific/Auckland,    2026-09-27, 2026-09-27T10:59:59.999Z",
    "America/Los_Angeles, 2026-11-01, 2026-11-02T07:59:59.999Z",
    "Australia/Lord_Howe, 2026-10-04, 2026-10-04T12:59:59.999Z",
    "Pacific/Apia,        2026-12-31, 2026-12-31T10:59:59.999Z",
    "America/Santiago,    2026-09-05, 2026-09-06T03:59:59.999Z",
    "Africa/Cairo,        2028-02-29, 2028-02-29T21:59:59.999Z",
  })
  void FR_195_the_due_date_is_the_end_of_the_day_in_the_users_zone(
      String zone, LocalDate on, Instant end) {
    zone(ZoneId.of(zone));
    JsonNode task = create(on);
    assertEquals(end, due(task));
    assertEquals(on.toString(), task.get("due_on").stringValue());
    String before = TASKS + "?due_before=";
    assertEquals(0, api.get(before + Json.instant(end.minusMillis(1))).expect(200).data().size());
    assertEquals(1, api.get(before + Json.instant(end.plusMillis(1))).expect(200).data().size());
  }

  @Test
  void FR_195_a_client_that_does_not_know_days_keeps_and_replaces_them() {
    JsonNode created = create(day);
    String id = created.get("id").stringValue();
    String end = created.get("due_date").stringValue();
    JsonNode repeated = patch(id, "title", "b", "due_date", end).expect(200).data();
    assertEquals(day.toString(), repeated.get("due_on").stringValue());
    patch(id, "due_on", day.plusDays(1).toString(), "due_date", end)
        .expect(400, "VALIDATION_ERROR");
    assertEquals(2, task(id).get("version").intValue(), "bad input changes nothing");
    JsonNode both = patch(id, "due_on", day.toString(), "due_date", end).expect(200).data();
    assertEquals(repeated, both);
    JsonNode timed = patch(id, "due_date", day + "T10:00:00Z").expect(200).data();
    assertTrue(timed.get("due_on").isNull());
    assertEquals(Instant.parse(day + "T10:00:00Z"), due(timed));
    // Null for what it is not removes nothing.
    assertEquals(due(timed), due(patch(id, "due_on", null).expect(200).data()));
    JsonNode again = patch(id, "due_on", day.toString()).expect(200).data();
    assertEquals(end, again.get("due_date").stringValue());
    JsonNode cleared = patch(id, "due_on", null).expect(200).data();
    assertTrue(cleared.get("due_on").isNull() && cleared.get("due_date").isNull());
    patch(id, "due_on", day.minusDays(20).toString()).expect(400, "VALIDATION_ERROR");
    patch(id, "due_on", "9999-01-01").expect(400, "VALIDATION_ERROR");
    api.invalidOnPurpose()
        .patch(TASKS + "/" + id, Map.of("version", 1, "due_on", "2026-02-30"))
        .expect(400, "VALIDATION_ERROR");
    api.post(TASKS, Map.of("title", "c", "due_on", day.toString(), "due_date", day + "T10:00:00Z"))
        .expect(400, "VALIDATION_ERROR");
    api.post(TASKS, Map.of("title", "c", "due_on", day.toString(), "due_date", end)).expect(201);
  }

  @Test
  void FR_196_open_tasks_move_with_the_time_zone_and_others_when_they_are_open_again() {
    String open = create(day).get("id").stringValue();
    String completed = create(day).get("id").stringValue();
    String timed =
        api.post(TASKS, Map.of("title", "t", "due_date", day + "T10:00:00Z")).expect(201).id();
    patch(completed, "completed", true).expect(200);
    String deleted = create(day).get("id").stringValue();
    String tombstone =
        api.delete(TASKS + "/" + deleted).expect(200).data().get("tombstone_id").stringValue();
    String gone = create(day).get("id").stringValue();
    api.delete(TASKS + "/" + gone).expect(200);
    String deletion = newestEntry("task_deleted");
    Instant utc = AllDay.end(day, ZoneId.of("UTC"));
    Instant there = AllDay.end(day, AUCKLAND);

    zone(AUCKLAND);
    assertEquals(there, due(task(open)));
    assertEquals(2, task(open).get("version").intValue());
    assertEquals(utc, due(task(completed)));
    assertEquals(Instant.parse(day + "T10:00:00Z"), due(task(timed)));
    // A client may repeat both of a completed task.
    patch(completed, "title", "b", "due_on", day.toString(), "due_date", Json.instant(utc))
        .expect(200);
    assertEquals(there, due(patch(completed, "completed", false).expect(200).data()));
    api.post("/api/v1/recovery/tombstones/" + tombstone + "/recover").expect(200);
    assertEquals(there, due(task(deleted)));
    api.post("/api/v1/activity/" + deletion + "/undo").expect(200);
    assertEquals(there, due(task(gone)));
  }

  @Test
  void FR_196_a_change_of_the_time_zone_can_be_undone_and_undo_moves_what_it_restores() {
    String edited = create(day).get("id").stringValue();
    String reminder = reminder(edited, "before", 60);
    String completed = create(day).get("id").stringValue();
    patch(completed, "completed", true).expect(200);
    String completion = newestEntry("task_completed");
    Instant utc = AllDay.end(day, ZoneId.of("UTC"));
    zone(LOS_ANGELES);
    String change = newestEntry("user_updated");
    patch(edited, "title", "b").expect(200);
    String added = create(day).get("id").stringValue();
    api.post("/api/v1/activity/" + completion + "/undo").expect(200);
    assertEquals(AllDay.end(day, LOS_ANGELES), due(task(completed)));

    api.post("/api/v1/activity/" + change + "/undo").expect(200);
    assertEquals("UTC", api.get(ME).expect(200).data().get("timezone").stringValue());
    for (String id : List.of(edited, completed, added)) {
      assertEquals(utc, due(task(id)));
    }
    assertEquals("b", task(edited).get("title").stringValue());
    assertEquals(Instant.parse(day + "T08:00:00Z"), scheduled(reminder));
    // A change of another field, before the zone changed, can still be undone.
    patch(edited, "title", "c").expect(200);
    String title = newestEntry("task_updated");
    zone(AUCKLAND);
    api.post("/api/v1/activity/" + title + "/undo").expect(200);
    assertEquals("b", task(edited).get("title").stringValue());
    assertEquals(AllDay.end(day, AUCKLAND), due(task(edited)));
  }

  @Test
  void FR_196_a_thousand_tasks_with_reminders_move_at_once() {
    UUID userId = user.userId();
    database.run(
        """
        with t as (
          insert into tasks.task_instances
            (id, user_id, title, due_on, due_date, created_at, updated_at)
          select gen_random_uuid(), ?, 'a', d, (d + 1)::timestamp at time zone 'UTC' - interval '1 ms', now(), now()
          from (select ?::date + i % 365 as d from generate_series(1, 1000) i) days
          returning id, user_id, due_on
        ),
        r as (
          insert into tasks.reminders
            (id, user_id, task_id, type, offset_minutes, scheduled_at, method, fired, created_at, updated_at)
          select gen_random_uuid(), user_id, id, 'before', 0, due_on + time '09:00', 'in_app', false, now(), now()
          from t
          returning id, user_id, task_id, scheduled_at
        ),
        j as (
          insert into ops.job_queue (id, user_id, kind, job_key, payload, run_at, created_at)
          select gen_random_uuid(), user_id, 'reminder_fire', id::text,
                 jsonb_build_object('task_id', task_id), scheduled_at, now()
          from r
        )
        update auth.users set open_tasks = open_tasks + 1000 where id = ?
        """,
        userId, day.toString(), userId);
    long start = System.nanoTime();
    zone(AUCKLAND);
    Duration took = Duration.ofNanos(System.nanoTime() - start);
    assertTrue(took.toSeconds() < 10, took.toString());
    List<Map<String, @Nullable Object>> rows =
        database.rows(
            """
            select t.due_on::text as day, t.version, r.scheduled_at, j.run_at
            from tasks.task_instances t
            join tasks.reminders r on r.task_id = t.id
            join ops.job_queue j on j.job_key = r.id::text
            where t.user_id = ?
            """,
            userId);
    assertEquals(1000, rows.size());
    for (Map<String, @Nullable Object> row : rows) {
      Instant nine =
          AllDay.at(LocalDate.parse(String.valueOf(row.get("day"))), LocalTime.of(9, 0), AUCKLAND);
      assertEquals(
          List.of(nine, nine, 2),
          List.of(row.get("scheduled_at"), row.get("run_at"), row.get("version")));
    }
    // The invariants compare tasks with entries of the activity log, which these have not.
    database.run("delete from auth.users where id = ?", userId);
  }

  @Test
  void FR_197_reminders_count_from_a_time_that_the_user_sets() {
    assertEquals(
        "09:00", api.get(ME).expect(200).data().get("all_day_reminder_time").stringValue());
    String task = create(day).get("id").stringValue();
    String before = reminder(task, "before", 60);
    String after = reminder(task, "after", 30);
    assertEquals(Instant.parse(day + "T08:00:00Z"), scheduled(before));
    assertEquals(Instant.parse(day + "T09:30:00Z"), scheduled(after));
    JsonNode changed = api.patch(ME, Map.of("all_day_reminder_time", "07:15")).expect(200).data();
    assertEquals("07:15", changed.get("all_day_reminder_time").stringValue());
    String setting = newestEntry("user_updated");
    assertEquals(Instant.parse(day + "T06:15:00Z"), scheduled(before));
    api.invalidOnPurpose()
        .patch(ME, Map.of("all_day_reminder_time", "24:00"))
        .expect(400, "VALIDATION_ERROR");
    api.post("/api/v1/activity/" + setting + "/undo").expect(200);
    assertEquals(Instant.parse(day + "T08:00:00Z"), scheduled(before));

    Instant end = due(task(task));
    // From an all-day task to one that is due at the same instant, and back.
    patch(task, "due_on", null, "due_date", Json.instant(end)).expect(200);
    assertEquals(end.minusSeconds(3600), scheduled(before));
    patch(task, "due_on", day.toString()).expect(200);
    assertEquals(Instant.parse(day + "T08:00:00Z"), scheduled(before));
    zone(LOS_ANGELES);
    assertEquals(AllDay.at(day, LocalTime.of(8, 0), LOS_ANGELES), scheduled(before));
    // It is completed while the setting changes.
    patch(task, "completed", true).expect(200);
    api.patch(ME, Map.of("all_day_reminder_time", "10:00")).expect(200);
    patch(task, "completed", false).expect(200);
    assertEquals(AllDay.at(day, LocalTime.of(9, 0), LOS_ANGELES), scheduled(before));
    // It is deleted while the time zone changes.
    String tombstone =
        api.delete(TASKS + "/" + task).expect(200).data().get("tombstone_id").stringValue();
    zone(ZoneId.of("UTC"));
    api.post("/api/v1/recovery/tombstones/" + tombstone + "/recover").expect(200);
    assertEquals(Instant.parse(day + "T09:00:00Z"), scheduled(before));
  }

  @Test
  void FR_197_a_notification_names_the_day_without_a_time() {
    LocalDate tomorrow = day.minusDays(9);
    String task = create(tomorrow).get("id").stringValue();
    reminder(task, "before", 0);
    service
        .clock()
        .advance(
            Duration.between(service.clock().instant(), Instant.parse(tomorrow + "T09:00:00Z")));
    service.runDueJobs();
    String message =
        String.valueOf(
            database
                .row("select body from activity.notifications where user_id = ?", user.userId())
                .get("body"));
    assertTrue(message.matches("Due [A-Z][a-z]+day, \\d+ [A-Z][a-z]+ 20\\d\\d"), message);
  }

  @Test
  void FR_199_a_start_may_be_any_day_and_stays_with_the_task() {
    String task = create(day).get("id").stringValue();
    String later = day.plusDays(3).toString();
    JsonNode started = patch(task, "start_on", later).expect(200).data();
    assertEquals(later, started.get("start_on").stringValue());
    assertEquals(day.toString(), started.get("due_on").stringValue());
    JsonNode moved = patch(task, "due_date", day + "T10:00:00Z").expect(200).data();
    assertEquals(later, moved.get("start_on").stringValue());
    assertTrue(patch(task, "start_on", null).expect(200).data().get("start_on").isNull());
  }

  @Test
  void FR_196_random_changes_leave_the_due_date_at_the_end_of_the_day() {
    Random random = new Random(Long.getLong("seed", 19));
    List<ZoneId> zones =
        List.of(AUCKLAND, LOS_ANGELES, ZoneId.of("Australia/Lord_Howe"), ZoneId.of("Pacific/Apia"));
    List<String> tasks = new ArrayList<>();
    for (int step = 0; step < 80; step++) {
      String on = day.plusDays(random.nextInt(400)).toString();
      if (tasks.size() < 3) {
        tasks.add(create(LocalDate.parse(on)).get("id").stringValue());
      }
      String id = tasks.get(random.nextInt(tasks.size()));
      switch (random.nextInt(9)) {
        case 0, 1 -> zone(zones.get(random.nextInt(zones.size())));
        case 2 -> patch(id, "due_on", on).expect(200);
        case 3 -> patch(id, "due_date", on + "T10:00:00Z").expect(200);
        case 4 -> patch(id, "completed", true).expect(200);
        case 5 -> patch(id, "completed", false).expect(200);
        case 6 -> {
          JsonNode task = task(id);
          patch(id, "title", "t" + step, "due_date", task.get("due_date").stringValue());
        }
        case 7 -> {
          patch(id, "title", "t" + step).expect(200);
          api.post("/api/v1/activity/" + newestEntry("task_updated") + "/undo");
        }
        default -> {
          api.delete(TASKS + "/" + id).expect(200);
          api.post("/api/v1/activity/" + newestEntry("task_deleted") + "/undo").expect(200);
        }
      }
      invariants();
    }
  }
}
