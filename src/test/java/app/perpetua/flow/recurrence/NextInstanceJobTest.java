package app.perpetua.flow.recurrence;

import static app.perpetua.flow.recurrence.TemplateFixture.TASKS;
import static app.perpetua.flow.recurrence.TemplateFixture.TEMPLATES;
import static app.perpetua.flow.recurrence.TemplateFixture.due;
import static app.perpetua.flow.recurrence.TemplateFixture.id;
import static app.perpetua.flow.recurrence.TemplateFixture.instant;
import static app.perpetua.flow.recurrence.TemplateFixture.parallel;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import app.perpetua.flow.base.Json;
import app.perpetua.flow.harness.Api;
import app.perpetua.flow.harness.Invariants;
import app.perpetua.flow.harness.TestDatabase;
import app.perpetua.flow.harness.TestService;
import app.perpetua.flow.jobs.Worker;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import tools.jackson.databind.JsonNode;

/** Creation of the next instance of a template. */
class NextInstanceJobTest {
  @Order(1)
  @RegisterExtension
  static final TestDatabase database = new TestDatabase();

  @Order(2)
  @RegisterExtension
  static final TestService service = new TestService(database);

  private static final Duration DAY = Duration.ofDays(1);
  private static final Duration HORIZON = Duration.ofDays(30);

  private final TemplateFixture user = new TemplateFixture(database, service);
  private final Instant tomorrow = user.now().plus(DAY);

  @AfterEach
  void invariants() {
    Invariants.check(database);
  }

  @Test
  void FR_016_every_kind_of_completion_creates_the_next_instance() {
    String template = user.daily(tomorrow);
    user.patch(template, Map.of("title", "changed meanwhile"));
    user.complete(user.onlyOpen(template));
    assertEquals(user.now(), user.jobTime(template));
    assertEquals(List.of(), user.open(template));
    user.runDue();
    JsonNode second = user.onlyOpen(template);
    assertEquals(tomorrow.plus(DAY), due(second));
    assertEquals("changed meanwhile", second.get("title").stringValue());
    assertEquals(1, user.entries("task_created", "system"));

    user.api().post(TASKS + "/" + id(second) + "/force-complete", Map.of("version", 1)).expect(200);
    user.runDue();
    JsonNode third = user.onlyOpen(template);
    assertEquals(tomorrow.plus(DAY.multipliedBy(2)), due(third));

    String subtask =
        id(
            user.api()
                .post(TASKS + "/" + id(third) + "/subtasks", Map.of("title", "step"))
                .expect(201)
                .data());
    user.api().patch("/api/v1/subtasks/" + subtask, Map.of("completed", true)).expect(200);
    user.runDue();
    JsonNode fourth = user.onlyOpen(template);
    assertEquals(tomorrow.plus(DAY.multipliedBy(3)), due(fourth));
    assertEquals(tomorrow.plus(DAY.multipliedBy(4)), instant(user.template(template), "next_due"));
    assertEquals(4, user.instances(template));
  }

  @Test
  void FR_016_missed_occurrences_are_skipped() {
    String template = user.daily(tomorrow);
    user.advance(Duration.ofDays(4));
    user.complete(user.onlyOpen(template));
    user.runDue();
    JsonNode next = user.onlyOpen(template);
    assertTrue(due(next).isAfter(user.now()));
    assertEquals(tomorrow.plus(DAY.multipliedBy(4)), due(next));
  }

  @Test
  void FR_016_the_next_instance_is_later_than_a_postponed_due_date() {
    String template = user.daily(tomorrow);
    Instant later = tomorrow.plus(Duration.ofHours(60));
    JsonNode task = user.onlyOpen(template);
    user.api()
        .patch(TASKS + "/" + id(task), Map.of("version", 1, "due_date", Json.instant(later)))
        .expect(200);
    user.complete(task);
    user.runDue();
    assertEquals(tomorrow.plus(DAY.multipliedBy(3)), due(user.onlyOpen(template)));
  }

  @Test
  void FR_016_an_earlier_due_date_does_not_repeat_the_occurrence() {
    String template = user.daily(tomorrow);
    JsonNode task = user.onlyOpen(template);
    user.api()
        .patch(
            TASKS + "/" + id(task),
            Map.of("version", 1, "due_date", Json.instant(user.now().plusSeconds(60))))
        .expect(200);
    user.complete(task);
    user.runDue();
    assertEquals(tomorrow.plus(DAY), due(user.onlyOpen(template)));
  }

  @Test
  void FR_013_an_occurrence_beyond_thirty_days_has_no_task_until_it_is_within_the_horizon() {
    Instant far = user.now().plus(Duration.ofDays(40));
    Api.Answer created = user.create("FREQ=MONTHLY", Map.of("starts_at", Json.instant(far)));
    String template = id(created.data());
    assertTrue(created.json().get("task").isNull());
    assertEquals(far, instant(created.data(), "next_due"));
    assertEquals(far.minus(HORIZON), user.jobTime(template));
    user.until(far.minus(HORIZON).minusMillis(1));
    user.runDue();
    assertEquals(0, user.instances(template));
    user.until(far.minus(HORIZON));
    user.runDue();
    assertEquals(far, due(user.onlyOpen(template)));

    // Completed at once, so that the next one is beyond the horizon: the job snoozes.
    user.complete(user.onlyOpen(template));
    assertTrue(user.runDue().stream().anyMatch(ran -> ran.outcome() == Worker.Outcome.SNOOZED));
    Instant next = instant(user.template(template), "next_due");
    assertEquals(next.minus(HORIZON), user.jobTime(template));
    user.until(next.minus(HORIZON));
    user.runDue();
    assertEquals(next, due(user.onlyOpen(template)));
    assertEquals(2, user.instances(template));
  }

