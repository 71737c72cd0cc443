package app.perpetua.flow.tasks;

import static app.perpetua.flow.http.Route.Verb.DELETE;
import static app.perpetua.flow.http.Route.Verb.PATCH;
import static app.perpetua.flow.http.Route.Verb.POST;
import static app.perpetua.flow.http.Route.Verb.PUT;
import static app.perpetua.flow.http.Route.conditionalRead;
import static app.perpetua.flow.http.Route.read;
import static app.perpetua.flow.http.Route.write;

import app.perpetua.flow.achievements.Achievements;
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

  public TaskModule(
      ModuleContext context,
      TaskConfig config,
      Tombstones tombstones,
      InstanceScheduler instances,
      Achievements achievements) {
    tasks =
        new Tasks(config, context.ids(), context.json(), context.events(), tombstones, instances);
    subtasks = new Subtasks(tasks, context.ids(), context.events());
    taskRoutes = new TaskRoutes(tasks, achievements, new TaskForm(config));
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
        read("/api/v1/tasks", taskRoutes::list),
        write(POST, "/api/v1/tasks", taskRoutes::create)
            .creates("/api/v1/tasks/{id}")
            .command("task.create"),
        conditionalRead("/api/v1/tasks/{id}", taskRoutes::show),
        write(PATCH, "/api/v1/tasks/{id}", taskRoutes::patch)
            .conditionalOn(taskRoutes::show)
            .versionedCommand("task.update"),
        write(PUT, "/api/v1/tasks/{id}", taskRoutes::patch).conditionalOn(taskRoutes::show),
        write(DELETE, "/api/v1/tasks/{id}", taskRoutes::delete)
            .conditionalOn(taskRoutes::show)
            .command("task.delete"),
        write(POST, "/api/v1/tasks/{id}/force-complete", taskRoutes::forceComplete)
            .conditionalOn(taskRoutes::show)
            .versionedCommand("task.force_complete"),
        read("/api/v1/tasks/{id}/subtasks", subtaskRoutes::list),
        write(POST, "/api/v1/tasks/{id}/subtasks", subtaskRoutes::create)
            .creates("/api/v1/subtasks/{id}")
            .command("subtask.create", "task_id"),
        write(PUT, "/api/v1/tasks/{id}/subtasks/reorder", subtaskRoutes::reorder)
            .command("subtask.reorder", "task_id"),
        conditionalRead("/api/v1/subtasks/{id}", subtaskRoutes::show),
        write(PATCH, "/api/v1/subtasks/{id}", subtaskRoutes::patch)
            .answering(subtaskRoutes::show)
            .versionedCommand("subtask.update"),
        write(PUT, "/api/v1/subtasks/{id}", subtaskRoutes::patch)
            .conditionalOn(subtaskRoutes::show),
        write(DELETE, "/api/v1/subtasks/{id}", subtaskRoutes::delete)
            .conditionalOn(subtaskRoutes::show)
            .command("subtask.delete"));
  }

  /** What undoes changes of the feature's rows, in the order in which rows are restored. */
  public List<RowReverter> reverters() {
    return reverters;
  }

  @Override
  public List<SyncedType> syncedTypes() {
    return List.of(
        SyncedType.ofRows(
            "task", "tasks.find_by_ids", "tasks.list_by_id", TaskWithSubtasks::synced));
  }
}
