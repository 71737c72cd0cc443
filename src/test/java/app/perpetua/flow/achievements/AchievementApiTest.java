package app.perpetua.flow.achievements;

import static app.perpetua.flow.achievements.AchievementFixture.TASKS;
import static app.perpetua.flow.achievements.AchievementFixture.ids;
import static app.perpetua.flow.achievements.AchievementFixture.unlocked;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import app.perpetua.flow.harness.Api;
import app.perpetua.flow.harness.Invariants;
import app.perpetua.flow.harness.TestDatabase;
import app.perpetua.flow.harness.TestService;
import app.perpetua.flow.harness.time.MutableClock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import tools.jackson.databind.JsonNode;

class AchievementApiTest {
  @Order(1)
  @RegisterExtension
  static final TestDatabase database = new TestDatabase();

  @Order(2)
  @RegisterExtension
  static final TestService service = new TestService(database).with("FREE_MAX_TASKS", "3");

  private AchievementFixture on = begin();

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
  void the_catalogue_is_what_the_migration_has_seeded() {
    JsonNode catalogue = on.api().get("/api/v1/achievements").expect(200).data();
    assertEquals(
        List.of(
            "tasks_5", "tasks_25", "tasks_100", "streak_7", "streak_30", "focus_10", "notes_10"),
        ids(catalogue));
    JsonNode week = catalogue.get(3);
    assertEquals("Keep a 7-day streak", week.get("message").stringValue());
    assertEquals("streaks", week.get("category").stringValue());
    assertEquals("daily_credits", week.get("perk_type").stringValue());
    assertEquals(2, week.get("perk_value").intValue());
  }

  @Test
  void a_user_without_achievements_sees_the_next_ones() {
    JsonNode mine = on.mine();
    assertEquals(0, mine.get("unlocked").size());
    assertEquals(7, mine.get("progress").size());
    assertEquals(0, mine.at("/stats/current_streak").intValue());
    assertEquals(
        "{\"max_tasks\":3,\"max_notes\":10,\"daily_ai_credits\":0}",
        mine.get("effective_limits").toString());
    database.run("update auth.users set tier = 'pro' where id = ?", on.user());
    assertEquals(
        "{\"max_tasks\":200,\"max_notes\":25,\"daily_ai_credits\":10}",
        on.mine().get("effective_limits").toString());
  }

  @Test
  void a_deleted_account_has_no_achievements() {
    Api api = on.api();
    String email = api.get("/api/v1/users/me").data().get("email").stringValue();
    api.delete("/api/v1/users/me", Map.of("confirm", email)).expect(204);
    api.get("/api/v1/achievements").expect(401, "UNAUTHORIZED");
    api.get("/api/v1/achievements/me").expect(401, "UNAUTHORIZED");
  }

  @Test
  void FR_044_every_kind_of_completion_counts_and_returns_the_unlocked_achievements() {
    assertEquals(List.of(), unlocked(on.done()));
    assertEquals(List.of(), unlocked(on.force(on.create())));
    String task = on.create();
    assertEquals(List.of(), unlocked(on.finish(on.subtask(task))));
    assertEquals(List.of(), unlocked(on.done()));
    assertEquals(4, on.stat("lifetime_tasks_completed"));
    Api.Answer fifth = on.force(on.create());
    assertEquals(
        "[{\"id\":\"tasks_5\",\"name\":\"Task Starter\",\"description\":\"Complete 5 tasks\","
            + "\"perk\":{\"type\":\"max_tasks\",\"value\":15}}]",
        fifth.data().get("unlocked_achievements").toString());
    assertEquals(1, fifth.data().get("streak").intValue());
    assertEquals(List.of(), unlocked(on.done()));
    assertEquals(List.of("tasks_5"), ids(on.mine().get("unlocked")));
  }

  @Test
  void FR_044_the_last_subtask_unlocks_as_well() {
    for (int i = 0; i < 4; i++) {
      on.done();
    }
    String task = on.create();
    assertEquals(List.of("tasks_5"), unlocked(on.finish(on.subtask(task))));
  }

  @Test
  void FR_046_a_perk_raises_the_limit_at_once() {
    for (int i = 0; i < 4; i++) {
      on.done();
    }
    List<String> open = List.of(on.create(), on.create(), on.create());
    on.api().post(TASKS, Map.of("title", "a")).expect(409, "LIMIT_EXCEEDED");
    assertEquals(List.of("tasks_5"), unlocked(on.set(open.getFirst(), true)));
    assertEquals(18, on.mine().at("/effective_limits/max_tasks").intValue());
    for (int i = 2; i < 18; i++) {
      on.create();
    }
    Api.Answer refused = on.api().post(TASKS, Map.of("title", "a")).expect(409, "LIMIT_EXCEEDED");
    assertEquals(18, refused.json().at("/error/limit").intValue());
  }

