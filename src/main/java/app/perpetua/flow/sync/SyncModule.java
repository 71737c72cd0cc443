package app.perpetua.flow.sync;

import static app.perpetua.flow.http.Route.commands;
import static app.perpetua.flow.http.Route.read;
import static app.perpetua.flow.http.Route.stream;
import static app.perpetua.flow.http.auth.Scope.ACCOUNT_READ;
import static app.perpetua.flow.http.auth.Scope.NOTES_READ;
import static app.perpetua.flow.http.auth.Scope.NOTES_WRITE;
import static app.perpetua.flow.http.auth.Scope.REMINDERS_READ;
import static app.perpetua.flow.http.auth.Scope.REMINDERS_WRITE;
import static app.perpetua.flow.http.auth.Scope.TASKS_READ;
import static app.perpetua.flow.http.auth.Scope.TASKS_WRITE;

import app.perpetua.flow.filters.FilteredTasks;
import app.perpetua.flow.http.Route;
import app.perpetua.flow.http.auth.SessionCheck;
import app.perpetua.flow.jobs.CleanupJob;
import app.perpetua.flow.module.FeatureModule;
import app.perpetua.flow.module.ModuleContext;
import app.perpetua.flow.sql.Db;
import java.util.List;

/** Synchronization of clients. */
public final class SyncModule implements FeatureModule {
  private final Sync service;
  private final SyncRoutes sync;
  private final EventStreams streams;
  private final EventRoutes events;

  /**
   * @param types of all features, in the order of a snapshot
   * @param routes of all features, some of which have a type of command
   */
  public SyncModule(
      ModuleContext context,
      EventStreamConfig config,
      Db db,
      SessionCheck sessions,
      List<SyncedType> types,
      List<Route> routes) {
    service = new Sync(types, new FilteredTasks(context.json()));
    sync = new SyncRoutes(service, new BatchForm(routes), context.metrics());
    streams =
        new EventStreams(
            config,
            EventTiming.standard(),
            new ChangeFeed(db),
            sessions,
            context.json(),
            context.clock(),
            context.metrics());
    events = new EventRoutes(service, streams);
  }

  /** The open event streams, which the caller closes when the process stops. */
  public EventStreams streams() {
    return streams;
  }

  @Override
  public List<Route> routes() {
    return List.of(
        read("/api/v1/sync", sync::read)
            .scopes(TASKS_READ, NOTES_READ, REMINDERS_READ, ACCOUNT_READ),
        commands("/api/v1/sync", sync::commands).scopes(TASKS_WRITE, NOTES_WRITE, REMINDERS_WRITE),
        stream("/api/v1/events", events::open)
            .scopes(TASKS_READ, NOTES_READ, REMINDERS_READ, ACCOUNT_READ));
  }

  @Override
  public List<CleanupJob.Sweep> sweeps() {
    return List.of(service::deleteExpired);
  }
}
