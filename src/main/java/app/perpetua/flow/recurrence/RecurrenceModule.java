package app.perpetua.flow.recurrence;

import static app.perpetua.flow.http.Route.Verb.DELETE;
import static app.perpetua.flow.http.Route.Verb.PATCH;
import static app.perpetua.flow.http.Route.Verb.POST;
import static app.perpetua.flow.http.Route.conditionalRead;
import static app.perpetua.flow.http.Route.read;
import static app.perpetua.flow.http.Route.write;
import static app.perpetua.flow.http.auth.Scope.TASKS_READ;
import static app.perpetua.flow.http.auth.Scope.TASKS_WRITE;

import app.perpetua.flow.http.Route;
import app.perpetua.flow.jobs.JobHandler;
import app.perpetua.flow.module.FeatureModule;
import app.perpetua.flow.module.ModuleContext;
import app.perpetua.flow.sync.SyncedType;
import app.perpetua.flow.tasks.Instances;
import app.perpetua.flow.tasks.ReminderCopier;
import app.perpetua.flow.tasks.Subtasks;
import app.perpetua.flow.tasks.TaskConfig;
import app.perpetua.flow.tasks.TaskForm;
import app.perpetua.flow.tasks.Tasks;
import app.perpetua.flow.undo.RowReverter;
import java.util.List;
import java.util.Map;

/** Recurring tasks: templates and their instances. */
public final class RecurrenceModule implements FeatureModule {
  private final NextInstanceJob nextInstance;
  private final Templates service;
  private final TemplateRoutes templates;
  private final RowReverter reverter;
  private final SeriesReader series = new SeriesReader();

  public RecurrenceModule(
      ModuleContext context,
      TaskConfig config,
      Tasks tasks,
      Subtasks subtasks,
      ReminderCopier reminders,
      InstanceJobs jobs) {
    Instances instances =
        new Instances(tasks, subtasks, reminders, context.ids(), context.json(), context.events());
    nextInstance =
        new NextInstanceJob(instances, context.jobs(), context.events(), config.instanceLead());
    reverter = new TemplateReverter(context.json(), jobs);
    service =
        new Templates(
            tasks, instances, context.ids(), context.events(), jobs, config.instanceLead());
    templates = new TemplateRoutes(service, new TaskForm(config));
  }

  public Templates templates() {
    return service;
  }

  public SeriesReader series() {
    return series;
  }

  @Override
  public List<Route> routes() {
    return List.of(
        read("/api/v1/templates", templates::list).scopes(TASKS_READ),
        write(POST, "/api/v1/templates", templates::create)
            .creates("/api/v1/templates/{id}")
            .command("template.create")
            .scopes(TASKS_WRITE),
        write(POST, "/api/v1/templates/preview", templates::previewRule).scopes(TASKS_READ),
        conditionalRead("/api/v1/templates/{id}", templates::show).scopes(TASKS_READ),
        write(PATCH, "/api/v1/templates/{id}", templates::patch)
            .answering(templates::show)
            .versionedCommand("template.update")
            .scopes(TASKS_WRITE),
        write(DELETE, "/api/v1/templates/{id}", templates::delete)
            .conditionalOn(templates::show)
            .command("template.delete")
            .scopes(TASKS_WRITE),
        read("/api/v1/templates/{id}/preview", templates::preview).scopes(TASKS_READ));
  }

  @Override
  public Map<String, JobHandler> jobs() {
    return Map.of(NextInstanceJob.KIND, nextInstance);
  }

  /** What undoes changes of the feature's rows, in the order in which rows are restored. */
  public List<RowReverter> reverters() {
    return List.of(reverter);
  }

  @Override
  public List<SyncedType> syncedTypes() {
    return List.of(
        SyncedType.ofRows(
            "template",
            "recurrence.find_by_ids",
            "recurrence.list_by_id",
            row -> {
              Template template = Template.of(row);
              return new SyncedType.Entity(template.id(), template.version(), template);
            }));
  }
}