  @Test
  void changing_the_rule_reschedules_a_job_and_pausing_or_deleting_cancels_it() {
    Instant far = user.now().plus(Duration.ofDays(100));
    String template = id(user.create("FREQ=YEARLY", Map.of("starts_at", Json.instant(far))).data());
    Instant nearer = user.now().plus(Duration.ofDays(50));
    user.patch(template, Map.of("starts_at", Json.instant(nearer)));
    assertEquals(nearer.minus(HORIZON), user.jobTime(template));
    user.patch(template, Map.of("active", false));
    assertNull(user.jobTime(template));
    user.patch(template, Map.of("active", true));
    assertEquals(nearer.minus(HORIZON), user.jobTime(template));
    user.patch(template, Map.of("starts_at", Json.instant(tomorrow)));
    assertEquals(user.now(), user.jobTime(template));
    user.runDue();
    assertEquals(tomorrow, due(user.onlyOpen(template)));
    assertNull(user.jobTime(template));

    String other = id(user.create("FREQ=YEARLY", Map.of("starts_at", Json.instant(far))).data());
    user.api().delete(TEMPLATES + "/" + other).expect(204);
    assertNull(user.jobTime(other));
  }

  @Test
  void FR_016_deleting_the_open_instance_creates_the_next_one_not_the_same_again() {
    String template = user.daily(tomorrow);
    JsonNode first = user.onlyOpen(template);
    user.delete(first);
    user.runDue();
    JsonNode second = user.onlyOpen(template);
    assertEquals(tomorrow.plus(DAY), due(second));
    user.complete(second);
    user.runDue();
    JsonNode third = user.onlyOpen(template);
    // Deleting a completed instance creates none.
    user.delete(second);
    assertNull(user.jobTime(template));
    assertEquals(id(third), id(user.onlyOpen(template)));
  }

  @Test
  void FR_016_a_hidden_or_archived_instance_delays_the_next_one() {
    for (String state : List.of("hidden", "archived")) {
      String template = user.daily(tomorrow);
      String task = TASKS + "/" + id(user.onlyOpen(template));
      user.api().patch(task, Map.of(state, true)).expect(200);
      user.runDue();
      assertEquals(1, user.instances(template));
      user.patch(template, Map.of("active", false));
      user.patch(template, Map.of("active", true));
      user.runDue();
      assertEquals(1, user.instances(template));
      user.api().delete(task).expect(200);
      user.runDue();
      assertEquals(tomorrow.plus(DAY), due(user.onlyOpen(template)));
    }
  }

  @Test
  void FR_016_after_reopening_the_next_instance_is_created_when_all_are_completed() {
    String template = user.daily(tomorrow);
    JsonNode first = user.onlyOpen(template);
    user.complete(first);
    user.runDue();
    user.api().patch(TASKS + "/" + id(first), Map.of("completed", false)).expect(200);
    assertEquals(2, user.open(template).size());
    user.complete(first);
    user.runDue();
    JsonNode second = user.onlyOpen(template);
    user.complete(second);
    user.runDue();
    assertEquals(tomorrow.plus(DAY.multipliedBy(2)), due(user.onlyOpen(template)));
    assertEquals(3, user.instances(template));

    // Reopened before the job ran: no instance is created.
    String third = id(user.onlyOpen(template));
    user.complete(user.onlyOpen(template));
    user.api().patch(TASKS + "/" + third, Map.of("completed", false)).expect(200);
    user.runDue();
    assertEquals(third, id(user.onlyOpen(template)));
  }

  @Test
  void FR_016_an_exhausted_count_makes_the_template_inactive() {
    String template =
        id(user.create("FREQ=DAILY;COUNT=2", Map.of("starts_at", Json.instant(tomorrow))).data());
    user.complete(user.onlyOpen(template));
    user.runDue();
    JsonNode last = user.onlyOpen(template);
    assertTrue(user.template(template).get("next_due").isNull());
    assertTrue(user.template(template).get("active").booleanValue());
    // If the last one is deleted, it is not created again.
    user.delete(last);
    user.runDue();
    JsonNode ended = user.template(template);
    assertFalse(ended.get("active").booleanValue());
    assertTrue(ended.get("next_due").isNull());
    assertNull(user.jobTime(template));
    assertEquals(1, user.entries("template_updated", "system"));

    user.advance(Duration.ofDays(3));
    user.api()
        .patch(TEMPLATES + "/" + template, Map.of("active", true))
        .expect(400, "VALIDATION_ERROR");
    // A larger COUNT reactivates the template.
    user.patch(template, Map.of("rrule", "FREQ=DAILY;COUNT=20", "active", true));
    user.runDue();
    assertTrue(due(user.onlyOpen(template)).isAfter(user.now()));
  }

