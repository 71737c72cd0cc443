package app.perpetua.flow;

import app.perpetua.flow.account.AccountModule;
import app.perpetua.flow.achievements.AchievementModule;
import app.perpetua.flow.activity.ActivityModule;
import app.perpetua.flow.agenda.AgendaModule;
import app.perpetua.flow.assistant.AssistantModule;
import app.perpetua.flow.billing.BillingModule;
import app.perpetua.flow.billing.TierFeatures;
import app.perpetua.flow.calendar.CalendarModule;
import app.perpetua.flow.credits.CreditModule;
import app.perpetua.flow.events.EventListeners;
import app.perpetua.flow.events.Partitions;
import app.perpetua.flow.filters.FilterModule;
import app.perpetua.flow.focus.FocusModule;
import app.perpetua.flow.http.Idempotency;
import app.perpetua.flow.http.Route;
import app.perpetua.flow.http.connection.ConnectionLimits;
import app.perpetua.flow.imports.ImportModule;
import app.perpetua.flow.jobs.CleanupJob;
import app.perpetua.flow.jobs.DailyJobs;
import app.perpetua.flow.jobs.JobHandler;
import app.perpetua.flow.lists.ListModule;
import app.perpetua.flow.mcp.McpModule;
import app.perpetua.flow.module.FeatureModule;
import app.perpetua.flow.module.ModuleContext;
import app.perpetua.flow.notes.NoteModule;
import app.perpetua.flow.notifications.NotificationModule;
import app.perpetua.flow.quickadd.QuickAddModule;
import app.perpetua.flow.recovery.RecoveryModule;
import app.perpetua.flow.recovery.Tombstones;
import app.perpetua.flow.recurrence.InstanceJobs;
import app.perpetua.flow.recurrence.RecurrenceModule;
import app.perpetua.flow.reminders.ReminderModule;
import app.perpetua.flow.search.SearchModule;
import app.perpetua.flow.sql.Db;
import app.perpetua.flow.sql.LockedUser.Tier;
import app.perpetua.flow.sync.SyncModule;
import app.perpetua.flow.sync.SyncedType;
import app.perpetua.flow.tasks.TaskModule;
import app.perpetua.flow.tokens.TokenModule;
import app.perpetua.flow.undo.UndoModule;
import app.perpetua.flow.voice.VoiceModule;
import app.perpetua.flow.voice.VoiceTiming;
import app.perpetua.flow.webhooks.WebhookModule;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Stream;

/**
 * The features, constructed in the order of their dependencies, and what they contribute to the
 * service. Starts nothing. Thread-safe.
 */
final class Modules {
  private final ModuleContext context;
  private final AccountModule account;
  private final TokenModule token;
  private final BillingModule billing;
  private final VoiceModule voice;
  private final SyncModule sync;
  private final List<FeatureModule> all;
  private final EventListeners listeners;

