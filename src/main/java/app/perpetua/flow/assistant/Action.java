package app.perpetua.flow.assistant;

import app.perpetua.flow.tasks.TaskDraft;
import app.perpetua.flow.tasks.TaskPatch;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** What the assistant may propose, and the user confirm (FR-034). */
public sealed interface Action {
  /** A new task. */
  record CreateTask(TaskDraft draft) implements Action {}

  /** Other fields of a task; the patch carries the version that was proposed for. */
  record UpdateTask(UUID taskId, TaskPatch patch) implements Action {}

  /** A task is done. */
  record CompleteTask(UUID taskId) implements Action {}

  /** Steps of a task, at its end. */
  record CreateSubtasks(UUID taskId, List<String> titles) implements Action {
    /** Copies the titles. */
    public CreateSubtasks {
      titles = List.copyOf(titles);
    }
  }

  /** A task instead of a note. */
  record ConvertNote(UUID noteId, TaskDraft draft) implements Action {}

  /** The contract's word for it. */
  default String type() {
    return switch (this) {
      case CreateTask _ -> "create_task";
      case UpdateTask _ -> "update_task";
      case CompleteTask _ -> "complete_task";
      case CreateSubtasks _ -> "create_subtasks";
      case ConvertNote _ -> "convert_note";
    };
  }

  /** The task it changes; null if it makes one. */
  default @Nullable UUID taskId() {
    return switch (this) {
      case CreateTask _, ConvertNote _ -> null;
      case UpdateTask update -> update.taskId();
      case CompleteTask complete -> complete.taskId();
      case CreateSubtasks create -> create.taskId();
    };
  }

  /** Everything about it as the contract's {@code data}, from which it can be read again. */
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
        put(data, "title", patch.title());
        put(data, "description", patch.description());
        put(data, "priority", patch.priority());
        put(data, "due_date", patch.dueDate().value());
        put(data, "estimated_duration", patch.estimatedDuration().value());
      }
    }
    return data;
  }

  private static void put(Map<String, Object> data, TaskDraft draft) {
    data.put("title", draft.title());
    data.put("description", draft.description());
    data.put("priority", draft.priority());
    put(data, "due_date", draft.dueDate());
    put(data, "estimated_duration", draft.estimatedDuration());
  }

  private static void put(Map<String, Object> data, String name, @Nullable Object value) {
    if (value != null) {
      data.put(name, value);
    }
  }
}