  @Test
  void FR_016_until_reached_makes_the_template_inactive() {
    String template =
        id(
            user.create(
                    "FREQ=DAILY;UNTIL=" + tomorrow.plus(DAY).toString().replaceAll("[-:]|T.*", ""),
                    Map.of("starts_at", Json.instant(tomorrow)))
                .data());
    user.complete(user.onlyOpen(template));
    user.runDue();
    user.complete(user.onlyOpen(template));
    user.runDue();
    assertFalse(user.template(template).get("active").booleanValue());
    assertEquals(2, user.instances(template));
  }

  @Test
  void a_rule_without_further_occurrences_deactivates_the_template_when_no_instance_is_open() {
    String open = user.daily(tomorrow);
    String over = "FREQ=DAILY;UNTIL=" + tomorrow.toString().replaceAll("[-:]|T.*", "");
    assertTrue(user.patch(open, Map.of("rrule", over)).get("active").booleanValue());
    user.complete(user.onlyOpen(open));
    user.runDue();
    assertFalse(user.template(open).get("active").booleanValue());

    String done = user.daily(tomorrow);
    user.complete(user.onlyOpen(done));
    assertFalse(user.patch(done, Map.of("rrule", over)).get("active").booleanValue());
    assertNull(user.jobTime(done));
  }

  @Test
  void promise_14_fifty_parallel_completions_create_one_next_instance() throws Exception {
    String template = user.daily(tomorrow);
    String task = TASKS + "/" + id(user.onlyOpen(template));
    user.api().createSubtask(id(user.onlyOpen(template)), "step");
    List<Integer> statuses =
        parallel(
            50,
            () -> {
              // Jobs run concurrently.
              int status = user.api().patch(task, Map.of("completed", true)).status();
              service.runDueJobs();
              return status;
            });
    assertTrue(
        statuses.stream().allMatch(status -> status == 200 || status == 429), statuses::toString);
    user.runDue();
    assertEquals(2, user.instances(template));
    assertEquals(tomorrow.plus(DAY), due(user.onlyOpen(template)));
    assertEquals(1, user.onlyOpen(template).get("subtask_count").intValue());
    assertEquals(1, user.entries("subtask_created", "system"));
    assertEquals(1, user.entries("task_completed", "user"));
    assertEquals(1, user.entries("task_created", "system"));
  }

  @Test
  void promise_14_a_completion_that_finds_the_job_running_is_not_lost() {
    String template = user.daily(tomorrow);
    JsonNode task = user.onlyOpen(template);
    user.complete(task);
    // A worker has claimed the job, and waits for the lock on its user.
    database.run(
        """
        update ops.job_queue
        set state = 'running', attempts = 1, lease = gen_random_uuid(),
            heartbeat_at = clock_timestamp(), lease_until = clock_timestamp()
        where job_key = ?
        """,
        template);
    user.api().patch(TASKS + "/" + id(task), Map.of("completed", false)).expect(200);
    user.complete(task);
    assertEquals(
        1, database.number("select count(*) from ops.job_queue where job_key = ?", template));
    user.runDue();
    assertEquals(tomorrow.plus(DAY), due(user.onlyOpen(template)));
    assertEquals(2, user.instances(template));
  }

  @Test
  void promise_14_a_completion_while_the_job_is_snoozed_changes_nothing() {
    Instant far = user.now().plus(Duration.ofDays(20));
    String template =
        id(user.create("FREQ=DAILY;INTERVAL=60", Map.of("starts_at", Json.instant(far))).data());
    JsonNode first = user.onlyOpen(template);
    user.complete(first);
    user.runDue();
    Instant next = far.plus(Duration.ofDays(60));
    assertEquals(next.minus(HORIZON), user.jobTime(template));
    user.api().patch(TASKS + "/" + id(first), Map.of("completed", false)).expect(200);
    user.complete(first);
    user.runDue();
    assertEquals(next.minus(HORIZON), user.jobTime(template));
    user.until(next.minus(HORIZON));
    user.runDue();
    assertEquals(next, due(user.onlyOpen(template)));
  }

  @Test
  void FR_017_a_failure_does_not_affect_the_completion_and_is_retried() {
    String template = user.daily(tomorrow);
    JsonNode task = user.onlyOpen(template);
    UUID key = UUID.fromString(template);
    user.complete(task);
    database.run("update tasks.task_templates set rrule = 'NONSENSE' where id = ?", key);
    assertTrue(user.runDue().stream().anyMatch(ran -> ran.outcome() == Worker.Outcome.FAILED));
    assertTrue(
        user.api().get(TASKS + "/" + id(task)).expect(200).data().get("completed").booleanValue());
    database.run("update tasks.task_templates set rrule = 'FREQ=DAILY' where id = ?", key);
    user.advance(Duration.ofMinutes(1));
    user.runDue();
    assertEquals(tomorrow.plus(DAY), due(user.onlyOpen(template)));
  }
}
