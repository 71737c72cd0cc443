package app.perpetua.flow.recovery;

import static app.perpetua.flow.http.Route.Verb.POST;
import static app.perpetua.flow.http.Route.read;
import static app.perpetua.flow.http.Route.write;
import static app.perpetua.flow.http.auth.Scope.NOTES_READ;
import static app.perpetua.flow.http.auth.Scope.NOTES_WRITE;
import static app.perpetua.flow.http.auth.Scope.TASKS_READ;
import static app.perpetua.flow.http.auth.Scope.TASKS_WRITE;

import app.perpetua.flow.http.Route;
import app.perpetua.flow.jobs.CleanupJob;
import app.perpetua.flow.module.FeatureModule;
import app.perpetua.flow.module.ModuleContext;
import app.perpetua.flow.undo.RowReverter;
import java.util.List;

/** Undo of deletions. */
public final class RecoveryModule implements FeatureModule {
  private final Tombstones tombstones;
  private final RecoveryRoutes recovery;
  private final RowReverter reverter;

  public RecoveryModule(
      ModuleContext context,
      Tombstones tombstones,
      Restorer tasks,
      Restorer notes,
      Restorer lists) {
    this.tombstones = tombstones;
    reverter = new TombstoneReverter(tombstones, context.json());
    recovery = new RecoveryRoutes(new Recovery(tasks, notes, lists, context.events()));
  }

  @Override
  public List<Route> routes() {
    return List.of(
        read("/api/v1/recovery/tombstones", recovery::list).scopes(TASKS_READ, NOTES_READ),
        write(POST, "/api/v1/recovery/tombstones/{id}/recover", recovery::recover)
            .command("tombstone.recover")
            .scopes(TASKS_WRITE, NOTES_WRITE),
        write(POST, "/api/v1/tasks/recover/{tombstone_id}", recovery::recoverTask)
            .command("task.recover")
            .scopes(TASKS_WRITE));
  }

  @Override
  public List<CleanupJob.Sweep> sweeps() {
    return List.of(tombstones::deleteExpired);
  }

  /** What undoes changes of the feature's rows, in the order in which rows are restored. */
  public List<RowReverter> reverters() {
    return List.of(reverter);
  }
}
