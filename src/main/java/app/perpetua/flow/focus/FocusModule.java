package app.perpetua.flow.focus;

import static app.perpetua.flow.http.Route.Verb.POST;
import static app.perpetua.flow.http.Route.read;
import static app.perpetua.flow.http.Route.write;
import static app.perpetua.flow.http.auth.Scope.TASKS_READ;
import static app.perpetua.flow.http.auth.Scope.TASKS_WRITE;

import app.perpetua.flow.events.EventListener;
import app.perpetua.flow.http.Route;
import app.perpetua.flow.jobs.JobHandler;
import app.perpetua.flow.module.FeatureModule;
import app.perpetua.flow.module.ModuleContext;
import app.perpetua.flow.sync.SyncedType;
import app.perpetua.flow.tasks.Tasks;
import app.perpetua.flow.undo.RowReverter;
import java.util.List;
import java.util.Map;

/** Focus sessions. */
public final class FocusModule implements FeatureModule {
  private final FocusSessions sessions;
  private final FocusEndJob end;
  private final FocusRoutes focus;
  private final RowReverter reverter;

  public FocusModule(ModuleContext context, Tasks tasks) {
    sessions = new FocusSessions(tasks, context.ids(), context.jobs(), context.events());
    end = new FocusEndJob(sessions, context.json());
    focus = new FocusRoutes(sessions);
    reverter = new FocusReverter(context.json(), sessions);
  }

  @Override
  public List<Route> routes() {
    return List.of(
        write(POST, "/api/v1/focus/start", focus::start).command("focus.start").scopes(TASKS_WRITE),
        write(POST, "/api/v1/focus/end", focus::end).command("focus.end").scopes(TASKS_WRITE),
        read("/api/v1/focus/active", focus::active).scopes(TASKS_READ));
  }

  @Override
  public Map<String, JobHandler> jobs() {
    return Map.of(FocusSessions.END, end);
  }

  @Override
  public List<EventListener> listeners() {
    return List.of(new FocusListener(sessions));
  }

  /** What undoes changes of the feature's rows, in the order in which rows are restored. */
  public List<RowReverter> reverters() {
    return List.of(reverter);
  }

  @Override
  public List<SyncedType> syncedTypes() {
    return List.of(
        SyncedType.ofOne(
            "focus",
            tx ->
                sessions
                    .active(tx)
                    .map(session -> new SyncedType.Entity(session.sessionId(), null, session))));
  }
}
