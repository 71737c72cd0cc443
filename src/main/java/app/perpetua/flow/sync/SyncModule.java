package app.perpetua.flow.sync;

import static app.perpetua.flow.http.Route.read;

import app.perpetua.flow.http.Route;
import app.perpetua.flow.jobs.CleanupJob;
import app.perpetua.flow.module.FeatureModule;
import java.util.List;

/** Synchronization of clients. */
public final class SyncModule implements FeatureModule {
  private final Sync service;
  private final SyncRoutes sync;

  /**
   * @param types of all features, in the order of a snapshot
   */
  public SyncModule(List<SyncedType> types) {
    service = new Sync(types);
    sync = new SyncRoutes(service);
  }

  @Override
  public List<Route> routes() {
    return List.of(read("/api/v1/sync", sync::read));
  }

  @Override
  public List<CleanupJob.Sweep> sweeps() {
    return List.of(service::deleteExpired);
  }
}
