package app.perpetua.flow;

import static java.util.Map.entry;

import app.perpetua.flow.account.AccessTokens;
import app.perpetua.flow.account.AccountRoutes;
import app.perpetua.flow.account.Export;
import app.perpetua.flow.account.RefreshTokens;
import app.perpetua.flow.account.Users;
import app.perpetua.flow.achievements.AchievementRoutes;
import app.perpetua.flow.achievements.Achievements;
import app.perpetua.flow.achievements.CompletionListener;
import app.perpetua.flow.achievements.StreakJob;
import app.perpetua.flow.activity.Activity;
import app.perpetua.flow.activity.ActivityRoutes;
import app.perpetua.flow.assistant.ActionForm;
import app.perpetua.flow.assistant.Actions;
import app.perpetua.flow.assistant.Assistant;
import app.perpetua.flow.assistant.AssistantRoutes;
import app.perpetua.flow.assistant.AssistantServices;
import app.perpetua.flow.assistant.Breakdown;
import app.perpetua.flow.assistant.Charges;
import app.perpetua.flow.assistant.Chat;
import app.perpetua.flow.assistant.Model;
import app.perpetua.flow.assistant.NoteConversion;
import app.perpetua.flow.assistant.Prompts;
import app.perpetua.flow.assistant.Suggestions;
import app.perpetua.flow.base.AddressGuard;
import app.perpetua.flow.base.AllowedHost;
import app.perpetua.flow.base.Ids;
import app.perpetua.flow.base.Json;
import app.perpetua.flow.billing.Billing;
import app.perpetua.flow.billing.BillingMetrics;
import app.perpetua.flow.billing.BillingRoutes;
import app.perpetua.flow.billing.OrderReleaseJob;
import app.perpetua.flow.billing.RenewalJob;
import app.perpetua.flow.billing.SubscriptionCheckJob;
import app.perpetua.flow.billing.SubscriptionListener;
import app.perpetua.flow.billing.Webhooks;
import app.perpetua.flow.cleanup.Cleanup;
import app.perpetua.flow.credits.CreditExpireJob;
import app.perpetua.flow.credits.CreditRoutes;
import app.perpetua.flow.credits.Credits;
import app.perpetua.flow.credits.ReservationSettleJob;
import app.perpetua.flow.credits.Reservations;
import app.perpetua.flow.events.EventListeners;
import app.perpetua.flow.events.Events;
import app.perpetua.flow.events.Partitions;
import app.perpetua.flow.focus.FocusEndJob;
import app.perpetua.flow.focus.FocusListener;
import app.perpetua.flow.focus.FocusRoutes;
import app.perpetua.flow.focus.FocusSessions;
import app.perpetua.flow.http.Authenticator;
import app.perpetua.flow.http.Docs;
import app.perpetua.flow.http.Endpoint;
import app.perpetua.flow.http.Route;
import app.perpetua.flow.http.websocket.WebSocketGate;
import app.perpetua.flow.jobs.DailyJobs;
import app.perpetua.flow.jobs.JobHandler;
import app.perpetua.flow.jobs.Jobs;
import app.perpetua.flow.notes.NoteRoutes;
import app.perpetua.flow.notes.Notes;
import app.perpetua.flow.notifications.NotificationRoutes;
import app.perpetua.flow.notifications.Notifications;
import app.perpetua.flow.notifications.PushRoutes;
import app.perpetua.flow.notifications.PushSendJob;
import app.perpetua.flow.notifications.PushService;
import app.perpetua.flow.notifications.PushSubscriptions;
import app.perpetua.flow.observability.Metrics;
import app.perpetua.flow.provider.checkout.CheckoutPayments;
import app.perpetua.flow.provider.google.GoogleIdTokens;
import app.perpetua.flow.provider.google.GoogleKeys;
import app.perpetua.flow.provider.openai.OpenAi;
import app.perpetua.flow.provider.webpush.WebPush;
import app.perpetua.flow.recovery.Recovery;
import app.perpetua.flow.recovery.RecoveryRoutes;
import app.perpetua.flow.recovery.Tombstones;
import app.perpetua.flow.recurrence.InstanceJobs;
import app.perpetua.flow.recurrence.NextInstanceJob;
import app.perpetua.flow.recurrence.TemplateRoutes;
import app.perpetua.flow.recurrence.Templates;
import app.perpetua.flow.reminders.ReminderFireJob;
import app.perpetua.flow.reminders.ReminderRoutes;
import app.perpetua.flow.reminders.Reminders;
import app.perpetua.flow.reminders.TaskListener;
import app.perpetua.flow.reminders.TaskRestorer;
import app.perpetua.flow.sql.Db;
import app.perpetua.flow.sql.LockedUser.Tier;
import app.perpetua.flow.sql.Tx;
import app.perpetua.flow.tasks.Instances;
import app.perpetua.flow.tasks.SubtaskRoutes;
import app.perpetua.flow.tasks.Subtasks;
import app.perpetua.flow.tasks.TaskForm;
import app.perpetua.flow.tasks.TaskRoutes;
import app.perpetua.flow.tasks.Tasks;
import app.perpetua.flow.voice.VoiceSessionStore;
import app.perpetua.flow.voice.VoiceTiming;
import java.net.InetAddress;
import java.net.http.HttpClient;
import java.security.SecureRandom;
import java.time.Clock;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What the service can do: every feature with what it is made of, and what each adds to the whole:
 * routes, job handlers, daily work, what cleanup sweeps. Starts nothing. Thread-safe.
 */