  Modules(Config config, VoiceTiming timing, ModuleContext context, Providers providers, Db db) {
    this.context = context;
    Tombstones tombstones = new Tombstones(config.limits().tombstones(), context.ids());
    CreditModule credit = new CreditModule(context, config.limits().credits());
    NotificationModule notification =
        new NotificationModule(
            context,
            config.notifications().push(),
            config.notifications().pages(),
            providers.pushHosts(),
            providers.push());
    AchievementModule achievement =
        new AchievementModule(
            context,
            config.limits().achievements(),
            credit.credits(),
            notification.notifications());
    account =
        new AccountModule(
            context,
            config.account(),
            db,
            providers.google(),
            credit.credits(),
            notification.notifications());
    token =
        new TokenModule(
            context,
            db,
            account.authenticator(),
            account.sessionCheck(),
            account::limitId,
            notification.notifications());
    InstanceJobs instanceJobs = new InstanceJobs(context.jobs());
    TaskModule task =
        new TaskModule(
            context, config.limits().tasks(), tombstones, instanceJobs, achievement.achievements());
    ReminderModule reminder =
        new ReminderModule(
            context,
            config.limits().reminders(),
            task.tasks(),
            achievement.achievements(),
            notification.notifications());
    RecurrenceModule recurrence =
        new RecurrenceModule(
            context,
            config.limits().tasks(),
            task.tasks(),
            task.subtasks(),
            reminder.copier(),
            instanceJobs);
    NoteModule note =
        new NoteModule(context, config.limits().notes(), tombstones, achievement.achievements());
    ListModule list =
        new ListModule(
            context,
            config.limits().lists(),
            tombstones,
            instanceJobs,
            task.tasks(),
            reminder.deletedReminders());
    RecoveryModule recovery =
        new RecoveryModule(
            context, tombstones, reminder.taskRestorer(), note.notes(), list.restorer());
    FilterModule filter = new FilterModule(context, config.limits().filters());
    FocusModule focus = new FocusModule(context, task.tasks());
    AssistantModule assistant =
        new AssistantModule(
            context,
            config.ai().assistant(),
            config.limits().tasks(),
            providers.model(),
            credit.reservations(),
            task.tasks(),
            task.subtasks(),
            note.notes(),
            achievement.achievements());
    billing =
        new BillingModule(
            context,
            config.payment().billing(),
            tier -> features(config, tier),
            providers.payments(),
            account.users(),
            credit.credits(),
            notification.notifications());
    voice =
        new VoiceModule(
            context,
            config.voice(),
            timing,
            providers.transcriber(),
            credit.credits(),
            credit.reservations(),
            note.notes());
    // In the order in which rows are restored: those that others refer to come first.
    UndoModule undo =
        new UndoModule(
            context,
            Stream.of(
                    account.reverters(),
                    achievement.reverters(),
                    list.reverters(),
                    recurrence.reverters(),
                    task.reverters(),
                    reminder.reverters(),
                    focus.reverters(),
                    note.reverters(),
                    filter.reverters(),
                    recovery.reverters(),
                    assistant.reverters())
                .flatMap(List::stream)
                .toList());
    List<FeatureModule> features =
        List.of(
            account,
            token,
            task,
            list,
            recurrence,
            reminder,
            new QuickAddModule(
                task.tasks(), recurrence.templates(), list.labels(), reminder.reminders()),
            note,
            filter,
            recovery,
            focus,
            credit,
            assistant,
            achievement,
            new ActivityModule(context),
            new SearchModule(),
            new AgendaModule(context),
            new ImportModule(
                context, db, instanceJobs, config.limits().lists(), config.limits().filters()),
            undo,
            notification,
            billing,
            voice,
            new CalendarModule(context, config.notifications().pages(), recurrence.series()));
    List<SyncedType> syncedTypes =
        features.stream().flatMap(module -> module.syncedTypes().stream()).toList();
    sync =
        new SyncModule(
            context,
            config
                .limits()
                .eventStreams()
                .atMost(
                    ConnectionLimits.ofThisProcess(config.http().maxConnectionsPerAddress())
                        .streams()),
            db,
            token.sessionCheck(),
            syncedTypes,
            features.stream().flatMap(module -> module.routes().stream()).toList());
    McpModule mcp =
        new McpModule(
            context,
            config.http().corsOrigins(),
            features.stream().flatMap(module -> module.routes().stream()).toList());
    WebhookModule webhook =
        new WebhookModule(
            context,
            notification.notifications(),
            providers.webhookHosts(),
            providers.webhooks(),
            syncedTypes);
    all = Stream.concat(features.stream(), Stream.of(sync, mcp, webhook)).toList();
    listeners =
        new EventListeners(
            context.jobs(),
            context.json(),
            context.metrics(),
            all.stream().flatMap(module -> module.listeners().stream()).toList());
    context.events().setListeners(listeners);
  }

  AccountModule account() {
    return account;
  }

  TokenModule token() {
    return token;
  }

  BillingModule billing() {
    return billing;
  }

  VoiceModule voice() {
    return voice;
  }

  SyncModule sync() {
    return sync;
  }

  List<Route> routes() {
    return all.stream().flatMap(module -> module.routes().stream()).toList();
  }

  /** Job handlers by kind. */
  Map<String, JobHandler> jobs() {
    return union(Map.of(EventListeners.RETRY, listeners), FeatureModule::jobs);
  }

  /** Daily work by kind. */
  Map<String, DailyJobs.Batch> daily(Partitions partitions) {
    List<CleanupJob.Sweep> sweeps = new ArrayList<>();
    sweeps.add(Idempotency::deleteExpired);
    all.forEach(module -> sweeps.addAll(module.sweeps()));
    sweeps.add(context.jobs()::deleteFinished);
    return union(
        Map.of(CleanupJob.KIND, new CleanupJob(sweeps, partitions::maintain)),
        FeatureModule::daily);
  }

  private <T> Map<String, T> union(
      Map<String, T> own, Function<FeatureModule, Map<String, T>> ofModule) {
    Map<String, T> union = new HashMap<>(own);
    for (FeatureModule module : all) {
      ofModule
          .apply(module)
          .forEach(
              (kind, work) -> {
                if (union.put(kind, work) != null) {
                  throw new IllegalArgumentException("duplicate job kind: " + kind);
                }
              });
    }
    return union;
  }

  private static TierFeatures features(Config config, Tier tier) {
    return switch (tier) {
      case FREE ->
          new TierFeatures(
              config.limits().tasks().freeMaxSubtasks(),
              config.limits().tasks().freeDescription(),
              false,
              0);
      case PRO ->
          new TierFeatures(
              config.limits().tasks().proMaxSubtasks(),
              config.limits().tasks().proDescription(),
              config.voice().enabled(),
              config.limits().credits().proMonthly());
    };
  }
}
