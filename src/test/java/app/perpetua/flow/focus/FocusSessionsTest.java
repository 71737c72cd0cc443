package app.perpetua.flow.focus;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import app.perpetua.flow.base.ErrorCode;
import app.perpetua.flow.base.Ids;
import app.perpetua.flow.base.Json;
import app.perpetua.flow.base.Refusal;
import app.perpetua.flow.events.Event;
import app.perpetua.flow.events.EventListener;
import app.perpetua.flow.events.EventListeners;
import app.perpetua.flow.events.Events;
import app.perpetua.flow.harness.Invariants;
import app.perpetua.flow.harness.TestDatabase;
import app.perpetua.flow.harness.time.MutableClock;
import app.perpetua.flow.jobs.Jobs;
import app.perpetua.flow.recovery.TombstoneConfig;
import app.perpetua.flow.recovery.Tombstones;
import app.perpetua.flow.recurrence.InstanceJobs;
import app.perpetua.flow.sql.Actor;
import app.perpetua.flow.sql.DatabaseException;
import app.perpetua.flow.sql.Db;
import app.perpetua.flow.sql.SqlCatalog;
import app.perpetua.flow.sql.Tx;
import app.perpetua.flow.tasks.FieldPatch;
import app.perpetua.flow.tasks.Priority;
import app.perpetua.flow.tasks.Subtask;
import app.perpetua.flow.tasks.SubtaskPatch;
import app.perpetua.flow.tasks.Subtasks;
import app.perpetua.flow.tasks.Task;
import app.perpetua.flow.tasks.TaskConfig;
import app.perpetua.flow.tasks.TaskDraft;
import app.perpetua.flow.tasks.TaskPatch;
import app.perpetua.flow.tasks.Tasks;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The rules, without the pipeline that serializes the writes of one user. */
class FocusSessionsTest {
  @RegisterExtension static final TestDatabase database = new TestDatabase();

  /** The parts of a completion event that concern focus. */
  private record Seen(UUID task, String how, boolean focused, @Nullable Integer seconds) {}

  private final MutableClock clock = new MutableClock();
  private final Ids ids = new Ids();
  private final Json json = new Json();
  private final Jobs jobs = new Jobs(ids, json);
  private final Events events = new Events(ids, json);
  private final Tasks tasks =
      new Tasks(
          new TaskConfig(50, 50, 4, 10, 1000, 2000, 30),
          ids,
          json,
          events,
          new Tombstones(new TombstoneConfig(3, Duration.ofDays(7)), ids),
          new InstanceJobs(jobs));
  private final Subtasks subtasks = new Subtasks(tasks, ids, events);
  private final FocusSessions focus = new FocusSessions(tasks, ids, jobs, events);
  private final List<Event.TaskCompleted> completions =
      Collections.synchronizedList(new ArrayList<>());
  private final Db db =
      new Db(database.pool(8), SqlCatalog.load(), clock, Duration.ofMinutes(1), _ -> false);

  private UUID user = new UUID(0, 0);

  @BeforeEach
  void aNewUser() {
    database.makeDays(clock.instant());
    user = database.newUser().save();
    events.setListeners(
        new EventListeners(
            jobs,
            json,
            new SimpleMeterRegistry(),
            List.of(new FocusListener(focus), recordingListener())));
  }

  @AfterEach
  void invariants() {
    Invariants.check(database);
  }

