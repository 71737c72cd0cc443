package app.perpetua.flow.imports;

import static app.perpetua.flow.http.Route.read;
import static app.perpetua.flow.http.Route.upload;

import app.perpetua.flow.base.AddressGuard;
import app.perpetua.flow.base.AllowedHost;
import app.perpetua.flow.filters.FilterConfig;
import app.perpetua.flow.http.Route;
import app.perpetua.flow.imports.readers.ICalendarReader;
import app.perpetua.flow.imports.readers.PerpetuaFlowReader;
import app.perpetua.flow.imports.readers.TickTickCsvReader;
import app.perpetua.flow.imports.readers.TodoistCsvReader;
import app.perpetua.flow.imports.readers.TodoistJsonReader;
import app.perpetua.flow.jobs.CleanupJob;
import app.perpetua.flow.jobs.JobHandler;
import app.perpetua.flow.lists.ListConfig;
import app.perpetua.flow.module.FeatureModule;
import app.perpetua.flow.module.ModuleContext;
import app.perpetua.flow.quickadd.parser.QuickParser;
import app.perpetua.flow.recurrence.InstanceJobs;
import app.perpetua.flow.reminders.ReminderJobs;
import app.perpetua.flow.sql.Db;
import java.net.InetAddress;
import java.util.List;
import java.util.Map;

/** Imports. */
public final class ImportModule implements FeatureModule {
  private final ImportRoutes imports;
  private final ImportJob job;

  /**
   * @param lists limits of lists and labels, which apply to imports
   * @param filters limits of saved filters, likewise
   */
  public ImportModule(
      ModuleContext context,
      Db db,
      InstanceJobs instances,
      ListConfig lists,
      FilterConfig filters) {
    imports = new ImportRoutes(new Imports(context.ids(), context.json(), context.jobs()));
    AddressGuard guard =
        new AddressGuard(List.of(new AllowedHost.Any()), InetAddress::getAllByName);
    QuickParser parser = new QuickParser();
    job =
        new ImportJob(
            db,
            Map.of(
                Source.PERPETUA_FLOW, new PerpetuaFlowReader(context.json(), guard),
                Source.TODOIST_CSV, new TodoistCsvReader(parser),
                Source.TODOIST_JSON, new TodoistJsonReader(context.json(), parser),
                Source.TICKTICK_CSV, new TickTickCsvReader(),
                Source.ICALENDAR, new ICalendarReader()),
            new ImportWriter(
                context.ids(),
                context.json(),
                instances,
                new ReminderJobs(context.jobs()),
                lists,
                filters),
            instances,
            context.events());
  }

  @Override
  public List<Route> routes() {
    return List.of(
        upload("/api/v1/imports", imports::create).creates("/api/v1/imports/{id}"),
        read("/api/v1/imports", imports::list),
        read("/api/v1/imports/{id}", imports::show),
        read("/api/v1/imports/{id}/report", imports::report));
  }

  @Override
  public Map<String, JobHandler> jobs() {
    return Map.of(ImportJob.KIND, job);
  }

  @Override
  public List<CleanupJob.Sweep> sweeps() {
    return List.of(Imports::deleteExpiredFiles, Imports::deleteExpired);
  }
}
