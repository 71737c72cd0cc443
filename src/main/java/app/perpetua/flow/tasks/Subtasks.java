package app.perpetua.flow.tasks;

import static java.util.Objects.requireNonNullElse;

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
 * The rules of subtasks (FR-009, FR-019 to FR-021). Each change increments the task's version, and
 * completing the last open subtask completes the task. Methods that write require the owner's lock.
 * Thread-safe.
 */
public final class Subtasks {
  /** The result of a change, with the task if the change completed it. */
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
   * Returns a subtask.
   *
   * @throws Refusal {@code FORBIDDEN}, {@code NOT_FOUND}
   */
  Subtask get(Tx tx, UUID id) {
    return tx.sql("tasks.find_subtask")
        .bind("id", id)
        .one(Subtask::of)
        .orElseThrow(() -> missing(tx, id));
  }

  /**
   * Adds consecutive subtasks, all or none.
   *
   * @param titles at least one
   * @param index null for the end
   * @throws Refusal {@code FORBIDDEN}, {@code NOT_FOUND}, {@code ARCHIVED}, {@code
   *     VALIDATION_ERROR} if the index would leave a gap, {@code LIMIT_EXCEEDED}
   */
  public List<Subtask> add(
      Tx tx, UUID taskId, List<String> titles, @Nullable Integer index, Subtask.Source source) {
    Task task = tasks.detail(tx, taskId).task();
    Tasks.checkChangeable(task);
    int count = task.subtasks().subtaskCount();
    int first = index == null ? count : checkIndex(index, count);
    checkRoom(tx.owner(), task, titles.size());
    if (first < count) {
      tx.sql("tasks.make_room").bind("task_id", taskId).bind("order_index", first).atCommit();
    }
    List<Subtask> added = new ArrayList<>();
    for (String title : titles) {
      added.add(insert(tx, taskId, title, first + added.size(), source));
    }
    tasks.store(tx, task, task.withSubtasks(titles.size(), 0));
    return added;
  }

  /** Inserts an open subtask at the commit, without counting it. */
  Subtask insert(Tx tx, UUID taskId, String title, int index, Subtask.Source source) {
    Subtask subtask =
        new Subtask(ids.next(), taskId, title, false, null, index, source, 1, tx.now(), tx.now());
    tx.sql("tasks.insert_subtask")
        .bind("id", subtask.id())
        .bind("task_id", taskId)
        .bind("title", title)
        .bind("order_index", index)
        .bind("source", source)
        .atCommit();
    events.emit(tx, new Event.SubtaskCreated(subtask.id(), taskId));
    return subtask;
  }

  /** Refuses more subtasks than the limit allows with {@code LIMIT_EXCEEDED}. */
  public void checkRoom(LockedUser owner, Task task, int more) {
    int limit = tasks.maxSubtasks(owner);
    int current = task.subtasks().subtaskCount();
    if (current + more > limit) {
      throw Refusal.limitExceeded("a task may have at most " + limit + " subtasks", limit, current);
    }
  }

  /** How many more subtasks the task may have. */
  public int room(LockedUser owner, Task task) {
    return Math.max(0, tasks.maxSubtasks(owner) - task.subtasks().subtaskCount());
  }

