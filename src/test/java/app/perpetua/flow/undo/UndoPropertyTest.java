package app.perpetua.flow.undo;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import app.perpetua.flow.base.Json;
import app.perpetua.flow.harness.Api;
import app.perpetua.flow.harness.Invariants;
import app.perpetua.flow.harness.TestDatabase;
import app.perpetua.flow.harness.TestService;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/** Random states and any change: a change and its undo leave the state before (FR-150). */
class UndoPropertyTest {
  private static final int STEPS = Integer.getInteger("steps", 60);

  @Order(1)
  @RegisterExtension
  static final TestDatabase database = new TestDatabase();

  @Order(2)
  @RegisterExtension
  static final TestService service =
      new TestService(database)
          .with("RATE_LIMIT_GENERAL", "1000000")
          .with("FREE_MAX_TASKS", "1000")
          .with("FREE_MAX_NOTES", "1000");

  private final String subject = "google-" + UUID.randomUUID();
  private TestService.Session user = service.signIn(subject);
  private Api api = user.api();
  private final Set<String> seen = new HashSet<>();
  private final Map<String, Integer> undone = new TreeMap<>();

  @ParameterizedTest
  @ValueSource(longs = {1, 2})
  void FR_150_any_change_and_its_undo_leave_the_state_before(long seed) {
    Random random = new Random(seed + Long.getLong("seed", 0));
    for (int step = 0; step < 20; step++) {
      act(random);
    }
    newEntry();
    for (int step = 0; step < STEPS; step++) {
      if (random.nextInt(4) == 0) {
        service.clock().advance(Duration.ofMinutes(random.nextInt(40 * 60)));
        user = service.signIn(subject);
        api = user.api();
      }
      settle();
      Map<String, Set<String>> before = state();
      String what = act(random);
      boolean settled = random.nextBoolean();
      if (settled) {
        settle();
      }
      String entry = newEntry();
      if (entry.isEmpty()) {
        continue;
      }
      Map<String, Set<String>> after = state();
      String undo = undo(entry, what);
      assertState(before, step + ": undo of " + what);
      undone.merge(what.split(" ", 2)[0], 1, Integer::sum);
      // A job that the undo came before runs after its undo.
      if (settled && random.nextInt(3) > 0) {
        undo(undo, "undo of " + what);
        assertState(repeated(after), step + ": undo of the undo of " + what);
      }
    }
    assertTrue(undone.size() >= 10, undone.toString());
    Invariants.check(database);
  }

  private static Map<String, Set<String>> repeated(Map<String, Set<String>> state) {
    // An achievement is unlocked again at another time, and notified again.
    state.remove("notification");
    state.remove("unlock");
    return state;
  }

  private void assertState(Map<String, Set<String>> expected, String message) {
    settle();
    Map<String, Set<String>> actual = state();
    actual.keySet().retainAll(expected.keySet());
    assertEquals("", UserState.difference(expected, actual), message);
  }

  private void settle() {
    service.runDueJobs();
  }

  private Map<String, Set<String>> state() {
    return UserState.of(database, user.userId());
  }

  private String undo(String entry, String what) {
    Api.Answer answer = api.post("/api/v1/activity/" + entry + "/undo");
    assertEquals(200, answer.status(), () -> what + ": " + answer);
    String undo = answer.id();
    seen.add(undo);
    return undo;
  }

  /** The newest entry that can be undone, if it is new. */
  private String newEntry() {
    for (JsonNode entry : api.get("/api/v1/activity?limit=50").expect(200).data()) {
      if (entry.get("undoable").booleanValue()) {
        String id = entry.get("id").stringValue();
        boolean isNew = seen.add(id) && !entry.get("action").stringValue().endsWith("_undone");
        return isNew ? id : "";
      }
    }
    return "";
  }

  private List<String> ids(String table, String condition) {
    return database
        .rows(
            "select id::text from " + table + " where user_id = ? and " + condition + " order by 1",
            user.userId())
        .stream()
        .map(row -> String.valueOf(row.get("id")))
        .toList();
  }

  private String pick(Random random, String table, String condition) {
    List<String> ids = ids(table, condition);
    return ids.isEmpty() ? UUID.randomUUID().toString() : ids.get(random.nextInt(ids.size()));
  }

  private Map<String, Object> with(String task, String member, Object value) {
    return Map.of(member, value, "version", version(task));
  }

  private int version(String task) {
    return (int)
        database.number(
            "select coalesce(max(version), 1) from tasks.task_instances where id = ?",
            UUID.fromString(task));
  }

  private String soon(Random random) {
    return Json.instant(
        service.clock().instant().plus(Duration.ofMinutes(60 + random.nextInt(20_000))));
  }

