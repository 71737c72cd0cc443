package app.perpetua.flow.activity;

import static app.perpetua.flow.http.Route.read;
import static app.perpetua.flow.http.auth.Scope.ACTIVITY_READ;

import app.perpetua.flow.http.Route;
import app.perpetua.flow.module.FeatureModule;
import app.perpetua.flow.module.ModuleContext;
import java.util.List;

/** The activity log. */
public final class ActivityModule implements FeatureModule {
  private final ActivityRoutes activity;

  public ActivityModule(ModuleContext context) {
    activity = new ActivityRoutes(new Activity(context.json()));
  }

  @Override
  public List<Route> routes() {
    return List.of(read("/api/v1/activity", activity::list).scopes(ACTIVITY_READ));
  }
}
