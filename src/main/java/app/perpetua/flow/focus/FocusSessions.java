package app.perpetua.flow.focus;

import app.perpetua.flow.base.ErrorCode;
import app.perpetua.flow.base.Ids;
import app.perpetua.flow.base.Refusal;
import app.perpetua.flow.events.Event;
import app.perpetua.flow.events.Events;
import app.perpetua.flow.jobs.Jobs;
import app.perpetua.flow.sql.Actor;
import app.perpetua.flow.sql.Row;
import app.perpetua.flow.sql.Tx;
import app.perpetua.flow.tasks.Task;
import app.perpetua.flow.tasks.Tasks;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * The rules of focus (FR-045): one at a time, timed by the service's clock. The task keeps the
 * total; what ends with its task is counted by {@link Tasks}. Runs under the owner's lock, as they
 * do (docs/decisions/focus.md). Thread-safe.
 */
public final class FocusSessions {
  /** The kind of the job that ends a forgotten one; its key is the session's id. */
  public static final String END = "focus_end";

  /** After which a focus counts as forgotten if its task has no estimate. */
  static final Duration FORGOTTEN = Duration.ofHours(4);

  /**
   * A focus that goes on.
   *
   * @param id the session
   * @param taskId what it is about
   * @param startedAt since when
   */
  record Running(UUID id, UUID taskId, Instant startedAt) {
    private static Optional<Running> of(Row row) {
      return Optional.ofNullable(row.uuidOrNull("id"))
          .map(id -> new Running(id, row.uuid("task_id"), row.instant("started_at")));
    }
  }

  /**
   * What the job knows of the focus that it is to end.
   *
   * @param taskId what it is about
   * @param seconds after which it counts as forgotten
   */
  record Forgotten(UUID taskId, int seconds) {}

  private final Tasks tasks;
  private final Ids ids;
  private final Jobs jobs;
  private final Events events;

  public FocusSessions(Tasks tasks, Ids ids, Jobs jobs, Events events) {
    this.tasks = tasks;
    this.ids = ids;
    this.jobs = jobs;
    this.events = events;
  }

  /**
   * Begins to focus on a task; a focus on it that goes on already is left as it is.
   *
   * @throws Refusal {@code FORBIDDEN}, {@code NOT_FOUND}, {@code ARCHIVED}, {@code CONFLICT} if the
   *     task is completed, or with the {@code session} that is running on another
   */
  public FocusSession start(Tx tx, UUID taskId) {
    Task task = tasks.get(tx, taskId);
    Tasks.checkChangeable(task);
    if (task.completed()) {
      throw Refusal.of(ErrorCode.CONFLICT, "the task is completed: reopen it to focus on it");
    }
    Optional<Running> running = running(tx);
    if (running.isPresent()) {
      if (!running.get().taskId().equals(taskId)) {
        throw elsewhere(tx, running.get());
      }
      return FocusSession.of(running.get(), task);
    }
    Running started = new Running(ids.next(), taskId, tx.now());
    tx.sql("focus.insert_session").bind("id", started.id()).bind("task_id", taskId).atCommit();
    Duration limit =
        task.fields().estimatedDuration() == null
            ? FORGOTTEN
            : Duration.ofMinutes(task.fields().estimatedDuration());
    jobs.enqueue(
        tx,
        END,
        started.id().toString(),
        tx.now().plus(limit),
        new Forgotten(taskId, (int) limit.toSeconds()));
    events.emit(tx, new Event.FocusStarted(started.id(), taskId));
    return FocusSession.of(started, task);
  }

  /**
   * Ends the focus on a task; its time goes to the task's total.
   *
   * @param seconds what the user says it was; counts only if it is less than what the clock says.
   *     Null for no opinion.
   * @throws Refusal {@code FORBIDDEN}, {@code NOT_FOUND}, {@code ARCHIVED}, {@code CONFLICT} if
   *     none is running on that task, with the {@code session} that is running on another
   */
  public FocusSession.Ended end(Tx tx, UUID taskId, @Nullable Integer seconds) {
    Task task = tasks.get(tx, taskId);
    Tasks.checkChangeable(task);
    Optional<Running> running = running(tx);
    if (running.isPresent() && !running.get().taskId().equals(taskId)) {
      throw elsewhere(tx, running.get());
    }
    if (running.isEmpty() || task.focus().focusingSince() == null) {
      throw Refusal.of(ErrorCode.CONFLICT, "no focus is running: it has ended");
    }
    Instant since = running.get().startedAt();
    int run = Task.focusRun(since, tx.now());
    int counted = seconds == null ? run : Math.min(seconds, run);
    Instant latest = since.plus(Task.LONGEST_FOCUS);
    return end(tx, running.get(), task, counted, tx.now().isAfter(latest) ? latest : tx.now());
  }

  /** The focus that goes on. */
  public Optional<FocusSession> active(Tx tx) {
    return running(tx)
        .flatMap(
            running ->
                tasks.find(tx, running.taskId()).map(task -> FocusSession.of(running, task)));
  }

  /**
   * Ends a focus at the time at which it counts as forgotten, unless it has ended, or is to end
   * with its task, which has counted it.
   */
  void forgotten(Tx tx, UUID sessionId, Forgotten forgotten) {
    running(tx)
        .filter(running -> running.id().equals(sessionId))
        .ifPresent(
            running -> {
              Task task = tasks.get(tx, running.taskId());
              if (task.focus().focusingSince() != null) {
                Instant at = running.startedAt().plusSeconds(forgotten.seconds());
                end(tx, running, task, forgotten.seconds(), at);
              }
            });
  }

  /**
   * Ends the focus on a task that is out of reach now. Its time has been counted. The system
   * decides that.
   *
   * @param seconds what it counted
   */
  void follow(Tx tx, UUID taskId, int seconds) {
    running(tx)
        .filter(running -> running.taskId().equals(taskId))
        .ifPresent(
            running ->
                close(
                    tx.actingFor(tx.userId(), Actor.Source.SYSTEM),
                    running,
                    seconds,
                    running.startedAt().plusSeconds(seconds)));
    jobs.cancelAbout(tx, END, Map.of("task_id", taskId));
  }

  private FocusSession.Ended end(Tx tx, Running running, Task task, int seconds, Instant at) {
    close(tx, running, seconds, at);
    Task counted = seconds > 0 ? tasks.addFocus(tx, task, seconds) : task;
    return new FocusSession.Ended(
        running.id(),
        running.taskId(),
        running.startedAt(),
        counted.focus().focusTimeSeconds(),
        seconds,
        at);
  }

  private void close(Tx tx, Running running, int seconds, Instant at) {
    tx.sql("focus.end_session")
        .bind("id", running.id())
        .bind("ended_at", at)
        .bind("duration_seconds", seconds)
        .atCommit();
    jobs.cancel(tx, END, running.id().toString());
    events.emit(tx, new Event.FocusEnded(running.id(), running.taskId(), seconds));
  }

  private static Optional<Running> running(Tx tx) {
    return tx.sql("focus.find_active").one(Running::of).orElseThrow(Refusal::accountDeleted);
  }

  private Refusal elsewhere(Tx tx, Running running) {
    return Refusal.of(ErrorCode.CONFLICT, "a focus is running on another task: end it first")
        .with("session", FocusSession.of(running, tasks.get(tx, running.taskId())));
  }
}
