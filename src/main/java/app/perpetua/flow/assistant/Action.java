package app.perpetua.flow.assistant;

import app.perpetua.flow.tasks.FieldPatch;
import app.perpetua.flow.tasks.Subtask;
import app.perpetua.flow.tasks.Task;
import app.perpetua.flow.tasks.TaskDraft;
import app.perpetua.flow.tasks.TaskPatch;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** An action that the assistant may propose and the user confirm (FR-034). */
sealed interface Action {
  record CreateTask(TaskDraft draft) implements Action {}

  /** The patch carries the task's version at the time of the proposal. */
  record UpdateTask(UUID taskId, TaskPatch patch) implements Action {
    /**
     * Keeps only new values of the fields that can be proposed; a null, which would clear a field,
     * proposes nothing.
     */
    private UpdateTask changes(Task task) {
      FieldPatch fields = patch.fields();
      TaskDraft old = task.fields();
      return new UpdateTask(
          taskId,
          new TaskPatch(
              patch.version(),
              new FieldPatch(
                  changed(fields.title(), old.title()),
                  changed(fields.description(), old.description()),
                  changed(fields.priority(), old.priority()),
                  edit(fields.estimatedDuration().value(), old.estimatedDuration()),
                  edit(fields.listId().value(), old.placement().listId()),
                  changed(fields.labelIds(), old.placement().labelIds())),
              new TaskPatch.DayPatch(
                  edit(patch.days().dueDate().value(), old.dueDate()),
                  edit(patch.days().dueOn().value(), old.dueOn()),
                  edit(patch.days().startOn().value(), old.startOn())),
              null,
              null,
              null,
              null));
    }

    private static <T> @Nullable T changed(@Nullable T value, @Nullable T old) {
      return Objects.equals(value, old) ? null : value;
    }

    private static <T> TaskPatch.Edit<T> edit(@Nullable T value, @Nullable T old) {
      T changed = changed(value, old);
      return new TaskPatch.Edit<>(changed != null, changed);
    }
  }

  record CompleteTask(UUID taskId) implements Action {}

  record CreateSubtasks(UUID taskId, List<String> titles) implements Action {
    public CreateSubtasks {
      titles = List.copyOf(titles);
    }

    /**
     * The subtasks that the task does not have yet, each once.
     *
     * @param room how many of them the task can take; the first ones are kept
     * @return empty if none is left
     */
    Optional<CreateSubtasks> fitting(List<Subtask> existing, int room) {
      List<String> taken = existing.stream().map(Subtask::title).toList();
      List<String> left =
          titles.stream().distinct().filter(title -> !taken.contains(title)).limit(room).toList();
      return left.isEmpty() ? Optional.empty() : Optional.of(new CreateSubtasks(taskId, left));
    }
  }

  /** Creates a task and archives the note. */
  record ConvertNote(UUID noteId, TaskDraft draft) implements Action {}

  /** The contract's {@code action_type}. */
  default String type() {
    return switch (this) {
      case CreateTask _ -> "create_task";
      case UpdateTask _ -> "update_task";
      case CompleteTask _ -> "complete_task";
      case CreateSubtasks _ -> "create_subtasks";
      case ConvertNote _ -> "convert_note";
    };
  }

  /** The task to be changed; null if one is to be created. */
  default @Nullable UUID taskId() {
    return switch (this) {
      case CreateTask _, ConvertNote _ -> null;
      case UpdateTask update -> update.taskId();
      case CompleteTask complete -> complete.taskId();
      case CreateSubtasks create -> create.taskId();
    };
  }

  /** The part of the action that would change the task; empty if it would change nothing. */
  default Optional<Action> changing(Task task) {
    return switch (this) {
      case CompleteTask _ when task.completed() -> Optional.empty();
      case UpdateTask update -> {
        UpdateTask changes = update.changes(task);
        boolean isEmpty =
            changes.patch().fields().equals(FieldPatch.NONE) && !changes.patch().days().isGiven();
        yield isEmpty ? Optional.empty() : Optional.of(changes);
      }
      default -> Optional.of(this);
    };
  }

  /** The contract's {@code action_data}, which {@link ActionForm} parses. */
  default Map<String, Object> data() {
    Map<String, Object> data = new LinkedHashMap<>();
    switch (this) {
      case CreateTask(TaskDraft draft) -> put(data, draft);
      case ConvertNote(UUID noteId, TaskDraft draft) -> {
        data.put("note_id", noteId);
        put(data, draft);
      }
      case CompleteTask(UUID taskId) -> data.put("task_id", taskId);
      case CreateSubtasks(UUID taskId, List<String> titles) -> {
        data.put("task_id", taskId);
        data.put("subtasks", titles.stream().map(title -> Map.of("title", title)).toList());
      }
      case UpdateTask(UUID taskId, TaskPatch patch) -> {
        data.put("task_id", taskId);
        put(data, "version", patch.version());
        put(data, "title", patch.fields().title());
        put(data, "description", patch.fields().description());
        put(data, "priority", patch.fields().priority());
        put(data, "due_date", patch.days().dueDate().value());
        put(data, "due_on", patch.days().dueOn().value());
        put(data, "start_on", patch.days().startOn().value());
        put(data, "estimated_duration", patch.fields().estimatedDuration().value());
        put(data, "list_id", patch.fields().listId().value());
        put(data, "label_ids", patch.fields().labelIds());
      }
    }
    return data;
  }

  private static void put(Map<String, Object> data, TaskDraft draft) {
    data.put("title", draft.title());
    data.put("description", draft.description());
    data.put("priority", draft.priority());
    put(data, "due_date", draft.dueDate());
    put(data, "due_on", draft.dueOn());
    put(data, "start_on", draft.startOn());
    put(data, "estimated_duration", draft.estimatedDuration());
    put(data, "list_id", draft.placement().listId());
    if (!draft.placement().labelIds().isEmpty()) {
      data.put("label_ids", draft.placement().labelIds());
    }
  }

  private static void put(Map<String, Object> data, String name, @Nullable Object value) {
    if (value != null) {
      data.put(name, value);
    }
  }
}
