package app.perpetua.flow.sync;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import app.perpetua.flow.harness.Api;
import app.perpetua.flow.harness.Invariants;
import app.perpetua.flow.harness.NextCommit;
import app.perpetua.flow.harness.NextCommit.Moment;
import app.perpetua.flow.harness.TestDatabase;
import app.perpetua.flow.harness.TestService;
import app.perpetua.flow.harness.hostile.DatabaseDigest;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import tools.jackson.databind.JsonNode;

/** All commands of a batch have an effect, or none has. */
class AtomicBatchTest {
  private static final NextCommit COMMIT = new NextCommit();

  @Order(1)
  @RegisterExtension
  static final TestDatabase database = new TestDatabase();

  @Order(2)
  @RegisterExtension
  static final TestService service = new TestService(database).observedBy(COMMIT);

  private final TestService.Session user = service.newUser();
  private final Api api = user.api();

  @AfterEach
  void invariants() {
    Invariants.check(database);
  }

  @Test
  void FR_148_a_command_sees_what_earlier_ones_wrote() {
    Batches.Answer answer = completedTask().atomic().send(api);
    assertEquals(List.of(201, 201, 201, 200, 200, 201), answer.statuses());
    JsonNode last = answer.result(4);
    assertTrue(last.at("/task/completed").booleanValue());
    assertEquals(0, last.get("unlocked_achievements").size());
    assertFalse(answer.result(3).has("task"));
    JsonNode task = api.get("/api/v1/tasks/" + answer.id("task")).expect(200).data();
    assertTrue(task.get("completed").booleanValue());
    JsonNode stats = api.get("/api/v1/achievements/me").data().get("stats");
    assertEquals(1, stats.get("lifetime_tasks_completed").asInt());
  }

  /** The fifth completed task unlocks an achievement, whose perk admits more open tasks. */
  @Test
  void FR_148_achievements_count_across_the_commands() {
    Batches batch = new Batches().atomic();
    for (int i = 0; i < 6; i++) {
      batch
          .add("task.create", Map.of("title", "task " + i))
          .as("task " + i)
          .add("task.update", Map.of("id", "task " + i, "completed", true));
    }
    Batches.Answer answer = batch.send(api);
    for (int i = 0; i < 6; i++) {
      assertEquals(
          i == 4 ? 1 : 0, answer.result(2 * i + 1).get("unlocked_achievements").size(), "of " + i);
    }
    assertEquals("tasks_5", answer.result(9).at("/unlocked_achievements/0/id").asString());
    JsonNode stats = api.get("/api/v1/achievements/me").data().get("stats");
    assertEquals(6, stats.get("lifetime_tasks_completed").asInt());
  }

  @Test
  void FR_148_the_results_are_those_of_the_commands_one_by_one() {
    Batches.Answer atomic = completedTask().atomic().send(api);
    Batches.Answer single = completedTask().send(service.newUser().api());
    Anonymized of = new Anonymized();
    Anonymized others = new Anonymized();
    for (int i = 0; i < 6; i++) {
      assertEquals(others.text(single.result(i)), of.text(atomic.result(i)));
    }
  }

  @Test
  void FR_148_counters_hold_across_the_commands() {
    Batches batch = new Batches().atomic();
    for (int i = 0; i < 10; i++) {
      batch.add("note.create", Map.of("content", "note " + i)).as("note " + i);
    }
    batch.add("note.delete", Map.of("id", "note 3")).add("note.create", Map.of("content", "a"));
    Batches.Answer answer = batch.send(api);
    assertEquals(Collections.nCopies(10, 201), answer.statuses().subList(0, 10));
    assertEquals(List.of(200, 201), answer.statuses().subList(10, 12));
    DatabaseDigest digest = new DatabaseDigest(database);
    String before = digest.current();
    Batches.Answer over =
        new Batches()
            .atomic()
            .add("note.delete", Map.of("id", answer.id("note 1")))
            .add("note.create", Map.of("content", "b"))
            .add("note.create", Map.of("content", "c"))
            .send(api);
    assertEquals(List.of(424, 424, 409), over.statuses());
    assertEquals("LIMIT_EXCEEDED", over.codes().get(2));
    assertEquals(before, digest.current());
  }

