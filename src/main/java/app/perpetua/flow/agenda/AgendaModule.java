package app.perpetua.flow.agenda;

import static app.perpetua.flow.http.Route.read;
import static app.perpetua.flow.http.auth.Scope.TASKS_READ;

import app.perpetua.flow.http.Route;
import app.perpetua.flow.module.FeatureModule;
import app.perpetua.flow.module.ModuleContext;
import java.util.List;

/** The agenda. */
public final class AgendaModule implements FeatureModule {
  /** As many as the largest page of a list. */
  private static final int MAX_TASKS = 100;

  private final AgendaRoutes agenda;

  public AgendaModule(ModuleContext context) {
    agenda = new AgendaRoutes(new Agendas(context.json(), MAX_TASKS));
  }

  @Override
  public List<Route> routes() {
    return List.of(read("/api/v1/agenda", agenda::show).scopes(TASKS_READ));
  }
}