final class Features {
  private static final System.Logger LOG = System.getLogger(Features.class.getName());

  private final Config config;
  private final Json json;
  private final Ids ids;
  private final Clock clock;
  private final Metrics metrics;
  private final HttpClient http;
  private final Events events;
  private final Jobs jobs;
  private final Tombstones tombstones;
  private final Credits credits;
  private final AccessTokens accessTokens;
  private final RefreshTokens refreshTokens;
  private final Users users;
  private final Tasks tasks;
  private final Subtasks subtasks;
  private final Instances instances;
  private final Templates templates;
  private final Notifications notifications;
  private final AddressGuard pushHosts;
  private final Reminders reminders;
  private final Notes notes;
  private final Recovery recovery;
  private final FocusSessions focus;
  private final Achievements achievements;
  private final EventListeners reactions;
  private final Charges charges;
  private final Suggestions suggestions;
  private final Actions actions;
  private final BillingMetrics billingMetrics;
  private final Billing billing;
  private final Speech speech;

  /**
   * Puts them together, and warns of those that lack a key.
   *
   * @param timing how long live sessions wait for what
   * @param http for all calls to others but those that speech goes to
   * @param speaking for those
   */
  Features(
      Config config,
      VoiceTiming timing,
      HttpClient http,
      HttpClient speaking,
      Json json,
      Ids ids,
      Metrics metrics,
      Clock clock) {
    this.config = config;
    this.json = json;
    this.ids = ids;
    this.clock = clock;
    this.metrics = metrics;
    this.http = http;
    events = new Events(ids, json);
    jobs = new Jobs(ids, json);
    tombstones = new Tombstones(config.tombstones(), ids);
    credits = new Credits(config.credits(), ids, json, events, metrics.registry());
    accessTokens = new AccessTokens(config.account(), ids, clock);
    refreshTokens =
        new RefreshTokens(
            config.account().refreshSecret(),
            config.account().refreshLifetime(),
            new SecureRandom(),
            ids,
            events);
    users = new Users(refreshTokens, credits, config.account().kickstartCredits(), ids, events);
    InstanceJobs instanceJobs = new InstanceJobs(jobs);
    tasks = new Tasks(config.tasks(), ids, json, events, tombstones, instanceJobs);
    subtasks = new Subtasks(tasks, ids, events);
    instances = new Instances(tasks, ids, events);
    templates = new Templates(tasks, instances, ids, events, instanceJobs);
    notifications = new Notifications(ids, jobs);
    pushHosts = new AddressGuard(config.push().hosts(), InetAddress::getAllByName);
    reminders = new Reminders(config.reminders(), tasks, ids, jobs, events);
    notes = new Notes(config.notes(), ids, events, tombstones);
    recovery = new Recovery(new TaskRestorer(reminders, json), notes, events);
    focus = new FocusSessions(tasks, ids, jobs, events);
    achievements = new Achievements(config.achievements(), credits, notifications, events);
    Reservations reservations = new Reservations(credits, jobs);
    charges = new Charges(reservations, ids, config.assistant());
    suggestions = new Suggestions(ids, json);
    actions = new Actions(tasks, subtasks, notes);
    billingMetrics = new BillingMetrics(metrics.registry());
    billing =
        new Billing(
            config.billing(),
            config.checkout().map(checkout -> new CheckoutPayments(http, checkout, json)),
            users,
            credits,
            notifications,
            jobs,
            ids,
            json,
            events,
            billingMetrics);
    speech =
        new Speech(
            config.voice(),
            timing,
            speaking,
            new Speech.Around(json, ids, events, jobs, credits, reservations, notes, accessTokens));
    reactions =
        new EventListeners(
            jobs,
            json,
            metrics.registry(),
            List.of(
                new TaskListener(reminders),
                new FocusListener(focus),
                new CompletionListener(achievements),
                new SubscriptionListener(notifications)));
    events.setListeners(reactions);
    warn();
  }

