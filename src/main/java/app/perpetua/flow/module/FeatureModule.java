package app.perpetua.flow.module;

import app.perpetua.flow.events.EventListener;
import app.perpetua.flow.http.Route;
import app.perpetua.flow.jobs.CleanupJob;
import app.perpetua.flow.jobs.DailyJobs;
import app.perpetua.flow.jobs.JobHandler;
import app.perpetua.flow.sync.SyncedType;
import java.util.List;
import java.util.Map;

/**
 * Constructs the classes of a feature and contributes its endpoints, jobs, deletions and listeners
 * to the service. Accessors of an implementation return the services that other features may use.
 * Constructing a module starts nothing. Implementations are thread-safe.
 */
public interface FeatureModule {
  /** The feature's endpoints, one per line. */
  List<Route> routes();

  /** Job handlers by kind. */
  default Map<String, JobHandler> jobs() {
    return Map.of();
  }

  /** Work that runs once per UTC day, by kind. */
  default Map<String, DailyJobs.Batch> daily() {
    return Map.of();
  }

  /** Deletions of expired rows, which the daily clean-up runs. */
  default List<CleanupJob.Sweep> sweeps() {
    return List.of();
  }

  /** Listeners to events of other features, in the order in which they are called. */
  default List<EventListener> listeners() {
    return List.of();
  }

  /** What clients that keep a copy of the user's data read, by type. */
  default List<SyncedType> syncedTypes() {
    return List.of();
  }
}
