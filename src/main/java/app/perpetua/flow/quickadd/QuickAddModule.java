package app.perpetua.flow.quickadd;

import static app.perpetua.flow.http.Route.Verb.POST;
import static app.perpetua.flow.http.Route.write;
import static app.perpetua.flow.http.auth.Scope.TASKS_WRITE;

import app.perpetua.flow.http.Route;
import app.perpetua.flow.lists.Labels;
import app.perpetua.flow.module.FeatureModule;
import app.perpetua.flow.recurrence.Templates;
import app.perpetua.flow.reminders.Reminders;
import app.perpetua.flow.tasks.Tasks;
import java.util.List;

/** Tasks from texts in words. */
public final class QuickAddModule implements FeatureModule {
  private final QuickAddRoutes routes;

  public QuickAddModule(Tasks tasks, Templates templates, Labels labels, Reminders reminders) {
    routes = new QuickAddRoutes(new QuickAdd(tasks, templates, labels, reminders));
  }

  @Override
  public List<Route> routes() {
    return List.of(
        write(POST, "/api/v1/tasks/quick", routes::create)
            .creates("/api/v1/tasks/{id}")
            .command("task.quick_add")
            .scopes(TASKS_WRITE));
  }
}