  @Test
  void FR_044_an_unlock_is_reported_once_with_the_system_as_source() {
    for (int i = 0; i < 6; i++) {
      on.done();
    }
    JsonNode told = on.api().get("/api/v1/notifications").expect(200).data();
    assertEquals(1, told.size());
    assertEquals("achievement", told.get(0).get("type").stringValue());
    assertEquals("Achievement unlocked: Task Starter", told.get(0).get("title").stringValue());
    assertEquals(
        "Complete 5 tasks. Your perk: 15 more open tasks.", told.get(0).get("body").stringValue());
    JsonNode entries = on.api().get("/api/v1/activity?entity_type=achievement").expect(200).data();
    assertEquals(1, entries.size());
    assertEquals("achievement_unlocked", entries.get(0).get("action").stringValue());
    assertTrue(entries.get(0).get("entity_id").isNull());
    assertEquals("tasks_5", entries.get(0).at("/metadata/achievement_id").stringValue());
    assertEquals(1, on.entries("achievement_unlocked", "system"));
  }

  @Test
  void FR_055_an_unlock_is_pushed() {
    on.api()
        .post("/api/v1/notifications/push-subscription", service.push().subscribe().json())
        .expect(201);
    for (int i = 0; i < 5; i++) {
      on.done();
    }
    assertTrue(service.runDueJobs().stream().anyMatch(ran -> ran.kind().equals("push_send")));
  }

  @Test
  void only_the_first_completion_of_a_task_counts() {
    String task = on.create();
    for (int i = 0; i < 100; i++) {
      on.set(task, true);
      on.set(task, false);
    }
    on.force(task);
    assertEquals(1, on.stat("lifetime_tasks_completed"));
    on.at("2026-03-11T09:00:00Z");
    on.set(task, false);
    Api.Answer again = on.force(task);
    assertEquals(1, again.data().get("streak").intValue());
    assertEquals(1, on.stored("current_streak"));
    assertEquals("2026-03-10", lastDay());
  }

  @Test
  void a_completed_task_stays_in_the_total_when_it_is_deleted() {
    String task = on.create();
    on.set(task, true);
    on.api().delete(TASKS + "/" + task).expect(200);
    assertEquals(1, on.stat("lifetime_tasks_completed"));
    assertEquals(1, on.streak());
  }

  @Test
  void promise_7_parallel_completions_of_one_task_count_once() throws Exception {
    for (int i = 0; i < 4; i++) {
      on.done();
    }
    String task = on.create();
    List<Api.Answer> answers = together(Collections.nCopies(8, task));
    List<Api.Answer> completing =
        answers.stream().filter(answer -> answer.json().has("unlocked_achievements")).toList();
    assertEquals(1, completing.size());
    assertEquals(List.of("tasks_5"), unlocked(completing.getFirst()));
    assertEquals(5, on.stat("lifetime_tasks_completed"));
    assertEquals(1, on.entries("achievement_unlocked", "system"));
  }

  @Test
  void parallel_completions_of_several_tasks_all_count_and_unlock_once() throws Exception {
    database.run("update auth.users set tier = 'pro' where id = ?", on.user());
    List<String> tasks = Stream.generate(on::create).limit(8).toList();
    List<Api.Answer> answers = together(tasks);
    assertEquals(
        List.of("tasks_5"), answers.stream().flatMap(answer -> unlocked(answer).stream()).toList());
    assertEquals(8, on.stat("lifetime_tasks_completed"));
    assertEquals(1, on.streak());
  }

  /** Completes all of them at once. */
  private List<Api.Answer> together(List<String> tasks) throws Exception {
    CountDownLatch go = new CountDownLatch(1);
    try (ExecutorService executor = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<Api.Answer>> futures =
          tasks.stream()
              .map(
                  task ->
                      executor.submit(
                          () -> {
                            go.await();
                            return on.set(task, true);
                          }))
              .toList();
      go.countDown();
      List<Api.Answer> answers = new ArrayList<>();
      for (Future<Api.Answer> future : futures) {
        answers.add(future.get());
      }
      return answers;
    }
  }

