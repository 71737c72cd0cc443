package app.perpetua.flow.tasks;

import app.perpetua.flow.base.ErrorCode;
import app.perpetua.flow.base.Ids;
import app.perpetua.flow.base.Refusal;
import app.perpetua.flow.events.Event;
import app.perpetua.flow.events.Events;
import app.perpetua.flow.sql.LockedUser;
import app.perpetua.flow.sql.Tx;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * The rules of subtasks (FR-009, FR-019 to FR-021). They live and change with their task: each
 * change raises its version, and the last open one completes it. Runs under the owner's lock, as
 * {@link Tasks} does. Thread-safe.
 */
public final class Subtasks {
  /**
   * A changed subtask.
   *
   * @param subtask as it is now
   * @param completedTask its task, if this very change completed that as well
   */
  public record Changed(Subtask subtask, Optional<Task> completedTask) {}

  private final Tasks tasks;
  private final Ids ids;
  private final Events events;

  public Subtasks(Tasks tasks, Ids ids, Events events) {
    this.tasks = tasks;
    this.ids = ids;
    this.events = events;
  }

  /**
   * Adds a subtask, at the end unless a place is given.
   *
   * @throws Refusal {@code FORBIDDEN}, {@code NOT_FOUND}, {@code ARCHIVED}, {@code
   *     VALIDATION_ERROR} if the place would leave a gap, {@code LIMIT_EXCEEDED}
   */
  public Subtask add(
      Tx tx, UUID taskId, String title, @Nullable Integer index, Subtask.Source source) {
    return add(tx, taskId, List.of(title), index, source).getFirst();
  }

  /**
   * Adds several subtasks at the end, all or none.
   *
   * @param titles at least one
   * @throws Refusal as {@link #add}
   */
  public List<Subtask> addAll(Tx tx, UUID taskId, List<String> titles, Subtask.Source source) {
    return add(tx, taskId, titles, null, source);
  }

  /**
   * There must be room for so many more.
   *
   * @throws Refusal {@code LIMIT_EXCEEDED}
   */
  public void checkRoom(LockedUser owner, Task task, int more) {
    int limit = tasks.maxSubtasks(owner);
    if (task.subtasks().subtaskCount() + more > limit) {
      throw Refusal.of(ErrorCode.LIMIT_EXCEEDED, "a task may have " + limit + " subtasks")
          .with("limit", limit)
          .with("current", task.subtasks().subtaskCount());
    }
  }

  /** How many more subtasks the task may have. */
  public int room(LockedUser owner, Task task) {
    return Math.max(0, tasks.maxSubtasks(owner) - task.subtasks().subtaskCount());
  }

  private List<Subtask> add(
      Tx tx, UUID taskId, List<String> titles, @Nullable Integer index, Subtask.Source source) {
    Task task = tasks.detail(tx, taskId).task();
    Tasks.checkChangeable(task);
    int count = task.subtasks().subtaskCount();
    int first = place(index == null ? count : index, count);
    checkRoom(tx.owner(), task, titles.size());
    if (first < count) {
      tx.sql("tasks.make_room").bind("task_id", taskId).bind("order_index", first).atCommit();
    }
    List<Subtask> added = new ArrayList<>();
    for (String title : titles) {
      int place = first + added.size();
      Subtask subtask =
          new Subtask(ids.next(), taskId, title, false, null, place, source, tx.now(), tx.now());
      tx.sql("tasks.insert_subtask")
          .bind("id", subtask.id())
          .bind("task_id", taskId)
          .bind("title", title)
          .bind("order_index", place)
          .bind("source", source)
          .atCommit();
      events.emit(tx, new Event.SubtaskCreated(subtask.id(), taskId));
      added.add(subtask);
    }
    tasks.store(
        tx,
        task,
        task.withSubtasks(count + titles.size(), task.subtasks().subtaskCompletedCount()));
    return added;
  }