  @Test
  void US12_twenty_parallel_starts_start_one_session() throws Exception {
    List<UUID> all = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      all.add(task(null));
    }
    List<Callable<Optional<FocusSession>>> starts = new ArrayList<>();
    for (UUID task : all) {
      starts.add(
          () -> {
            try {
              return Optional.of(start(task));
            } catch (Refusal e) {
              assertEquals(ErrorCode.CONFLICT, e.code());
              assertTrue(e.extras().get("session") instanceof FocusSession);
              return Optional.empty();
            }
          });
    }
    int opened = 0;
    try (ExecutorService executor = Executors.newVirtualThreadPerTaskExecutor()) {
      for (Future<Optional<FocusSession>> answer : executor.invokeAll(starts)) {
        opened += answer.get().isPresent() ? 1 : 0;
      }
    }
    assertEquals(1, opened);
    assertEquals(1, sessions());
    assertEquals(1, entries("focus_started", "user"));
  }

  @Test
  void US12_a_constraint_allows_one_session_at_a_time() {
    UUID task = task(null);
    start(task);
    DatabaseException refused =
        assertThrows(
            DatabaseException.class,
            () ->
                write(
                    tx ->
                        tx.sql("focus.insert_session")
                            .bind("id", ids.next())
                            .bind("task_id", task)
                            .run()));
    assertEquals("focus_sessions_one_active", refused.constraint());
  }

  @ParameterizedTest
  @CsvSource({"60,1799,false", "60,1800,true", "1,29,false", "1,30,true", ",14000,false"})
  void FR_045_half_of_the_estimate_is_a_focus_completion(
      @Nullable Integer estimate, int seconds, boolean half) {
    UUID task = task(estimate);
    start(task);
    advance(seconds);
    Task completed = complete(task);
    assertEquals(seconds, completed.focus().focusTimeSeconds());
    assertEquals(List.of(new Seen(task, "manual", half, seconds)), seen());
  }

  @Test
  void FR_045_the_time_of_all_its_sessions_counts() {
    UUID task = task(10);
    for (int i = 0; i < 2; i++) {
      start(task);
      advance(150);
      write(tx -> focus.end(tx, task, null));
    }
    complete(task);
    assertEquals(List.of(new Seen(task, "manual", true, null)), seen());
  }

  @Test
  void FR_045_completing_by_force_or_by_the_last_subtask_ends_the_focus_session() {
    UUID forced = task(1);
    start(forced);
    advance(40);
    assertEquals(40, write(tx -> tasks.forceComplete(tx, forced, 1)).focus().focusTimeSeconds());
    UUID stepped = task(1);
    Subtask step =
        write(
            tx -> subtasks.add(tx, stepped, List.of("step"), null, Subtask.Source.USER).getFirst());
    start(stepped);
    advance(50);
    Subtasks.Changed changed =
        write(tx -> subtasks.patch(tx, step.id(), new SubtaskPatch(null, null, true, null)));
    assertEquals(50, changed.completedTask().orElseThrow().focus().focusTimeSeconds());
    assertEquals(
        List.of(new Seen(forced, "force", true, 40), new Seen(stepped, "auto", true, 50)), seen());
    assertEquals(50, read(tx -> tasks.get(tx, stepped)).focus().focusTimeSeconds());
    assertEquals(2, entries("focus_ended", "system"));
    assertEquals(0, jobs());
  }

  @Test
  void completing_or_deleting_a_task_does_not_end_the_session_of_another() {
    UUID task = task(60);
    FocusSession session = start(task);
    complete(task(60));
    UUID deleted = task(60);
    write(tx -> tasks.delete(tx, deleted));
    assertEquals(Optional.of(session), read(focus::active));
    assertNull(completions.getFirst().focusSeconds());
  }

  @Test
  void a_session_counts_at_most_twelve_hours() {
    UUID task = task(720);
    FocusSession session = start(task);
    // No worker ran in the meantime.
    clock.advance(Duration.ofHours(23));
    FocusSession.Ended ended = write(tx -> focus.end(tx, task, 80_000));
    assertEquals(43_200, ended.durationSeconds());
    assertEquals(session.startedAt().plus(Duration.ofHours(12)), ended.endedAt());
    assertEquals(43_200, ended.session().focusTimeSeconds());
    assertEquals(43_200, read(tx -> tasks.get(tx, task)).focus().focusTimeSeconds());
  }

  @Test
  void a_clock_that_moves_backwards_counts_nothing() {
    UUID task = task(60);
    start(task);
    assertEquals(0, Task.focusSeconds(clock.instant(), clock.instant().minusSeconds(10)));
    FocusSession.Ended ended = write(tx -> focus.end(tx, task, null));
    assertEquals(0, ended.durationSeconds());
    assertEquals(1, read(tx -> tasks.get(tx, task)).version());
  }

  /** The state between a completion whose listener failed and the retry. */
  @Test
  void FR_017_focus_time_that_a_completion_counted_is_not_counted_again() {
    events.setListeners(
        new EventListeners(jobs, json, new SimpleMeterRegistry(), List.of(recordingListener())));
    UUID task = task(60);
    FocusSession session = start(task);
    advance(100);
    complete(task);
    assertEquals(1, sessions());
    advance(100);
    // Neither by another change of the task, nor by the user, nor at the time limit.
    write(tx -> tasks.patch(tx, task, title("b")));
    assertEquals(
        ErrorCode.CONFLICT,
        assertThrows(Refusal.class, () -> write(tx -> focus.end(tx, task, null))).code());
    write(
        tx -> {
          focus.endAtLimit(tx, session.sessionId(), new FocusSessions.TimeLimit(task, 150));
          return 0;
        });
    assertEquals(1, sessions());
    write(
        tx -> {
          new FocusListener(focus).retry(tx, completions.getFirst());
          return 0;
        });
    assertEquals(100, read(tx -> tasks.get(tx, task)).focus().focusTimeSeconds());
    assertEquals(0, sessions());
    assertEquals(1, entries("focus_ended", "system"));
    assertEquals(0, entries("focus_ended", "user"));
  }

  @Test
  void a_deleted_account_has_no_focus_session() {
    database.run("delete from auth.users where id = ?", user);
    Refusal refusal = assertThrows(Refusal.class, () -> read(focus::active));
    assertEquals(ErrorCode.UNAUTHORIZED, refusal.code());
    assertFalse(refusal.extras().containsKey("session"));
  }

  private List<Seen> seen() {
    synchronized (completions) {
      return completions.stream()
          .map(one -> new Seen(one.taskId(), one.completedBy(), one.focused(), one.focusSeconds()))
          .toList();
    }
  }

  private EventListener recordingListener() {
    return new EventListener() {
      @Override
      public String name() {
        return "recording";
      }

      @Override
      public boolean handles(Event event) {
        return event instanceof Event.TaskCompleted;
      }

      @Override
      public void handle(Tx tx, Event event) {
        completions.add((Event.TaskCompleted) event);
      }
    };
  }

  private UUID task(@Nullable Integer estimate) {
    return write(tx -> tasks.create(tx, new TaskDraft("a", "", Priority.MEDIUM, null, estimate)))
        .id();
  }

  private FocusSession start(UUID task) {
    return write(tx -> focus.start(tx, task));
  }

  private Task complete(UUID task) {
    TaskPatch done = new TaskPatch(null, FieldPatch.NONE, TaskPatch.Edit.none(), true, null, null);
    return write(tx -> tasks.patch(tx, task, done)).task();
  }

  private static TaskPatch title(String title) {
    FieldPatch fields = new FieldPatch(title, null, null, TaskPatch.Edit.none());
    return new TaskPatch(null, fields, TaskPatch.Edit.none(), null, null, null);
  }

  private void advance(int seconds) {
    clock.advance(Duration.ofSeconds(seconds));
  }

  private long sessions() {
    return database.number(
        "select count(*) from tasks.focus_sessions where user_id = ? and ended_at is null", user);
  }

  private long jobs() {
    return database.number(
        "select count(*) from ops.job_queue where user_id = ? and kind = 'focus_end'", user);
  }

  private long entries(String action, String source) {
    return database.number(
        "select count(*) from activity.activity_logs where user_id = ? and action = ?"
            + " and source = ?",
        user,
        action,
        source);
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
