package app.perpetua.flow.filters;

import static app.perpetua.flow.http.Route.Verb.DELETE;
import static app.perpetua.flow.http.Route.Verb.PATCH;
import static app.perpetua.flow.http.Route.Verb.POST;
import static app.perpetua.flow.http.Route.conditionalRead;
import static app.perpetua.flow.http.Route.read;
import static app.perpetua.flow.http.Route.write;
import static app.perpetua.flow.http.auth.Scope.TASKS_READ;
import static app.perpetua.flow.http.auth.Scope.TASKS_WRITE;

import app.perpetua.flow.http.Route;
import app.perpetua.flow.module.FeatureModule;
import app.perpetua.flow.module.ModuleContext;
import app.perpetua.flow.sync.SyncedType;
import app.perpetua.flow.undo.RowReverter;
import app.perpetua.flow.undo.RowStatements;
import java.util.List;

/** Saved filters of tasks. */
public final class FilterModule implements FeatureModule {
  private final FilterRoutes filters;
  private final List<RowReverter> reverters;

  public FilterModule(ModuleContext context, FilterConfig config) {
    filters =
        new FilterRoutes(
            new SavedFilters(
                config, context.ids(), context.events(), new FilteredTasks(context.json())));
    reverters =
        List.of(
            new RowStatements(
                "filter",
                "savedfilters.find_filters_by_ids",
                "savedfilters.find_equal_filters",
                "savedfilters.remove_created_filters",
                "savedfilters.set_former_filter_values",
                "savedfilters.insert_former_filters",
                context.json()));
  }

  @Override
  public List<Route> routes() {
    return List.of(
        read("/api/v1/filters", filters::list).scopes(TASKS_READ),
        write(POST, "/api/v1/filters", filters::create)
            .creates("/api/v1/filters/{id}")
            .command("filter.create")
            .scopes(TASKS_WRITE),
        conditionalRead("/api/v1/filters/{id}", filters::show).scopes(TASKS_READ),
        write(PATCH, "/api/v1/filters/{id}", filters::patch)
            .answering(filters::show)
            .versionedCommand("filter.update")
            .scopes(TASKS_WRITE),
        write(DELETE, "/api/v1/filters/{id}", filters::delete)
            .conditionalOn(filters::show)
            .command("filter.delete")
            .scopes(TASKS_WRITE));
  }

  /** What undoes changes of the feature's rows. */
  public List<RowReverter> reverters() {
    return reverters;
  }

  @Override
  public List<SyncedType> syncedTypes() {
    return List.of(
        SyncedType.ofRows(
            "filter",
            "savedfilters.find_filters_by_ids",
            "savedfilters.list_filters_by_id",
            row -> {
              SavedFilter filter = SavedFilter.of(row);
              return new SyncedType.Entity(filter.id(), filter.version(), filter);
            }));
  }
}