  @Test
  void FR_043_a_day_ends_at_midnight_utc_to_the_millisecond() {
    on.at("2026-03-11T23:59:59.999Z");
    on.done();
    assertEquals(1, on.streak());
    on.at("2026-03-12T00:00:00.000Z");
    assertEquals(1, on.streak());
    on.done();
    assertEquals(2, on.streak());
    on.at("2026-03-12T23:59:59.999Z");
    on.done();
    assertEquals(2, on.streak());
    on.at("2026-03-13T23:59:59.999Z");
    assertEquals(2, on.streak());
    on.at("2026-03-14T00:00:00.000Z");
    assertEquals(0, on.streak());
    assertEquals(1, on.force(on.create()).data().get("streak").intValue());
    assertEquals(2, on.stat("longest_streak"));
  }

  @Test
  void SC_007_streaks_count_utc_days_in_every_time_zone() {
    on.api().patch("/api/v1/users/me", Map.of("timezone", "Asia/Tokyo")).expect(200);
    on.at("2026-03-11T14:59:00Z");
    on.done();
    // Midnight in Tokyo passes; in UTC it is the same day.
    on.at("2026-03-11T15:01:00Z");
    on.done();
    assertEquals(1, on.streak());
  }

  @Test
  void the_streak_job_ends_lapsed_streaks_at_midnight_and_no_others() {
    AchievementFixture other = new AchievementFixture(database, service);
    on.done();
    other.done();
    on.at("2026-03-11T10:00:00Z");
    on.done();
    on.at("2026-03-12T00:00:00Z");
    service.runDueJobs();
    assertEquals(2, on.stored("current_streak"));
    assertEquals(0, other.stored("current_streak"));
    service.runDueJobs();
    assertEquals(2, on.stored("current_streak"));
    on.at("2026-03-13T00:00:00Z");
    service.runDueJobs();
    assertEquals(0, on.stored("current_streak"));
    assertEquals(2, on.stored("longest_streak"));
    assertEquals(
        2,
        database.number(
            "select count(*) from ops.schedule_runs where kind = 'streak_calculate'"
                + " and finished_at is not null and day in ('2026-03-12', '2026-03-13')"));
  }

  @Test
  void an_early_streak_job_ends_no_streak() {
    on.done();
    // A worker's clock is ahead: this day, without a completion so far, is over for it.
    service.clock().set(Instant.parse("2026-03-12T00:00:00.002Z"));
    service.runDueJobs();
    on.at("2026-03-11T23:59:59.999Z");
    assertEquals(0, on.stored("current_streak"));
    assertEquals(1, on.streak());
    on.done();
    assertEquals(2, on.streak());
    on.at("2026-03-12T00:00:00.002Z");
    service.runDueJobs();
    assertEquals(2, on.stored("current_streak"));
  }

  @Test
  void a_late_streak_job_ends_all_streaks_that_have_lapsed() {
    on.done();
    on.at("2026-03-12T09:00:00Z");
    assertEquals(1, on.stored("current_streak"));
    assertEquals(0, on.streak());
    AchievementFixture fresh = new AchievementFixture(database, service);
    fresh.done();
    // The missed days are caught up.
    service.runDueJobs();
    assertEquals(0, on.stored("current_streak"));
    assertEquals(1, fresh.stored("current_streak"));
  }

  @Test
  void FR_046_a_streak_of_seven_days_grants_daily_credits_the_same_day() {
    List<List<String>> unlocked = new ArrayList<>();
    for (int day = 11; day <= 17; day++) {
      on.at("2026-03-%dT12:00:00Z".formatted(day));
      unlocked.add(unlocked(on.done()));
    }
    List<String> none = List.of();
    assertEquals(
        List.of(none, none, none, none, List.of("tasks_5"), none, List.of("streak_7")), unlocked);
    assertEquals(
        2, on.api().get("/api/v1/credits/balance").expect(200).data().get("daily").intValue());
    assertEquals(
        1,
        database.number(
            """
            select count(*) from billing.ai_credit_ledger
            where user_id = ? and credit_type = 'daily' and operation = 'grant' and amount = 2
            """,
            on.user()));
    assertEquals(2, on.mine().at("/effective_limits/daily_ai_credits").intValue());
    assertEquals(List.of("tasks_5", "streak_7"), ids(on.mine().get("unlocked")));
  }

