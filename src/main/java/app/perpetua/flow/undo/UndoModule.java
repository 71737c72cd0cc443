package app.perpetua.flow.undo;

import static app.perpetua.flow.http.Route.Verb.POST;
import static app.perpetua.flow.http.Route.write;
import static app.perpetua.flow.http.auth.Scope.NOTES_WRITE;
import static app.perpetua.flow.http.auth.Scope.REMINDERS_WRITE;
import static app.perpetua.flow.http.auth.Scope.TASKS_WRITE;

import app.perpetua.flow.http.Route;
import app.perpetua.flow.module.FeatureModule;
import app.perpetua.flow.module.ModuleContext;
import java.util.List;

/** Undo of changes. */
public final class UndoModule implements FeatureModule {
  private final UndoRoutes undo;

  /**
   * @param reverters in the order in which rows are restored: those that others refer to come first
   */
  public UndoModule(ModuleContext context, List<RowReverter> reverters) {
    undo = new UndoRoutes(new Undo(reverters, context.events(), context.json()));
  }

  @Override
  public List<Route> routes() {
    return List.of(
        write(POST, "/api/v1/activity/{id}/undo", undo::undo)
            .command("activity.undo")
            .scopes(TASKS_WRITE, NOTES_WRITE, REMINDERS_WRITE));
  }
}
