package app.perpetua.flow.mcp;

import static app.perpetua.flow.http.Route.calls;

import app.perpetua.flow.base.ServiceVersion;
import app.perpetua.flow.http.Errors;
import app.perpetua.flow.http.Route;
import app.perpetua.flow.module.FeatureModule;
import app.perpetua.flow.module.ModuleContext;
import java.util.List;
import java.util.Set;

/** The Model Context Protocol. */
public final class McpModule implements FeatureModule {
  private final McpRoutes mcp;

  /**
   * @param origins of pages that may use it
   * @param routes of all features, which the tools execute
   */
  public McpModule(ModuleContext context, Set<String> origins, List<Route> routes) {
    OperationIndex operations = new OperationIndex(routes);
    TaskTools tasks = new TaskTools(operations);
    NoteTools notes = new NoteTools(operations);
    AccountTools account = new AccountTools(operations);
    mcp =
        new McpRoutes(
            context.json(),
            context.ids(),
            new Errors(context.json()),
            new Tools(context.json(), tasks, notes, new ReminderTools(operations), account),
            new Resources(context.json(), tasks, notes, account),
            origins,
            ServiceVersion.read());
  }

  @Override
  public List<Route> routes() {
    return List.of(calls("/mcp", mcp::answer), calls("/api/v1/mcp", mcp::answer));
  }
}
