package app.perpetua.flow.search;

import static app.perpetua.flow.http.Route.read;
import static app.perpetua.flow.http.auth.Scope.NOTES_READ;
import static app.perpetua.flow.http.auth.Scope.TASKS_READ;

import app.perpetua.flow.http.Route;
import app.perpetua.flow.module.FeatureModule;
import java.util.List;

/** Ranked searches of tasks, subtasks and notes. */
public final class SearchModule implements FeatureModule {
  private final SearchRoutes routes = new SearchRoutes(new Searches());

  @Override
  public List<Route> routes() {
    return List.of(read("/api/v1/search", routes::search).scopes(TASKS_READ, NOTES_READ));
  }
}