  @Test
  void FR_148_a_refused_command_rolls_all_back() {
    DatabaseDigest digest = new DatabaseDigest(database);
    String before = digest.current();
    Batches batch = completedTask().add("note.create", Map.of("content", " ")).atomic();
    Batches.Answer answer = batch.send(api);
    assertEquals(List.of(424, 424, 424, 424, 424, 424, 400), answer.statuses());
    assertEquals("DEPENDENCY_FAILED", answer.codes().getFirst());
    assertEquals(
        answer.uuids().get(6), answer.result(0).at("/error/uuid").asString(), "the refused one");
    assertEquals(0, answer.data().get("temp_ids").size());
    assertEquals(before, digest.current());
    // No key is in use.
    assertEquals(List.of(201, 201, 201, 200, 200, 201), batch.first(6).send(api).statuses());
  }

  @Test
  void FR_148_a_repeated_atomic_batch_has_the_same_answer_and_no_effect() {
    Batches batch = completedTask().atomic();
    Batches.Answer first = batch.send(api);
    DatabaseDigest digest = new DatabaseDigest(database);
    String before = digest.current();
    Batches.Answer again = batch.send(api);
    assertEquals(first.data().get("results"), again.data().get("results"));
    assertEquals(first.data().get("temp_ids"), again.data().get("temp_ids"));
    assertEquals(before, digest.current());
  }

  @Test
  void FR_148_commands_that_were_executed_before_are_not_executed_again() {
    Batches batch = completedTask();
    Batches.Answer part = batch.first(3).send(api);
    Batches.Answer all = batch.atomic().send(api);
    assertEquals(List.of(201, 201, 201, 200, 200, 201), all.statuses());
    assertEquals(part.id("task"), all.id("task"));
    assertEquals(1, entries("task_created"));
    assertEquals(1, entries("task_completed"));
  }

  @Test
  void FR_148_identical_atomic_batches_at_once_have_one_effect() throws Exception {
    Batches batch = completedTask().atomic();
    List<Future<Batches.Answer>> answers = new ArrayList<>();
    try (ExecutorService clients = Executors.newVirtualThreadPerTaskExecutor()) {
      for (int i = 0; i < 4; i++) {
        answers.add(clients.submit(() -> batch.send(api)));
      }
    }
    for (Future<Batches.Answer> answer : answers) {
      assertEquals(List.of(201, 201, 201, 200, 200, 201), answer.get().statuses());
    }
    assertEquals(1, entries("task_completed"));
  }

  @ParameterizedTest
  @EnumSource
  void FR_148_after_a_lost_commit_the_retry_has_one_effect(Moment moment) {
    Batches batch = completedTask().atomic();
    COMMIT.when(moment, () -> false);
    Batches.Answer lost = batch.send(api);
    assertEquals(Collections.nCopies(6, 503), lost.statuses());
    assertEquals(1, lost.result(5).at("/error/retry_after").asInt());
    assertEquals(moment == Moment.AFTER ? 1 : 0, entries("task_completed"));
    assertEquals(List.of(201, 201, 201, 200, 200, 201), batch.sendUntilExecuted(api).statuses());
    assertEquals(1, entries("task_completed"));
  }

  private static Batches completedTask() {
    return new Batches()
        .add("task.create", Map.of("title", "Trip"))
        .as("task")
        .add("subtask.create", Map.of("task_id", "task", "title", "Passport"))
        .as("passport")
        .add("subtask.create", Map.of("task_id", "task", "title", "Ticket"))
        .as("ticket")
        .add("subtask.update", Map.of("id", "ticket", "completed", true))
        .add("subtask.update", Map.of("id", "passport", "completed", true))
        .add("note.create", Map.of("content", "packed"));
  }

  private long entries(String action) {
    return database.number(
        "select count(*) from activity.activity_logs where user_id = ? and action = ?",
        user.userId(),
        action);
  }
}
