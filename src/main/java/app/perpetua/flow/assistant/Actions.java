package app.perpetua.flow.assistant;

import app.perpetua.flow.base.Refusal;
import app.perpetua.flow.notes.Note;
import app.perpetua.flow.notes.Notes;
import app.perpetua.flow.sql.Tx;
import app.perpetua.flow.tasks.FieldPatch;
import app.perpetua.flow.tasks.Subtask;
import app.perpetua.flow.tasks.Subtasks;
import app.perpetua.flow.tasks.Task;
import app.perpetua.flow.tasks.TaskDetail;
import app.perpetua.flow.tasks.TaskDraft;
import app.perpetua.flow.tasks.TaskPatch;
import app.perpetua.flow.tasks.TaskPatch.Edit;
import app.perpetua.flow.tasks.Tasks;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;

/** Executes confirmed actions under the rules of the user's own requests (FR-034). Thread-safe. */
final class Actions {
  private static final TaskPatch COMPLETED =
      new TaskPatch(null, FieldPatch.NONE, Edit.none(), true, null, null);

  private final Tasks tasks;
  private final Subtasks subtasks;
  private final Notes notes;

  Actions(Tasks tasks, Subtasks subtasks, Notes notes) {
    this.tasks = tasks;
    this.subtasks = subtasks;
    this.notes = notes;
  }

  /**
   * Returns the part of a proposed action that the user's limits permit and that changes something,
   * according to the state after the model's run.
   *
   * @return empty if nothing is left of it
   * @throws Refusal if the action would be refused
   */
  Optional<? extends Action> permitted(Tx tx, Action action) {
    switch (action) {
      case Action.CreateTask(TaskDraft draft) -> checkNew(tx, draft);
      case Action.ConvertNote(UUID _, TaskDraft draft) -> checkNew(tx, draft);
      case Action.UpdateTask update -> {
        tasks.checkDescription(tx.owner(), update.patch().fields().description());
        return update.changing(changeable(tx, update.taskId()));
      }
      case Action.CompleteTask complete -> {
        return complete.changing(changeable(tx, complete.taskId()));
      }
      case Action.CreateSubtasks create -> {
        TaskDetail detail = tasks.detail(tx, create.taskId());
        Tasks.checkChangeable(detail.task());
        return create.fitting(detail.subtasks(), subtasks.room(tx.owner(), detail.task()));
      }
    }
    return Optional.of(action);
  }

  private Task changeable(Tx tx, UUID taskId) {
    Task task = tasks.get(tx, taskId);
    Tasks.checkChangeable(task);
    return task;
  }

  private void checkNew(Tx tx, TaskDraft draft) {
    tasks.checkRoom(tx.owner());
    tasks.checkDescription(tx.owner(), draft.description());
  }

  /**
   * @param suggested whether the action is a stored suggestion; otherwise the client sent it
   * @return the changed objects by their names in the contract
   * @throws Refusal as the same request of the user would
   */
  Map<String, Object> run(Tx tx, Action action, boolean suggested) {
    Map<String, Object> changed = new LinkedHashMap<>();
    switch (action) {
      case Action.CreateTask create -> changed.put("task", tasks.create(tx, create.draft()));
      case Action.UpdateTask update ->
          changed.put("task", tasks.patch(tx, update.taskId(), update.patch()).task());
      case Action.CompleteTask complete ->
          changed.put("task", tasks.patch(tx, complete.taskId(), COMPLETED).task());
      case Action.CreateSubtasks create ->
          changed.put(
              "subtasks",
              subtasks.add(tx, create.taskId(), create.titles(), null, Subtask.Source.AI));
      case Action.ConvertNote convert -> {
        Note note = notes.convertible(tx, convert.noteId());
        Task task = tasks.create(tx, convert.draft());
        changed.put("note", notes.converted(tx, note, task.id(), suggested));
        changed.put("task", task);
      }
    }
    return changed;
  }
}