  /** What access tokens are checked with. */
  Authenticator authenticator() {
    return accessTokens;
  }

  /** What one can speak to. */
  Speech speech() {
    return speech;
  }

  /** What enqueues jobs. */
  Jobs jobs() {
    return jobs;
  }

  /** Who does the jobs, by kind. */
  Map<String, JobHandler> handlers() {
    Optional<PushService> pushService =
        config.push().vapid().map(vapid -> new WebPush(http, vapid, pushHosts, clock));
    return Map.ofEntries(
        entry(NextInstanceJob.KIND, new NextInstanceJob(instances, events)),
        entry(EventListeners.RETRY, reactions),
        entry(Reminders.FIRE, new ReminderFireJob(reminders, tasks, notifications, events)),
        entry(FocusSessions.END, new FocusEndJob(focus, json)),
        entry(Reservations.SETTLE, new ReservationSettleJob(credits, Endpoint::release, json)),
        entry(Webhooks.APPLY, billing.webhooks()),
        entry(RenewalJob.KIND, billing.renewalJob()),
        entry(OrderReleaseJob.KIND, new OrderReleaseJob(billing, Endpoint::release, json)),
        entry(VoiceSessionStore.END, speech.end()),
        entry(
            Notifications.PUSH_SEND,
            new PushSendJob(pushService, json, result -> metrics.push(result.wireName()))));
  }

  /** What is done once a day, by kind. */
  Map<String, DailyJobs.Batch> daily(Partitions partitions) {
    return Map.of(
        "cleanup",
        new Cleanup(
            List.of(
                Endpoint::deleteOutlivedKeys,
                refreshTokens::deleteSpent,
                tombstones::deleteExpired,
                suggestions::expire,
                suggestions::deleteOld,
                Webhooks::deleteOld,
                jobs::deleteFinished),
            partitions),
        "credit_expire",
        new CreditExpireJob(credits),
        "streak_calculate",
        new StreakJob(),
        "subscription_check",
        new SubscriptionCheckJob(jobs));
  }

  /** Measures what stands in the database. */
  void measure(Tx tx) {
    billingMetrics.measure(tx);
  }