  /**
   * Changes a subtask. Completing the last open subtask completes the task ({@code auto}, FR-009);
   * reopening a subtask does not reopen the task.
   *
   * @throws Refusal {@code FORBIDDEN}, {@code NOT_FOUND}, {@code ARCHIVED}, {@code CONFLICT} if the
   *     version is stale, {@code VALIDATION_ERROR} if the index is out of range
   */
  public Changed patch(Tx tx, UUID id, SubtaskPatch patch) {
    TaskDetail detail = tasks.detail(tx, findTaskId(tx, id));
    Task task = detail.task();
    Tasks.checkChangeable(task);
    Subtask old = detail.subtask(id);
    Refusal.checkVersion("subtask", patch.version(), old.version());
    Integer index = patch.orderIndex();
    int position =
        index == null ? old.orderIndex() : checkIndex(index, detail.subtasks().size() - 1);
    Subtask changed =
        old.with(
            requireNonNullElse(patch.title(), old.title()),
            requireNonNullElse(patch.completed(), old.completed()),
            position,
            tx.now());
    boolean moved = position != old.orderIndex();
    boolean toggled = changed.completed() != old.completed();
    if (!moved && !toggled && changed.title().equals(old.title())) {
      return new Changed(old, Optional.empty());
    }
    if (moved) {
      List<UUID> order = new ArrayList<>(detail.subtasks().stream().map(Subtask::id).toList());
      order.remove(id);
      order.add(position, id);
      storeOrder(tx, task.id(), order);
    }
    // After the order, which increments the version of each subtask that moves.
    tx.sql("tasks.store_subtask")
        .bind("id", id)
        .bind("title", changed.title())
        .bind("completed", changed.completed())
        .bind("completed_at", changed.completedAt())
        .bind("version", changed.version())
        .bind("updated_at", changed.updatedAt())
        .atCommit();
    boolean completedNow = toggled && changed.completed();
    Task counted = task.withSubtasks(0, !toggled ? 0 : completedNow ? 1 : -1);
    boolean completesTask = completedNow && counted.subtasks().allCompleted() && !task.completed();
    Task stored =
        tasks.store(
            tx,
            task,
            completesTask ? counted.completedBy(Task.CompletedBy.AUTO, tx.now()) : counted);
    events.emit(
        tx,
        completedNow
            ? new Event.SubtaskCompleted(id, task.id())
            : new Event.SubtaskUpdated(id, task.id()));
    if (!completesTask) {
      return new Changed(changed, Optional.empty());
    }
    tasks.emitCompleted(tx, task, stored);
    return new Changed(changed, Optional.of(stored));
  }

  /**
   * Reorders the subtasks of a task (FR-020).
   *
   * @throws Refusal {@code FORBIDDEN}, {@code NOT_FOUND}, {@code ARCHIVED}, {@code
   *     VALIDATION_ERROR} unless the list names each subtask of the task exactly once
   */
  List<Subtask> reorder(Tx tx, UUID taskId, List<UUID> order) {
    TaskDetail detail = tasks.detail(tx, taskId);
    Tasks.checkChangeable(detail.task());
    List<UUID> present = detail.subtasks().stream().map(Subtask::id).toList();
    if (order.size() != present.size() || !new HashSet<>(order).equals(new HashSet<>(present))) {
      throw Refusal.invalid("subtask_ids", "must name each subtask of the task exactly once");
    }
    if (order.equals(present)) {
      return detail.subtasks();
    }
    storeOrder(tx, taskId, order);
    tasks.store(tx, detail.task(), detail.task());
    events.emit(tx, new Event.SubtasksReordered(taskId, order.size()));
    List<Subtask> reordered = new ArrayList<>();
    for (UUID id : order) {
      reordered.add(detail.subtask(id).at(reordered.size()));
    }
    return reordered;
  }

  /**
   * Deletes a subtask and closes the gap. Deleting the last open subtask does not complete the
   * task.
   *
   * @throws Refusal {@code FORBIDDEN}, {@code NOT_FOUND}, {@code ARCHIVED}
   */
  void delete(Tx tx, UUID id) {
    TaskDetail detail = tasks.detail(tx, findTaskId(tx, id));
    Task task = detail.task();
    Tasks.checkChangeable(task);
    Subtask old = detail.subtask(id);
    tx.sql("tasks.delete_subtask").bind("id", id).atCommit();
    tx.sql("tasks.close_gap")
        .bind("task_id", task.id())
        .bind("order_index", old.orderIndex())
        .atCommit();
    tasks.store(tx, task, task.withSubtasks(-1, old.completed() ? -1 : 0));
    events.emit(tx, new Event.SubtaskDeleted(id, task.id()));
  }

  private static void storeOrder(Tx tx, UUID taskId, List<UUID> order) {
    tx.sql("tasks.place_subtasks").bind("task_id", taskId).bind("subtask_ids", order).atCommit();
  }

  /** A larger index would leave a gap. */
  private static int checkIndex(int index, int max) {
    if (index > max) {
      throw Refusal.invalid("order_index", "must be from 0 to " + max);
    }
    return index;
  }

  private static UUID findTaskId(Tx tx, UUID id) {
    return tx.sql("tasks.find_task_of_subtask")
        .bind("id", id)
        .one(row -> row.uuid("task_id"))
        .orElseThrow(() -> missing(tx, id));
  }

  private static Refusal missing(Tx tx, UUID id) {
    return tx.missing("tasks.find_subtask_owner", "subtask", id);
  }
}
