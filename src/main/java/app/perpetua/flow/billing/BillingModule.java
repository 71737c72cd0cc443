package app.perpetua.flow.billing;

import static app.perpetua.flow.http.Route.Bucket.GENERAL;
import static app.perpetua.flow.http.Route.Streams.NEVER;
import static app.perpetua.flow.http.Route.Verb.POST;
import static app.perpetua.flow.http.Route.providerCall;
import static app.perpetua.flow.http.Route.read;
import static app.perpetua.flow.http.Route.webhook;
import static app.perpetua.flow.http.Route.write;
import static app.perpetua.flow.http.auth.Scope.ACCOUNT_READ;

import app.perpetua.flow.account.Users;
import app.perpetua.flow.base.Ids;
import app.perpetua.flow.base.Json;
import app.perpetua.flow.credits.Credits;
import app.perpetua.flow.events.EventListener;
import app.perpetua.flow.http.Idempotency;
import app.perpetua.flow.http.Route;
import app.perpetua.flow.jobs.CleanupJob;
import app.perpetua.flow.jobs.DailyJobs;
import app.perpetua.flow.jobs.JobHandler;
import app.perpetua.flow.jobs.Jobs;
import app.perpetua.flow.module.FeatureModule;
import app.perpetua.flow.module.ModuleContext;
import app.perpetua.flow.notifications.Notifications;
import app.perpetua.flow.sql.LockedUser.Tier;
import app.perpetua.flow.sql.Tx;
import app.perpetua.flow.sync.SyncedType;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/** The Pro subscription, credit purchases and the payment provider's webhooks. */
public final class BillingModule implements FeatureModule {
  private final BillingMetrics metrics;
  private final Webhooks webhooks;
  private final RetainedPayments retained;
  private final PaidMonths months;
  private final RenewalJob renewal;
  private final OrderReleaseJob orderRelease;
  private final SubscriptionCheckJob subscriptionCheck;
  private final SubscriptionListener listener;
  private final BillingRoutes billing;

  /**
   * @param payments empty if payments are disabled
   */
  public BillingModule(
      ModuleContext context,
      BillingConfig config,
      Function<Tier, TierFeatures> features,
      Optional<Payments> payments,
      Users users,
      Credits credits,
      Notifications notifications) {
    Ids ids = context.ids();
    Json json = context.json();
    Jobs jobs = context.jobs();
    metrics = new BillingMetrics(context.metrics());
    OrderStore orders = new OrderStore(jobs, ids);
    Subscriptions subscriptions =
        new Subscriptions(config, users, credits, jobs, ids, context.events());
    months = new PaidMonths(orders, subscriptions, credits, jobs);
    PaymentApplication application =
        new PaymentApplication(
            orders, subscriptions, months, credits, json, context.events(), metrics);
    ExternalSubscriptions external =
        new ExternalSubscriptions(config, orders, subscriptions, application, ids, metrics);
    retained = new RetainedPayments(config.recordYears());
    webhooks =
        new Webhooks(config, orders, application, external, retained, jobs, ids, json, metrics);
    renewal =
        new RenewalJob(
            config, payments, orders, subscriptions, application, notifications, ids, metrics);
    BillingRoutes.Services services =
        new BillingRoutes.Services(
            payments,
            new WebhookSignature(config.webhookSecrets(), config.webhookAuthorization()),
            orders,
            subscriptions,
            new OrderPlacement(config, subscriptions, ids),
            webhooks,
            metrics);
    orderRelease = new OrderReleaseJob(orders, Idempotency::release, json);
    subscriptionCheck = new SubscriptionCheckJob(jobs);
    listener = new SubscriptionListener(notifications);
    billing = new BillingRoutes(services, features);
  }

  /** Updates the subscription gauges; {@code tx} is the system's. */
  public void measure(Tx tx) {
    metrics.measure(tx);
  }

  @Override
  public List<Route> routes() {
    return List.of(
        read("/api/v1/subscription", billing::show).scopes(ACCOUNT_READ),
        providerCall("/api/v1/subscription/checkout", GENERAL, NEVER, billing::checkout),
        providerCall("/api/v1/subscription/upgrade", GENERAL, NEVER, billing::checkout),
        write(POST, "/api/v1/subscription/cancel", billing::cancel),
        providerCall("/api/v1/credits/purchase", GENERAL, NEVER, billing::purchase),
        providerCall("/api/v1/subscription/purchase-credits", GENERAL, NEVER, billing::purchase),
        webhook("/api/v1/webhooks/checkout", billing::webhook));
  }

  @Override
  public Map<String, JobHandler> jobs() {
    return Map.of(
        Webhooks.APPLY, webhooks,
        RenewalJob.KIND, renewal,
        PaidMonths.BEGIN, months,
        OrderReleaseJob.KIND, orderRelease);
  }

  @Override
  public Map<String, DailyJobs.Batch> daily() {
    return Map.of("subscription_check", subscriptionCheck);
  }

  @Override
  public List<CleanupJob.Sweep> sweeps() {
    return List.of(
        retained::deleteEvents,
        retained::reduceEvents,
        retained::deleteUnpaid,
        retained::deletePaid);
  }

  @Override
  public List<EventListener> listeners() {
    return List.of(listener);
  }

  @Override
  public List<SyncedType> syncedTypes() {
    return List.of(SyncedType.ofUser("subscription", billing::shown));
  }
}
