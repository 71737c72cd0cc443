package app.perpetua.flow.tasks;

import static app.perpetua.flow.http.Route.Verb.DELETE;
import static app.perpetua.flow.http.Route.Verb.PATCH;
import static app.perpetua.flow.http.Route.Verb.POST;
import static app.perpetua.flow.http.Route.Verb.PUT;
import static app.perpetua.flow.http.Route.conditionalRead;
import static app.perpetua.flow.http.Route.read;
import static app.perpetua.flow.http.Route.write;
import static app.perpetua.flow.http.auth.Scope.TASKS_READ;
import static app.perpetua.flow.http.auth.Scope.TASKS_WRITE;

import app.perpetua.flow.achievements.Achievements;
import app.perpetua.flow.events.EventListener;
import app.perpetua.flow.filters.FilteredTasks;
import app.perpetua.flow.http.Route;
import app.perpetua.flow.module.FeatureModule;
import app.perpetua.flow.module.ModuleContext;
import app.perpetua.flow.recovery.Tombstones;
import app.perpetua.flow.sync.SyncedType;
import app.perpetua.flow.undo.RowReverter;
import java.util.List;

/** Tasks and their subtasks. */
public final class TaskModule implements FeatureModule {
  private final Tasks tasks;
  private final Subtasks subtasks;
  private final TaskRoutes taskRoutes;
  private final SubtaskRoutes subtaskRoutes;
  private final List<RowReverter> reverters;
  private final EventListener dayListener;

  public TaskModule(
      ModuleContext context,
      TaskConfig config,
      Tombstones tombstones,
      InstanceScheduler instances,
      Achievements achievements) {
    tasks =
        new Tasks(config, context.ids(), context.json(), context.events(), tombstones, instances);
    subtasks = new Subtasks(tasks, context.ids(), context.events());
    dayListener = new DayListener(context.events());
    taskRoutes =
        new TaskRoutes(
            tasks,
            new TaskMoves(config, tasks, context.events()),
            achievements,
            new TaskForm(config),
            new FilteredList(new FilteredTasks(context.json())));
    subtaskRoutes = new SubtaskRoutes(tasks, subtasks, achievements);
    reverters =
        List.of(
            new TaskReverter(context.json(), achievements, instances),
            TaskReverter.ofSubtasks(context.json()));
  }

  public Tasks tasks() {
    return tasks;
  }

  public Subtasks subtasks() {
    return subtasks;
  }

  @Override
  public List<Route> routes() {
    return List.of(
        read("/api/v1/tasks", taskRoutes::list).scopes(TASKS_READ),
        write(POST, "/api/v1/tasks", taskRoutes::create)
            .creates("/api/v1/tasks/{id}")
            .command("task.create")
            .scopes(TASKS_WRITE),
        conditionalRead("/api/v1/tasks/{id}", taskRoutes::show).scopes(TASKS_READ),
        write(PATCH, "/api/v1/tasks/{id}", taskRoutes::patch)
            .conditionalOn(taskRoutes::show)
            .versionedCommand("task.update")
            .scopes(TASKS_WRITE),
        write(PUT, "/api/v1/tasks/{id}", taskRoutes::patch)
            .conditionalOn(taskRoutes::show)
            .scopes(TASKS_WRITE),
        write(DELETE, "/api/v1/tasks/{id}", taskRoutes::delete)
            .conditionalOn(taskRoutes::show)
            .command("task.delete")
            .scopes(TASKS_WRITE),
        write(POST, "/api/v1/tasks/{id}/force-complete", taskRoutes::forceComplete)
            .conditionalOn(taskRoutes::show)
            .versionedCommand("task.force_complete")
            .scopes(TASKS_WRITE),
        write(POST, "/api/v1/tasks/{id}/skip", taskRoutes::skip)
            .conditionalOn(taskRoutes::show)
            .versionedCommand("task.skip")
            .scopes(TASKS_WRITE),
        write(POST, "/api/v1/tasks/{id}/postpone", taskRoutes::postpone)
            .conditionalOn(taskRoutes::show)
            .versionedCommand("task.postpone")
            .scopes(TASKS_WRITE),
        read("/api/v1/tasks/{id}/subtasks", subtaskRoutes::list).scopes(TASKS_READ),
        write(POST, "/api/v1/tasks/{id}/subtasks", subtaskRoutes::create)
            .creates("/api/v1/subtasks/{id}")
            .command("subtask.create", "task_id")
            .scopes(TASKS_WRITE),
        write(PUT, "/api/v1/tasks/{id}/subtasks/reorder", subtaskRoutes::reorder)
            .command("subtask.reorder", "task_id")
            .scopes(TASKS_WRITE),
        conditionalRead("/api/v1/subtasks/{id}", subtaskRoutes::show).scopes(TASKS_READ),
        write(PATCH, "/api/v1/subtasks/{id}", subtaskRoutes::patch)
            .answering(subtaskRoutes::show)
            .versionedCommand("subtask.update")
            .scopes(TASKS_WRITE),
        write(PUT, "/api/v1/subtasks/{id}", subtaskRoutes::patch)
            .conditionalOn(subtaskRoutes::show)
            .scopes(TASKS_WRITE),
        write(DELETE, "/api/v1/subtasks/{id}", subtaskRoutes::delete)
            .conditionalOn(subtaskRoutes::show)
            .command("subtask.delete")
            .scopes(TASKS_WRITE));
  }

  /** What undoes changes of the feature's rows, in the order in which rows are restored. */
  public List<RowReverter> reverters() {
    return reverters;
  }

  @Override
  public List<EventListener> listeners() {
    return List.of(dayListener);
  }

  @Override
  public List<SyncedType> syncedTypes() {
    return List.of(
        SyncedType.ofRows(
            "task", "tasks.find_by_ids", "tasks.list_by_id", TaskWithSubtasks::synced));
  }
}
