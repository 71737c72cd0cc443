package app.perpetua.flow.sync;

import static app.perpetua.flow.http.Route.commands;
import static app.perpetua.flow.http.Route.read;

import app.perpetua.flow.http.Route;
import app.perpetua.flow.jobs.CleanupJob;
import app.perpetua.flow.module.FeatureModule;
import app.perpetua.flow.module.ModuleContext;
import java.util.List;

/** Synchronization of clients. */
public final class SyncModule implements FeatureModule {
  private final Sync service;
  private final SyncRoutes sync;

  /**
   * @param types of all features, in the order of a snapshot
   * @param routes of all features, some of which have a type of command
   */
  public SyncModule(ModuleContext context, List<SyncedType> types, List<Route> routes) {
    service = new Sync(types);
    sync = new SyncRoutes(service, new BatchForm(routes), context.metrics());
  }

  @Override
  public List<Route> routes() {
    return List.of(read("/api/v1/sync", sync::read), commands("/api/v1/sync", sync::commands));
  }

  @Override
  public List<CleanupJob.Sweep> sweeps() {
    return List.of(service::deleteExpired);
  }
}