  @Test
  void FR_045_half_of_the_estimate_in_focus_is_a_focus_completion() {
    focused(60, 1_799);
    focused(null, 100_000);
    assertEquals(0, on.stat("focus_completions"));
    focused(60, 1_800);
    assertEquals(1, on.stat("focus_completions"));
    for (int i = 2; i < 10; i++) {
      focused(1, 30);
    }
    assertEquals(List.of("focus_10"), unlocked(focused(1, 31)));
    assertEquals(15, on.mine().at("/effective_limits/max_notes").intValue());
  }

  private Api.Answer focused(@Nullable Integer minutes, int seconds) {
    String task = on.create();
    database.run(
        """
        update tasks.task_instances set estimated_duration = ?::int, focus_time_seconds = ?
        where user_id = ? and id = ?::uuid
        """,
        minutes,
        seconds,
        on.user(),
        task);
    return on.set(task, true);
  }

  @Test
  void FR_017_a_completion_that_cannot_be_counted_succeeds_and_a_job_counts_it_for_its_day() {
    on.done();
    on.at("2026-03-11T23:59:59Z");
    String task = on.create();
    on.forbid();
    assertEquals(List.of(), unlocked(on.set(task, true)));
    on.allow();
    assertEquals(1, on.stat("lifetime_tasks_completed"));
    // The job runs on the next day.
    on.at("2026-03-12T00:00:01Z");
    on.done();
    assertEquals(1, on.streak());
    service.runDueJobs();
    assertEquals(3, on.stat("lifetime_tasks_completed"));
    assertEquals(3, on.streak());
    service.runDueJobs();
    assertEquals(3, on.stat("lifetime_tasks_completed"));
  }

  @Test
  void FR_017_a_streak_that_cannot_be_read_stops_no_completion() {
    String first = on.create();
    String second = on.create();
    on.set(first, true);
    database.run("alter table achievements.achievement_definitions rename to hidden");
    try {
      Api.Answer counting = on.force(second);
      assertEquals(0, counting.data().get("streak").intValue());
      assertTrue(counting.data().at("/task/completed").booleanValue());
      assertEquals(0, on.force(first).data().get("streak").intValue());
    } finally {
      database.run("alter table achievements.hidden rename to achievement_definitions");
    }
    assertEquals(1, on.force(first).data().get("streak").intValue());
    service.runDueJobs();
    assertEquals(2, on.stat("lifetime_tasks_completed"));
  }

  @Test
  void a_change_that_completes_nothing_returns_no_achievements() {
    String task = on.create();
    Api.Answer renamed =
        on.api().patch(TASKS + "/" + task, Map.of("version", 1, "title", "b")).expect(200);
    assertFalse(renamed.json().has("unlocked_achievements"));
    on.set(task, true);
    assertFalse(on.set(task, true).json().has("unlocked_achievements"));
    assertFalse(renamed.text().contains("counted"));
  }

  @Test
  void an_achievement_can_be_added_as_a_row() {
    database.run(
        """
        insert into achievements.achievement_definitions
          (id, position, name, description, category, threshold, perk_type, perk_value)
        values ('tasks_1000', 8, 'Thousand', 'Complete 1000 tasks', 'tasks', 1000, 'max_notes', 7)
        """);
    try {
      database.run(
          """
          insert into achievements.unlocks (user_id, achievement_id, unlocked_at)
          select ?, id, now() from achievements.achievement_definitions
          where category = 'tasks' and threshold < 1000
          """,
          on.user());
      database.run(
          """
          insert into activity.notifications
            (id, user_id, type, title, body, dedup_key, created_at, updated_at)
          select gen_random_uuid(), ?, 'achievement', 'a', 'b', 'achievement:' || id, now(), now()
          from achievements.achievement_definitions where category = 'tasks' and threshold < 1000
          """,
          on.user());
      database.run("update auth.users set perk_tasks = 90 where id = ?", on.user());
      database.run(
          """
          update achievements.user_achievement_states set lifetime_tasks_completed = 999
          where user_id = ?
          """,
          on.user());
      assertEquals(List.of("tasks_1000"), unlocked(on.done()));
      assertEquals(17, on.mine().at("/effective_limits/max_notes").intValue());
    } finally {
      database.run("delete from auth.users where id = ?", on.user());
      database.run("delete from achievements.achievement_definitions where id = 'tasks_1000'");
    }
  }

  private String lastDay() {
    return String.valueOf(
        database
            .row(
                """
                select last_completion_date::text as day
                from achievements.user_achievement_states where user_id = ?
                """,
                on.user())
            .get("day"));
  }
}
