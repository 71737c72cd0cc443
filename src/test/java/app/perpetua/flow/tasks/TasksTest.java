package app.perpetua.flow.tasks;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import app.perpetua.flow.base.ErrorCode;
import app.perpetua.flow.base.Ids;
import app.perpetua.flow.base.Json;
import app.perpetua.flow.base.Refusal;
import app.perpetua.flow.events.Events;
import app.perpetua.flow.harness.Invariants;
import app.perpetua.flow.harness.TestDatabase;
import app.perpetua.flow.harness.time.MutableClock;
import app.perpetua.flow.jobs.Jobs;
import app.perpetua.flow.recovery.TombstoneConfig;
import app.perpetua.flow.recovery.Tombstones;
import app.perpetua.flow.recurrence.InstanceJobs;
import app.perpetua.flow.sql.Actor;
import app.perpetua.flow.sql.Db;
import app.perpetua.flow.sql.SqlCatalog;
import app.perpetua.flow.sql.Tx;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.util.List;
import java.util.UUID;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class TasksTest {
  @RegisterExtension static final TestDatabase database = new TestDatabase();

  private static final Instant NOW = MutableClock.START;
  private final MutableClock clock = new MutableClock();
  private final Ids ids = new Ids();
  private final Json json = new Json();
  private final Events events = new Events(ids, json);
  private final Tombstones tombstones =
      new Tombstones(new TombstoneConfig(3, Duration.ofDays(7)), ids);
  private final Tasks tasks =
      new Tasks(
          new TaskConfig(3, 5, 4, 10, 1000, 2000, 30),
          ids,
          json,
          events,
          tombstones,
          new InstanceJobs(new Jobs(ids, json)));
  private final Subtasks subtasks = new Subtasks(tasks, ids, events);
  private final Db db =
      new Db(database.pool(4), SqlCatalog.load(), clock, Duration.ofMinutes(1), _ -> false);

  private UUID user = new UUID(0, 0);

  @BeforeEach
  void aNewUser() {
    database.makeDays(NOW);
    user = database.newUser().save();
  }

  @AfterEach
  void invariants() {
    Invariants.check(database);
  }

  @Test
  void FR_007_a_created_task_is_stored_as_returned() {
    Task made =
        write(
            tx ->
                tasks.create(
                    tx,
                    new TaskDraft(
                        "Täsk 👩‍🚀", "line\nline", Priority.HIGH, NOW.plusSeconds(60), 25)));
    TaskDetail read = read(tx -> tasks.detail(tx, made.id()));
    assertEquals(made, read.task());
    assertEquals(List.of(), read.subtasks());
    assertEquals(NOW, made.revision().createdAt());
    assertEquals(
        1,
        database.number(
            "select count(*) from activity.activity_logs where user_id = ? and action = 'task_created'",
            user));
  }

  @Test
  void a_task_is_rendered_flat_and_in_the_order_of_the_contract() {
    assertEquals(
        "id, user_id, template_id, list_id, position, label_ids, title, description, priority,"
            + " due_date, due_on, start_on, estimated_duration,"
            + " focus_time_seconds, completed, completed_at, completed_by, hidden, archived,"
            + " subtask_count, subtask_completed_count, version, created_at, updated_at",
        String.join(", ", json.parse(json.text(create("a"))).propertyNames()));
  }

  @Test
  void a_task_is_rendered_with_and_without_each_value() {
    UUID id = UUID.fromString("019ba722-4680-7c3e-9a51-2f6d8b0c4e17");
    Instant later = NOW.plusMillis(1);
    Task empty =
        new Task(
            id,
            user,
            null,
            new TaskDraft("\"ü\\👩‍🚀\"", "", Priority.LOW, null, null),
            new Task.Focus(0, null),
            new Task.Completion(false, null, null, null),
            false,
            true,
            new Task.SubtaskCounts(0, 0),
            new Task.Revision(1, NOW, NOW));
    Task full =
        new Task(
            id,
            user,
            id,
            new TaskDraft(
                "t",
                "line\n\u0001",
                Priority.HIGH,
                later,
                LocalDate.of(2026, 3, 10),
                LocalDate.of(2026, 3, 9),
                25,
                new Placement(id, "a1", List.of(id, user))),
            new Task.Focus(Integer.MAX_VALUE, NOW),
            new Task.Completion(true, later, Task.CompletedBy.FORCE, NOW),
            true,
            false,
            new Task.SubtaskCounts(3, 2),
            new Task.Revision(7, NOW, later));
    String expected =
        """
        {"id":"%1$s","user_id":"%2$s","template_id":null,"list_id":null,\
        "position":"019cd714f1c0V","label_ids":[],"title":"\\"ü\\\\👩‍🚀\\"",\
        "description":"","priority":"low","due_date":null,"due_on":null,\
        "start_on":null,"estimated_duration":null,\
        "focus_time_seconds":0,"completed":false,"completed_at":null,"completed_by":null,\
        "hidden":false,"archived":true,"subtask_count":0,"subtask_completed_count":0,"version":1,\
        "created_at":"%3$s","updated_at":"%3$s"}
        {"id":"%1$s","user_id":"%2$s","template_id":"%1$s","list_id":"%1$s",\
        "position":"a1","label_ids":["%1$s","%2$s"],"title":"t",\
        "description":"line\\n\\u0001","priority":"high","due_date":"%4$s",\
        "due_on":"2026-03-10","start_on":"2026-03-09",\
        "estimated_duration":25,"focus_time_seconds":2147483647,"completed":true,\
        "completed_at":"%4$s","completed_by":"force","hidden":true,"archived":false,\
        "subtask_count":3,"subtask_completed_count":2,"version":7,"created_at":"%3$s",\
        "updated_at":"%4$s"}
        """
            .formatted(id, user, Json.instant(NOW), Json.instant(later));
    assertEquals(expected, json.text(empty) + "\n" + json.text(full) + "\n");
    assertEquals(
        json.text(List.of(empty, full)),
        new String(json.bytes(List.of(empty, full)), StandardCharsets.UTF_8));
    assertEquals(
        json.text(full).replaceFirst("}$", ",\"subtasks\":[],\"reminders\":[]}"),
        json.text(new TaskDetail(full, List.of(), List.of())));
    assertEquals(
        json.text(full).replaceFirst("}$", ",\"subtasks\":[{}],\"reminders\":[]}"),
        new String(json.bytes(new RenderedTask(full, "[{}]", "[]")), StandardCharsets.UTF_8));
  }

  @Test
  void a_refusal_at_the_limit_leaves_nothing_behind() {
    for (int i = 0; i < 3; i++) {
      create("t" + i);
    }
    Refusal refusal = assertThrows(Refusal.class, () -> create("one too many"));
    assertEquals(ErrorCode.LIMIT_EXCEEDED, refusal.code());
    assertEquals(3, refusal.extras().get("limit"));
    assertEquals(
        3, database.number("select count(*) from tasks.task_instances where user_id = ?", user));
    assertEquals(3, database.number("select open_tasks from auth.users where id = ?", user));
  }

  @Test
  void FR_014_a_stale_version_is_refused_with_the_current_one() {
    Task task = create("a");
    patch(task.id(), 1, "b", null);
    Refusal refusal = assertThrows(Refusal.class, () -> patch(task.id(), 1, "c", null));
    assertEquals(ErrorCode.CONFLICT, refusal.code());
    assertEquals(2, refusal.extras().get("current_version"));
    assertEquals("b", read(tx -> tasks.detail(tx, task.id())).task().title());
  }

  @Test
  void FR_014_a_patch_without_changes_keeps_the_version_and_writes_no_entry() {
    Task task = create("a");
    long before = entries();
    assertEquals(task, patch(task.id(), 1, "a", null).task());
    assertEquals(before, entries());
  }

  @Test
  void FR_008_completing_sets_when_and_how_and_reopening_clears_both() {
    Task task = create("a");
    Task done = patch(task.id(), null, null, true).task();
    assertEquals(NOW, done.completion().completedAt());
    assertEquals(Task.CompletedBy.MANUAL, done.completion().completedBy());
    assertEquals(0, database.number("select open_tasks from auth.users where id = ?", user));
    clock.advance(Duration.ofHours(1));
    Tasks.Changed again = patch(task.id(), null, null, true);
    assertEquals(done, again.task());
    assertFalse(again.completedNow());
    Task open = patch(task.id(), null, null, false).task();
    assertFalse(open.completed());
    assertEquals(null, open.completion().completedAt());
    assertEquals(null, open.completion().completedBy());
    assertEquals(1, database.number("select open_tasks from auth.users where id = ?", user));
  }

  @Test
  void FR_009_the_last_open_subtask_completes_its_task() {
    Task task = create("a");
    Subtask first = add(task.id(), "1");
    Subtask second = add(task.id(), "2");
    assertTrue(complete(first.id()).completedTask().isEmpty());
    Task done = complete(second.id()).completedTask().orElseThrow();
    assertEquals(Task.CompletedBy.AUTO, done.completion().completedBy());
    assertEquals(5, done.version());
    assertEquals(done, read(tx -> tasks.detail(tx, task.id())).task());
  }

  @Test
  void FR_010_force_completing_completes_the_open_subtasks_at_the_same_instant() {
    Task task = create("a");
    Subtask first = add(task.id(), "1");
    add(task.id(), "2");
    complete(first.id());
    clock.advance(Duration.ofMinutes(5));
    Task done = write(tx -> tasks.forceComplete(tx, task.id(), 4));
    assertEquals(Task.CompletedBy.FORCE, done.completion().completedBy());
    TaskDetail detail = read(tx -> tasks.detail(tx, task.id()));
    assertEquals(done, detail.task());
    assertEquals(NOW, detail.subtasks().get(0).completedAt());
    assertEquals(done.completion().completedAt(), detail.subtasks().get(1).completedAt());
  }

  @Test
  void FR_020_the_order_stays_gapless_through_every_change() {
    Task task = create("a");
    Subtask a = add(task.id(), "a");
    Subtask c = add(task.id(), "c");
    write(tx -> subtasks.add(tx, task.id(), List.of("b"), 1, Subtask.Source.USER));
    assertEquals(List.of("a", "b", "c"), titles(task.id()));
    write(tx -> subtasks.patch(tx, c.id(), new SubtaskPatch(null, null, null, 0)));
    assertEquals(List.of("c", "a", "b"), titles(task.id()));
    write(
        tx -> {
          subtasks.delete(tx, a.id());
          return "";
        });
    assertEquals(List.of("c", "b"), titles(task.id()));
    assertEquals(
        ErrorCode.VALIDATION_ERROR,
        assertThrows(
                Refusal.class,
                () ->
                    write(tx -> subtasks.add(tx, task.id(), List.of("x"), 3, Subtask.Source.USER)))
            .code());
  }

  @Test
  void FR_012b_a_deletion_leaves_the_three_newest_tombstones() {
    for (int i = 0; i < 5; i++) {
      Task task = create("t" + i);
      add(task.id(), "step");
      clock.advance(Duration.ofSeconds(1));
      write(tx -> tasks.delete(tx, task.id()));
    }
    assertEquals(
        List.of("t4", "t3", "t2"),
        database
            .rows(
                "select title from tasks.deletion_tombstones where user_id = ? order by deleted_at desc",
                user)
            .stream()
            .map(row -> row.get("title"))
            .toList());
    assertEquals(0, database.number("select count(*) from tasks.subtasks where user_id = ?", user));
  }

  private Task create(String title) {
    return write(tx -> tasks.create(tx, new TaskDraft(title, "", Priority.MEDIUM, null, null)));
  }

  private Tasks.Changed patch(
      UUID id, @Nullable Integer version, @Nullable String title, @Nullable Boolean completed) {
    FieldPatch fields = new FieldPatch(title, null, null, TaskPatch.Edit.none());
    TaskPatch patch = new TaskPatch(version, fields, TaskPatch.Edit.none(), completed, null, null);
    return write(tx -> tasks.patch(tx, id, patch));
  }

  private Subtask add(UUID taskId, String title) {
    return write(
        tx -> subtasks.add(tx, taskId, List.of(title), null, Subtask.Source.USER).getFirst());
  }

  private Subtasks.Changed complete(UUID id) {
    return write(tx -> subtasks.patch(tx, id, new SubtaskPatch(null, null, true, null)));
  }

  private List<String> titles(UUID taskId) {
    return read(tx -> tasks.detail(tx, taskId)).subtasks().stream().map(Subtask::title).toList();
  }

  private long entries() {
    return database.number("select count(*) from activity.activity_logs where user_id = ?", user);
  }

  private <T> T read(Function<Tx, T> work) {
    return db.read(Actor.user(user, "test"), work);
  }

  private <T> T write(Function<Tx, T> work) {
    return db.write(
        Actor.user(user, "test"),
        tx -> {
          tx.lockOwner();
          return work.apply(tx);
        });
  }
}
