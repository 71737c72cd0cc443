package app.perpetua.flow.reminders;

import static app.perpetua.flow.http.Route.Verb.DELETE;
import static app.perpetua.flow.http.Route.Verb.PATCH;
import static app.perpetua.flow.http.Route.Verb.POST;
import static app.perpetua.flow.http.Route.conditionalRead;
import static app.perpetua.flow.http.Route.read;
import static app.perpetua.flow.http.Route.write;
import static app.perpetua.flow.http.auth.Scope.REMINDERS_READ;
import static app.perpetua.flow.http.auth.Scope.REMINDERS_WRITE;

import app.perpetua.flow.achievements.Achievements;
import app.perpetua.flow.events.EventListener;
import app.perpetua.flow.http.Route;
import app.perpetua.flow.jobs.JobHandler;
import app.perpetua.flow.jobs.Jobs;
import app.perpetua.flow.jobs.Lateness;
import app.perpetua.flow.module.FeatureModule;
import app.perpetua.flow.module.ModuleContext;
import app.perpetua.flow.notifications.Notifications;
import app.perpetua.flow.recovery.Restorer;
import app.perpetua.flow.sql.Tx;
import app.perpetua.flow.sync.SyncedType;
import app.perpetua.flow.tasks.ReminderCopier;
import app.perpetua.flow.tasks.Tasks;
import app.perpetua.flow.undo.RowReverter;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.function.ToIntBiFunction;

/** Reminders of tasks. */
public final class ReminderModule implements FeatureModule {
  private final Reminders service;
  private final ReminderFireJob fire;
  private final ReminderRoutes reminders;
  private final RowReverter reverter;
  private final TaskRestorer taskRestorer;
  private final ReminderCopier copier;
  private final Jobs jobs;

  public ReminderModule(
      ModuleContext context,
      ReminderConfig config,
      Tasks tasks,
      Achievements achievements,
      Notifications notifications) {
    jobs = context.jobs();
    service = new Reminders(config, tasks, context.ids(), context.jobs(), context.events());
    fire =
        new ReminderFireJob(
            service,
            tasks,
            achievements,
            notifications,
            context.events(),
            Lateness.register(
                context.metrics(),
                "reminder.lateness",
                "Time from when a reminder was due until its notification"));
    reminders = new ReminderRoutes(service);
    reverter = new ReminderReverter(context.json(), service);
    taskRestorer = new TaskRestorer(service, context.json());
    copier =
        (tx, instance, copied) ->
            service.copy(
                tx,
                instance,
                copied.stream()
                    .map(node -> context.json().read(node.toString(), ReminderDraft.class))
                    .toList());
  }

  public Reminders reminders() {
    return service;
  }

  /** Copies reminders to the next instance of a template. */
  public ReminderCopier copier() {
    return copier;
  }

  /** Restores the reminders of a tombstone; returns the number of those that have lapsed. */
  public ToIntBiFunction<Tx, UUID> deletedReminders() {
    return taskRestorer::restoreOfList;
  }

  /** Restores tasks with their subtasks and reminders. */
  public Restorer taskRestorer() {
    return taskRestorer;
  }

  @Override
  public List<Route> routes() {
    return List.of(
        read("/api/v1/tasks/{id}/reminders", reminders::listOfTask).scopes(REMINDERS_READ),
        write(POST, "/api/v1/tasks/{id}/reminders", reminders::create)
            .creates("/api/v1/reminders/{id}")
            .scopes(REMINDERS_WRITE),
        read("/api/v1/reminders", reminders::list).scopes(REMINDERS_READ),
        write(POST, "/api/v1/reminders", reminders::createWithTaskId)
            .creates("/api/v1/reminders/{id}")
            .command("reminder.create")
            .scopes(REMINDERS_WRITE),
        conditionalRead("/api/v1/reminders/{id}", reminders::show).scopes(REMINDERS_READ),
        write(PATCH, "/api/v1/reminders/{id}", reminders::patch)
            .answering(reminders::show)
            .versionedCommand("reminder.update")
            .scopes(REMINDERS_WRITE),
        write(DELETE, "/api/v1/reminders/{id}", reminders::delete)
            .conditionalOn(reminders::show)
            .command("reminder.delete")
            .scopes(REMINDERS_WRITE));
  }

  @Override
  public Map<String, JobHandler> jobs() {
    return Map.of(Reminders.FIRE, fire);
  }

  @Override
  public List<EventListener> listeners() {
    return List.of(new TaskListener(service), new DayListener(service, jobs));
  }

  /** What undoes changes of the feature's rows, in the order in which rows are restored. */
  public List<RowReverter> reverters() {
    return List.of(reverter);
  }

  @Override
  public List<SyncedType> syncedTypes() {
    return List.of(
        SyncedType.ofRows(
            "reminder",
            "reminders.find_by_ids",
            "reminders.list_by_id",
            row -> {
              Reminder reminder = Reminder.of(row);
              return new SyncedType.Entity(reminder.id(), reminder.version(), reminder);
            }));
  }
}
