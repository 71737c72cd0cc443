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
 * The rules of focus sessions (FR-045): one at a time per user, timed by the service's clock. The
 * task stores the total; {@link Tasks} adds the time of a session that ends with its task
 * (docs/decisions/focus.md). Methods that write require the owner's lock. Thread-safe.
 */
final class FocusSessions {
  /** The kind of {@link FocusEndJob}; its key is the session's id. */
  static final String END = "focus_end";

  /** Time limit of a session whose task has no estimate. */
  static final Duration DEFAULT_LIMIT = Duration.ofHours(4);

  record Running(UUID id, UUID taskId, Instant startedAt) {
    private static Optional<Running> of(Row row) {
      return Optional.ofNullable(row.uuidOrNull("id"))
          .map(id -> new Running(id, row.uuid("task_id"), row.instant("started_at")));
    }
  }

  /** The payload of {@link FocusEndJob}. */
  record TimeLimit(UUID taskId, int seconds) {}

  private final Tasks tasks;
  private final Ids ids;
  private final Jobs jobs;
  private final Events events;

  FocusSessions(Tasks tasks, Ids ids, Jobs jobs, Events events) {
    this.tasks = tasks;
    this.ids = ids;
    this.jobs = jobs;
    this.events = events;
  }

  /**
   * Starts a focus session. Does nothing if one is running on the task.
   *
   * @throws Refusal {@code FORBIDDEN}, {@code NOT_FOUND}, {@code ARCHIVED}, {@code CONFLICT} if the
   *     task is completed, or, with the {@code session}, if one is running on another task
   */
  FocusSession start(Tx tx, UUID taskId) {
    Task task = tasks.get(tx, taskId);
    Tasks.checkChangeable(task);
    if (task.completed()) {
      throw Refusal.of(
          ErrorCode.CONFLICT, "the task is completed; reopen it to start a focus session");
    }
    Optional<Running> running = runningOn(tx, taskId);
    if (running.isPresent()) {
      return FocusSession.of(running.get(), task);
    }
    Running started = new Running(ids.next(), taskId, tx.now());
    tx.sql("focus.insert_session").bind("id", started.id()).bind("task_id", taskId).atCommit();
    enqueueEnd(tx, started, task);
    events.emit(tx, new Event.FocusStarted(started.id(), taskId));
    return FocusSession.of(started, task);
  }

  private void enqueueEnd(Tx tx, Running running, Task task) {
    Duration limit =
        task.fields().estimatedDuration() == null
            ? DEFAULT_LIMIT
            : Duration.ofMinutes(task.fields().estimatedDuration());
    jobs.enqueue(
        tx,
        END,
        running.id().toString(),
        running.startedAt().plus(limit),
        new TimeLimit(running.taskId(), (int) limit.toSeconds()));
  }

  /** Whether a session is running. */
  boolean isRunning(Tx tx) {
    return running(tx).isPresent();
  }

  /** Enqueues the job that ends the running session, whose former state was restored. */
  void resumeJob(Tx tx) {
    running(tx).ifPresent(running -> enqueueEnd(tx, running, tasks.get(tx, running.taskId())));
  }

  /** Cancels the job of a session that has ended or was removed. */
  void cancelJob(Tx tx, UUID id) {
    jobs.cancel(tx, END, id.toString());
  }

  /**
   * Ends the focus session on a task and adds its time to the task's total.
   *
   * @param seconds the duration according to the client, which can only shorten the measured one;
   *     null for the measured one
   * @throws Refusal {@code FORBIDDEN}, {@code NOT_FOUND}, {@code ARCHIVED}, {@code CONFLICT} if no
   *     session is running on the task; with the {@code session} if one is running on another
   */
  FocusSession.Ended end(Tx tx, UUID taskId, @Nullable Integer seconds) {
    Task task = tasks.get(tx, taskId);
    Tasks.checkChangeable(task);
    Optional<Running> running = runningOn(tx, taskId);
    if (running.isEmpty() || task.focus().focusingSince() == null) {
      throw Refusal.of(ErrorCode.CONFLICT, "no focus session is running");
    }
    Instant since = running.get().startedAt();
    int measured = Task.focusSeconds(since, tx.now());
    int counted = seconds == null ? measured : Math.min(seconds, measured);
    return end(tx, running.get(), task, counted, endedAt(since, tx.now()));
  }

  /** Now, but not before the start, if the clock was set back, nor after the longest session. */
  private static Instant endedAt(Instant since, Instant now) {
    Instant latest = since.plus(Task.MAX_FOCUS);
    if (now.isBefore(since)) {
      return since;
    }
    return now.isAfter(latest) ? latest : now;
  }

  Optional<FocusSession> active(Tx tx) {
    return running(tx)
        .flatMap(
            running ->
                tasks.find(tx, running.taskId()).map(task -> FocusSession.of(running, task)));
  }

  /**
   * Ends a session as of its time limit. Does nothing if it has ended, or if a change of its task
   * has counted it and the listener is about to end it.
   */
  void endAtLimit(Tx tx, UUID sessionId, TimeLimit limit) {
    running(tx)
        .filter(running -> running.id().equals(sessionId))
        .ifPresent(
            running -> {
              Task task = tasks.get(tx, running.taskId());
              if (task.focus().focusingSince() != null) {
                Instant endedAt = running.startedAt().plusSeconds(limit.seconds());
                end(tx, running, task, limit.seconds(), endedAt);
              }
            });
  }

  /**
   * Ends the session of a task that was completed, deleted or archived, with the system as actor.
   *
   * @param seconds the time that the change of the task has counted
   */
  void endWithTask(Tx tx, UUID taskId, int seconds) {
    running(tx)
        .filter(running -> running.taskId().equals(taskId))
        .ifPresent(
            running ->
                close(
                    tx.actingFor(tx.userId(), Actor.Source.SYSTEM),
                    running,
                    seconds,
                    running.startedAt().plusSeconds(seconds)));
    jobs.cancelMatching(tx, END, Map.of("task_id", taskId));
  }

  private FocusSession.Ended end(Tx tx, Running running, Task task, int seconds, Instant at) {
    close(tx, running, seconds, at);
    Task counted = seconds > 0 ? tasks.addFocus(tx, task, seconds) : task;
    return new FocusSession.Ended(FocusSession.of(running, counted), seconds, at);
  }

  private void close(Tx tx, Running running, int seconds, Instant at) {
    tx.sql("focus.end_session")
        .bind("id", running.id())
        .bind("ended_at", at)
        .bind("duration_seconds", seconds)
        .atCommit();
    cancelJob(tx, running.id());
    events.emit(tx, new Event.FocusEnded(running.id(), running.taskId(), seconds));
  }

  private static Optional<Running> running(Tx tx) {
    return tx.sql("focus.find_active").one(Running::of).orElseThrow(Refusal::accountDeleted);
  }

  /** The running session, which must not be on another task. */
  private Optional<Running> runningOn(Tx tx, UUID taskId) {
    Optional<Running> running = running(tx);
    if (running.isPresent() && !running.get().taskId().equals(taskId)) {
      Task other = tasks.get(tx, running.get().taskId());
      throw Refusal.of(
              ErrorCode.CONFLICT, "a focus session is running on another task; end it first")
          .with("session", FocusSession.of(running.get(), other));
    }
    return running;
  }
}
