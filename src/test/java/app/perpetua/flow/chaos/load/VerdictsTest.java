package app.perpetua.flow.chaos.load;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class VerdictsTest {
  private static final Verdicts STRICT =
      new Verdicts(Duration.ofSeconds(7), Duration.ofSeconds(5), false);
  private static final UUID KEY = UUID.randomUUID();

  private final List<String> problems = new ArrayList<>();

  private static Attempt attempt(int status, String code, boolean retryAfter, long millis) {
    return new Attempt(status, code, retryAfter, false, "{}", 0, 0, Duration.ofMillis(millis));
  }

  private static Attempt success() {
    return attempt(201, "", false, 5);
  }

  private static Entry entry(Kind kind, Attempt... attempts) {
    Entry entry = new Entry(kind, KEY, "POST", "/api/v1/tasks", "{}");
    entry.attempts().addAll(List.of(attempts));
    return entry;
  }

  private List<String> judged(Entry entry) {
    problems.clear();
    STRICT.judge(entry, problems::add);
    return problems;
  }

  private static State state() {
    return new State(
        new HashMap<>(Map.of("t1", "'a' version 1", "t2", "'b' version 2")),
        new HashMap<>(Map.of("n1", "note")),
        new HashMap<>(Map.of("r1", 1)),
        new HashSet<>(Set.of(KEY)),
        new HashMap<>(Map.of("task_created", 2)),
        100);
  }

  private List<String> compared(State expected, State stored) {
    problems.clear();
    expected.compare(stored, problems::add);
    return problems;
  }

  @Test
  void equal_states_have_no_problem() {
    assertEquals(List.of(), compared(state(), state()));
  }

  @Test
  void a_lost_acknowledged_write_is_found() {
    State stored = state();
    stored.tasks().remove("t2");
    assertEquals(
        List.of("task t2: acknowledged as 'b' version 2, not stored"), compared(state(), stored));
    State lostKey = state();
    lostKey.keys().clear();
    assertEquals(1, compared(state(), lostKey).size());
    State lostNote = state();
    lostNote.notes().clear();
    assertEquals(1, compared(state(), lostNote).size());
  }

  @Test
  void a_double_effect_is_found() {
    State twice = state();
    twice.tasks().put("t3", "'a' version 1");
    twice.created().put("task_created", 3);
    assertEquals(2, compared(state(), twice).size());
    State changedTwice = state();
    changedTwice.tasks().put("t2", "'b' version 3");
    assertEquals(1, compared(state(), changedTwice).size());
    State notifiedTwice = state();
    notifiedTwice.reminders().put("r1", 2);
    assertEquals(1, compared(state(), notifiedTwice).size());
  }

  @Test
  void credits_that_were_charged_twice_or_not_refunded_are_found() {
    State state = state();
    State charged =
        new State(
            state.tasks(), state.notes(), state.reminders(), state.keys(), state.created(), 99);
    assertEquals(List.of("credits: expected 100, stored 99"), compared(state, charged));
  }

  @Test
  void a_changed_replay_is_found() {
    Entry entry = entry(Kind.CREATE_TASK, success());
    Attempt same = new Attempt(201, "", false, true, "{}", 0, 0, Duration.ZERO);
    Verdicts.judgeReplay(entry, same, problems::add);
    assertEquals(List.of(), problems);
    for (Attempt changed :
        List.of(
            new Attempt(201, "", false, true, "{\"id\": 2}", 0, 0, Duration.ZERO),
            new Attempt(200, "", false, true, "{}", 0, 0, Duration.ZERO),
            // It has run again.
            new Attempt(201, "", false, false, "{}", 0, 0, Duration.ZERO),
            new Attempt(400, "VALIDATION_ERROR", false, false, "{}", 0, 0, Duration.ZERO))) {
      problems.clear();
      Verdicts.judgeReplay(entry, changed, problems::add);
      assertEquals(1, problems.size(), changed::toString);
    }
  }

  @Test
  void retries_that_end_in_success_are_permitted() {
    assertEquals(
        List.of(),
        judged(
            entry(
                Kind.CREATE_TASK,
                attempt(503, "SERVICE_UNAVAILABLE", true, 6_000),
                attempt(409, "IDEMPOTENCY_IN_PROGRESS", true, 5),
                attempt(409, "CONFLICT", true, 5),
                success())));
    assertEquals(
        List.of(), judged(entry(Kind.CHANGE_STALE_TASK, attempt(409, "CONFLICT", false, 5))));
  }

  @Test
  void answers_that_the_contract_does_not_permit_are_found() {
    for (Attempt wrong :
        List.of(
            attempt(500, "INTERNAL_ERROR", false, 5),
            attempt(503, "SERVICE_UNAVAILABLE", false, 5),
            attempt(409, "CONFLICT", false, 5),
            attempt(401, "UNAUTHORIZED", false, 5),
            attempt(0, "", false, 5))) {
      assertEquals(1, judged(entry(Kind.CREATE_TASK, wrong, success())).size(), wrong::toString);
    }
  }

  @Test
  void cut_connections_are_permitted_only_if_a_process_ended() {
    Entry entry = entry(Kind.CREATE_TASK, attempt(0, "", false, 5), success());
    assertEquals(1, judged(entry).size());
    problems.clear();
    new Verdicts(Duration.ofSeconds(7), Duration.ZERO, true).judge(entry, problems::add);
    assertEquals(List.of(), problems);
  }

  @Test
  void a_write_without_a_final_answer_is_found() {
    assertEquals(
        1, judged(entry(Kind.CREATE_TASK, attempt(503, "SERVICE_UNAVAILABLE", true, 5))).size());
    assertEquals(1, judged(entry(Kind.CREATE_TASK)).size());
  }

  @Test
  void a_late_answer_is_found() {
    assertEquals(1, judged(entry(Kind.CREATE_TASK, attempt(201, "", false, 7_001))).size());
    assertEquals(List.of(), judged(entry(Kind.CHAT, attempt(200, "", false, 7_001))));
    assertEquals(1, judged(entry(Kind.CHAT, attempt(200, "", false, 12_001))).size());
    assertTrue(problems.getFirst().contains("within 12000 ms"), problems::toString);
  }
}