  /** What users and providers may ask. */
  List<Route> routes(Db db, WebSocketGate sockets) {
    GoogleIdTokens google =
        new GoogleIdTokens(
            new GoogleKeys(http, config.account().googleJwksUrl(), clock, System::nanoTime),
            config.account().googleClientIds(),
            clock);
    TaskForm taskForm = new TaskForm(config.tasks());
    return Routes.api(
        new Docs(json),
        new AccountRoutes(
            google,
            users,
            refreshTokens,
            accessTokens,
            new Export(db, json),
            json,
            result -> metrics.signIn(result.wireName())),
        new TaskRoutes(tasks, achievements, taskForm),
        new SubtaskRoutes(tasks, subtasks, achievements),
        new TemplateRoutes(templates, config.tasks()),
        new ReminderRoutes(reminders),
        new NoteRoutes(notes, config.notes()),
        new RecoveryRoutes(recovery),
        new FocusRoutes(focus),
        new CreditRoutes(credits),
        new AssistantRoutes(
            asked(), new ActionForm(taskForm, json), suggestions, actions, achievements, events),
        new AchievementRoutes(achievements),
        new ActivityRoutes(new Activity(json)),
        new NotificationRoutes(notifications),
        new PushRoutes(new PushSubscriptions(ids), pushHosts, config.push().vapid()),
        new BillingRoutes(billing, this::features),
        speech.routes(sockets),
        speech.recordings());
  }

  private Optional<AssistantRoutes.Asked> asked() {
    Prompts prompts = Prompts.load();
    return config
        .openai()
        .key()
        .map(
            key -> {
              Model model =
                  new OpenAi(
                      http,
                      config.openai(),
                      key,
                      json,
                      clock,
                      System::nanoTime,
                      new SecureRandom(),
                      metrics.registry());
              AssistantServices kit =
                  new AssistantServices(
                      new Assistant(model, config.assistant().timeout(), System::nanoTime),
                      config.assistant(),
                      prompts,
                      charges,
                      suggestions,
                      events,
                      json);
              return new AssistantRoutes.Asked(
                  new Chat(kit, tasks, actions),
                  new Breakdown(kit, tasks, subtasks),
                  new NoteConversion(kit, tasks, notes));
            });
  }

  private BillingRoutes.Features features(Tier tier) {
    return switch (tier) {
      case FREE ->
          new BillingRoutes.Features(
              config.tasks().freeMaxSubtasks(), config.tasks().freeDescription(), false, 0);
      case PRO ->
          new BillingRoutes.Features(
              config.tasks().proMaxSubtasks(),
              config.tasks().proDescription(),
              config.voice().enabled(),
              config.credits().proMonthly());
    };
  }

  private void warn() {
    if (config.openai().key().isEmpty()) {
      LOG.log(System.Logger.Level.WARNING, "no assistant: OPENAI_API_KEY is not set");
    }
    if (config.voice().enabled() && config.voice().apiKey().isEmpty()) {
      LOG.log(System.Logger.Level.WARNING, "no transcription: DEEPGRAM_API_KEY is not set");
    }
    if (config.checkout().isEmpty()) {
      LOG.log(System.Logger.Level.WARNING, "no payments: CHECKOUT_SECRET_KEY is not set");
    }
    if (config.billing().webhookSecrets().isEmpty()) {
      LOG.log(
          System.Logger.Level.WARNING, "webhooks are refused: CHECKOUT_WEBHOOK_SECRET is not set");
    }
    if (config.push().vapid().isEmpty()) {
      LOG.log(System.Logger.Level.WARNING, "no push: VAPID_PUBLIC_KEY is not set");
    }
    for (AllowedHost host : config.push().hosts()) {
      if (host instanceof AllowedHost.Origin(String origin)) {
        LOG.log(
            System.Logger.Level.WARNING,
            "PUSH_HOSTS allows {0} whatever its address: this is for development",
            origin);
      }
    }
  }
}