  /** Sends a random request, which may be refused; returns what it was. */
  private String act(Random random) {
    String tasks = "tasks.task_instances";
    String task = pick(random, tasks, random.nextInt(4) == 0 ? "true" : "not archived");
    String subtask = pick(random, "tasks.subtasks", "true");
    String reminder = pick(random, "tasks.reminders", "not fired");
    String template = pick(random, "tasks.task_templates", "true");
    String note = pick(random, "notes.notes", "true");
    String tombstone = pick(random, "tasks.deletion_tombstones", "true");
    String number = Integer.toString(random.nextInt(1_000));
    int kind = random.nextInt(31);
    Api.Answer answer =
        switch (kind) {
          case 0, 1, 2 ->
              api.post(
                  "/api/v1/tasks",
                  Map.of(
                      "title",
                      "Task " + number,
                      "due_date",
                      soon(random),
                      "estimated_duration",
                      1 + random.nextInt(60)));
          case 3 -> api.patch(path("tasks", task), with(task, "title", "Renamed " + number));
          case 4 -> api.patch(path("tasks", task), with(task, "due_date", soon(random)));
          case 5 ->
              api.patch(
                  path("tasks", task),
                  Map.of(
                      "version",
                      version(task),
                      "description",
                      "d".repeat(random.nextInt(300)),
                      "priority",
                      "high"));
          case 6, 7, 8 -> api.patch(path("tasks", task), with(task, "completed", true));
          case 9 -> api.patch(path("tasks", task), with(task, "completed", false));
          case 10 -> api.patch(path("tasks", task), with(task, "hidden", random.nextBoolean()));
          case 11 -> api.patch(path("tasks", task), with(task, "archived", random.nextBoolean()));
          case 12 ->
              api.post(path("tasks", task) + "/force-complete", Map.of("version", version(task)));
          case 13 -> api.delete(path("tasks", task));
          case 14, 15 ->
              api.post(
                  path("tasks", task) + "/subtasks",
                  random.nextBoolean()
                      ? Map.of("title", "Step " + number, "order_index", 0)
                      : Map.of("title", "Step " + number));
          case 16 ->
              api.patch(
                  path("subtasks", subtask),
                  switch (random.nextInt(3)) {
                    case 0 -> Map.of("title", "Other " + number);
                    case 1 -> Map.of("order_index", 0, "completed", random.nextBoolean());
                    default -> Map.of("completed", true);
                  });
          case 17 -> api.delete(path("subtasks", subtask));
          case 18 -> {
            List<String> order = new ArrayList<>(ids("tasks.subtasks", "task_id = '" + task + "'"));
            Collections.shuffle(order, random);
            yield api.put(path("tasks", task) + "/subtasks/reorder", Map.of("subtask_ids", order));
          }
          case 19, 20 ->
              api.post(
                  path("tasks", task) + "/reminders",
                  random.nextBoolean()
                      ? Map.of("type", "before", "offset_minutes", random.nextInt(60))
                      : Map.of("type", "absolute", "scheduled_at", soon(random)));
          case 21 ->
              api.patch(
                  path("reminders", reminder),
                  Map.of("type", "absolute", "scheduled_at", soon(random)));
          case 22 -> api.delete(path("reminders", reminder));
          case 23 ->
              api.post(
                  "/api/v1/templates",
                  Map.of("title", "Daily " + number, "rrule", "FREQ=DAILY;COUNT=30"));
          case 24 ->
              api.patch(
                  path("templates", template),
                  switch (random.nextInt(3)) {
                    case 0 -> Map.of("title", "Other " + number, "apply_to", "future");
                    case 1 -> Map.of("active", random.nextBoolean());
                    default -> Map.of("rrule", "FREQ=WEEKLY");
                  });
          case 25 -> api.delete(path("templates", template));
          case 26 -> api.post("/api/v1/notes", Map.of("content", "Note " + number));
          case 27 ->
              switch (random.nextInt(3)) {
                case 0 -> api.patch(path("notes", note), Map.of("content", "Other " + number));
                case 1 -> api.patch(path("notes", note), Map.of("archived", random.nextBoolean()));
                default -> api.delete(path("notes", note));
              };
          case 28 -> api.post("/api/v1/recovery/tombstones/" + tombstone + "/recover");
          case 29 ->
              api.post(
                  random.nextBoolean() ? "/api/v1/focus/start" : "/api/v1/focus/end",
                  Map.of("task_id", focused(task)));
          default ->
              api.patch(
                  "/api/v1/users/me",
                  random.nextBoolean()
                      ? Map.of("name", "Name " + number)
                      : Map.of("timezone", random.nextBoolean() ? "Europe/Paris" : "Asia/Tokyo"));
        };
    assertTrue(answer.status() < 500, answer::toString);
    return kind + " (" + answer.status() + ")";
  }

  private String focused(String task) {
    List<String> running =
        database
            .rows(
                "select task_id::text from tasks.focus_sessions where user_id = ? and ended_at is null",
                user.userId())
            .stream()
            .map(row -> String.valueOf(row.get("task_id")))
            .toList();
    return running.isEmpty() ? task : running.getFirst();
  }

  private static String path(String collection, String id) {
    return "/api/v1/" + collection + "/" + id;
  }

  /** Undoes many changes in the reverse order. */
  @Test
  void FR_153_all_changes_can_be_undone_one_after_another() {
    Random random = new Random(Long.getLong("seed", 7));
    List<String> entries = new ArrayList<>();
    Map<String, Set<String>> before = state();
    for (int step = 0; step < STEPS; step++) {
      act(random);
      settle();
      String entry = newEntry();
      if (!entry.isEmpty()) {
        entries.add(entry);
      }
    }
    assertTrue(entries.size() > STEPS / 4, entries::toString);
    for (String entry : entries.reversed()) {
      undo(entry, "undo of " + entry);
      settle();
    }
    assertState(before, "all undone");
    Invariants.check(database);
  }
}
