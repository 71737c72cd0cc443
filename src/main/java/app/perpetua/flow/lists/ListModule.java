package app.perpetua.flow.lists;

import static app.perpetua.flow.http.Route.Verb.DELETE;
import static app.perpetua.flow.http.Route.Verb.PATCH;
import static app.perpetua.flow.http.Route.Verb.POST;
import static app.perpetua.flow.http.Route.conditionalRead;
import static app.perpetua.flow.http.Route.read;
import static app.perpetua.flow.http.Route.write;
import static app.perpetua.flow.http.auth.Scope.TASKS_READ;
import static app.perpetua.flow.http.auth.Scope.TASKS_WRITE;

import app.perpetua.flow.http.Route;
import app.perpetua.flow.module.FeatureModule;
import app.perpetua.flow.module.ModuleContext;
import app.perpetua.flow.recovery.Restorer;
import app.perpetua.flow.recovery.Tombstones;
import app.perpetua.flow.sql.Tx;
import app.perpetua.flow.sync.SyncedType;
import app.perpetua.flow.tasks.InstanceScheduler;
import app.perpetua.flow.tasks.Tasks;
import app.perpetua.flow.undo.RowReverter;
import java.util.List;
import java.util.UUID;
import java.util.function.ToIntBiFunction;

/** Lists and labels of tasks. */
public final class ListModule implements FeatureModule {
  private final ListDeletions deletions;
  private final ListRoutes lists;
  private final Labels labelService;
  private final LabelRoutes labels;
  private final List<RowReverter> reverters;

  /**
   * @param reminders restores the reminders of a tombstone; returns how many were marked as fired
   *     without a notification
   */
  public ListModule(
      ModuleContext context,
      ListConfig config,
      Tombstones tombstones,
      InstanceScheduler instances,
      Tasks tasks,
      ToIntBiFunction<Tx, UUID> reminders) {
    Lists service = new Lists(config, context.ids(), context.events());
    deletions = new ListDeletions(service, tombstones, instances, reminders, context.events());
    lists = new ListRoutes(service, deletions, new Moves(tasks));
    labelService = new Labels(config, context.ids(), context.events());
    labels = new LabelRoutes(labelService);
    reverters = List.of(new ListReverter(context.json()), new LabelReverter(context.json()));
  }

  /** Restores lists that were deleted with their tasks. */
  public Restorer restorer() {
    return deletions;
  }

  public Labels labels() {
    return labelService;
  }

  @Override
  public List<Route> routes() {
    return List.of(
        read("/api/v1/lists", lists::list).scopes(TASKS_READ),
        write(POST, "/api/v1/lists", lists::create)
            .creates("/api/v1/lists/{id}")
            .command("list.create")
            .scopes(TASKS_WRITE),
        conditionalRead("/api/v1/lists/{id}", lists::show).scopes(TASKS_READ),
        write(PATCH, "/api/v1/lists/{id}", lists::patch)
            .answering(lists::show)
            .versionedCommand("list.update")
            .scopes(TASKS_WRITE),
        write(DELETE, "/api/v1/lists/{id}", lists::delete)
            .conditionalOn(lists::show)
            .command("list.delete")
            .scopes(TASKS_WRITE),
        write(POST, "/api/v1/lists/{id}/move", lists::move)
            .command("list.move")
            .scopes(TASKS_WRITE),
        write(POST, "/api/v1/tasks/{id}/move", lists::moveTask)
            .versionedCommand("task.move")
            .scopes(TASKS_WRITE),
        read("/api/v1/labels", labels::list).scopes(TASKS_READ),
        write(POST, "/api/v1/labels", labels::create)
            .creates("/api/v1/labels/{id}")
            .command("label.create")
            .scopes(TASKS_WRITE),
        conditionalRead("/api/v1/labels/{id}", labels::show).scopes(TASKS_READ),
        write(PATCH, "/api/v1/labels/{id}", labels::patch)
            .answering(labels::show)
            .versionedCommand("label.update")
            .scopes(TASKS_WRITE),
        write(DELETE, "/api/v1/labels/{id}", labels::delete)
            .conditionalOn(labels::show)
            .command("label.delete")
            .scopes(TASKS_WRITE));
  }

  /** What undoes changes of the feature's rows, in the order in which rows are restored. */
  public List<RowReverter> reverters() {
    return reverters;
  }

  @Override
  public List<SyncedType> syncedTypes() {
    return List.of(
        SyncedType.ofRows(
            "list",
            "lists.find_lists_by_ids",
            "lists.list_lists_by_id",
            row -> {
              TaskList list = TaskList.of(row);
              return new SyncedType.Entity(list.id(), list.version(), list);
            }),
        SyncedType.ofRows(
            "label",
            "lists.find_labels_by_ids",
            "lists.list_labels_by_id",
            row -> {
              Label label = Label.of(row);
              return new SyncedType.Entity(label.id(), label.version(), label);
            }));
  }
}