  /**
   * Changes a subtask; null leaves a field as it is. Completing the last open one completes the
   * task ({@code auto}, FR-009); reopening one reopens nothing else.
   *
   * @throws Refusal {@code FORBIDDEN}, {@code NOT_FOUND}, {@code ARCHIVED}, {@code
   *     VALIDATION_ERROR} if the place is out of range
   */
  public Changed patch(
      Tx tx,
      UUID id,
      @Nullable String title,
      @Nullable Boolean completed,
      @Nullable Integer index) {
    TaskDetail detail = tasks.detail(tx, taskOf(tx, id));
    Task task = detail.task();
    Tasks.checkChangeable(task);
    Subtask old = in(detail, id);
    int place = index == null ? old.orderIndex() : place(index, detail.subtasks().size() - 1);
    boolean done = completed == null ? old.completed() : completed;
    String text = title == null ? old.title() : title;
    if (place == old.orderIndex() && done == old.completed() && text.equals(old.title())) {
      return new Changed(old, Optional.empty());
    }
    Subtask changed = old.changed(text, done, place, tx.now());
    tx.sql("tasks.store_subtask")
        .bind("id", id)
        .bind("title", text)
        .bind("completed", done)
        .bind("completed_at", changed.completedAt())
        .bind("updated_at", changed.updatedAt())
        .atCommit();
    if (place != old.orderIndex()) {
      List<UUID> order = new ArrayList<>(detail.subtasks().stream().map(Subtask::id).toList());
      order.remove(id);
      order.add(place, id);
      arrange(tx, task.id(), order);
    }
    int doneCount =
        task.subtasks().subtaskCompletedCount() + (done ? 1 : 0) - (old.completed() ? 1 : 0);
    boolean lastOne = done && !old.completed() && doneCount == task.subtasks().subtaskCount();
    Task counted = task.withSubtasks(task.subtasks().subtaskCount(), doneCount);
    boolean completesTask = lastOne && !task.completed();
    Task stored =
        tasks.store(
            tx,
            task,
            completesTask ? counted.completedBy(Task.CompletedBy.AUTO, tx.now()) : counted);
    events.emit(
        tx,
        done && !old.completed()
            ? new Event.SubtaskCompleted(id, task.id())
            : new Event.SubtaskUpdated(id, task.id()));
    if (!completesTask) {
      return new Changed(changed, Optional.empty());
    }
    tasks.tellCompleted(tx, task, stored);
    return new Changed(changed, Optional.of(stored));
  }

  /**
   * Puts a task's subtasks in this order (FR-020).
   *
   * @throws Refusal {@code FORBIDDEN}, {@code NOT_FOUND}, {@code ARCHIVED}, {@code
   *     VALIDATION_ERROR} unless the list names each subtask of the task exactly once
   */
  public List<Subtask> reorder(Tx tx, UUID taskId, List<UUID> order) {
    TaskDetail detail = tasks.detail(tx, taskId);
    Tasks.checkChangeable(detail.task());
    List<UUID> present = detail.subtasks().stream().map(Subtask::id).toList();
    if (order.size() != present.size() || !new HashSet<>(order).equals(new HashSet<>(present))) {
      throw Refusal.invalid("subtask_ids", "must name each subtask of the task exactly once");
    }
    if (order.equals(present)) {
      return detail.subtasks();
    }
    arrange(tx, taskId, order);
    tasks.store(tx, detail.task(), detail.task());
    events.emit(tx, new Event.SubtasksReordered(taskId, order.size()));
    List<Subtask> arranged = new ArrayList<>();
    for (UUID id : order) {
      Subtask subtask = in(detail, id);
      arranged.add(subtask.at(arranged.size()));
    }
    return arranged;
  }

  /**
   * Removes a subtask; the rest close up. Removing the last open one completes nothing.
   *
   * @throws Refusal {@code FORBIDDEN}, {@code NOT_FOUND}, {@code ARCHIVED}
   */
  public void delete(Tx tx, UUID id) {
    TaskDetail detail = tasks.detail(tx, taskOf(tx, id));
    Task task = detail.task();
    Tasks.checkChangeable(task);
    Subtask old = in(detail, id);
    tx.sql("tasks.delete_subtask").bind("id", id).atCommit();
    tx.sql("tasks.close_gap")
        .bind("task_id", task.id())
        .bind("order_index", old.orderIndex())
        .atCommit();
    int done = task.subtasks().subtaskCompletedCount() - (old.completed() ? 1 : 0);
    tasks.store(tx, task, task.withSubtasks(task.subtasks().subtaskCount() - 1, done));
    events.emit(tx, new Event.SubtaskDeleted(id, task.id()));
  }

  private static void arrange(Tx tx, UUID taskId, List<UUID> order) {
    tx.sql("tasks.place_subtasks").bind("task_id", taskId).bind("subtask_ids", order).atCommit();
  }

  /** Places run from 0 to the number of the others: anything else would leave a gap. */
  private static int place(int index, int others) {
    if (index > others) {
      throw Refusal.invalid("order_index", "must be from 0 to " + others);
    }
    return index;
  }

  private static Subtask in(TaskDetail detail, UUID id) {
    return detail.subtasks().stream()
        .filter(subtask -> subtask.id().equals(id))
        .findFirst()
        .orElseThrow();
  }

  private static UUID taskOf(Tx tx, UUID id) {
    return tx.sql("tasks.find_task_of_subtask")
        .bind("id", id)
        .one(row -> row.uuid("task_id"))
        .orElseThrow(() -> tx.missing("tasks.find_subtask_owner", "subtask", id));
  }
}
