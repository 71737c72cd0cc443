package app.perpetua.flow.webhooks;

import static app.perpetua.flow.http.Route.Verb.DELETE;
import static app.perpetua.flow.http.Route.Verb.PATCH;
import static app.perpetua.flow.http.Route.Verb.POST;
import static app.perpetua.flow.http.Route.read;
import static app.perpetua.flow.http.Route.secret;
import static app.perpetua.flow.http.Route.write;

import app.perpetua.flow.base.AddressGuard;
import app.perpetua.flow.filters.FilteredTasks;
import app.perpetua.flow.http.Route;
import app.perpetua.flow.jobs.CleanupJob;
import app.perpetua.flow.jobs.JobHandler;
import app.perpetua.flow.jobs.Lateness;
import app.perpetua.flow.module.FeatureModule;
import app.perpetua.flow.module.ModuleContext;
import app.perpetua.flow.notifications.Notifications;
import app.perpetua.flow.sync.SyncedType;
import io.micrometer.core.instrument.Counter;
import java.security.SecureRandom;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/** Webhooks to the endpoints of users. */
public final class WebhookModule implements FeatureModule {
  private final WebhookRoutes routes;
  private final WebhookDeliverJob deliver;

  /**
   * @param hosts permits the URLs of endpoints
   * @param types of all features, which messages with the entity contain
   */
  public WebhookModule(
      ModuleContext context,
      Notifications notifications,
      AddressGuard hosts,
      WebhookSender sender,
      List<SyncedType> types) {
    FilteredTasks filtered = new FilteredTasks(context.json());
    ChangeCollector collector = new ChangeCollector(context.ids(), context.json(), filtered, types);
    Disabling disabling = new Disabling(notifications);
    SecureRandom random = new SecureRandom();
    routes =
        new WebhookRoutes(
            new Webhooks(context.ids(), random, filtered, collector, disabling), hosts);
    // Before the first attempt, so that increase() shows it.
    EnumMap<WebhookDeliverJob.Result, Counter> attempts =
        new EnumMap<>(WebhookDeliverJob.Result.class);
    for (WebhookDeliverJob.Result result : WebhookDeliverJob.Result.values()) {
      attempts.put(
          result, context.metrics().counter("webhook.attempts", "outcome", result.wireName()));
    }
    deliver =
        new WebhookDeliverJob(
            collector,
            new DeliveryRun(sender, context.clock()),
            new RetrySchedule(random),
            disabling,
            result -> Objects.requireNonNull(attempts.get(result)).increment(),
            Lateness.register(
                context.metrics(),
                "webhook.lateness",
                "Time from a change until its webhooks are attempted for the first time"));
  }

  @Override
  public List<Route> routes() {
    return List.of(
        read("/api/v1/webhooks/endpoints", routes::list),
        secret("/api/v1/webhooks/endpoints", routes::create)
            .creates("/api/v1/webhooks/endpoints/{id}"),
        read("/api/v1/webhooks/endpoints/{id}", routes::find),
        write(PATCH, "/api/v1/webhooks/endpoints/{id}", routes::update),
        write(DELETE, "/api/v1/webhooks/endpoints/{id}", routes::delete),
        secret("/api/v1/webhooks/endpoints/{id}/rotate-secret", routes::rotate),
        write(POST, "/api/v1/webhooks/endpoints/{id}/test", routes::test),
        read("/api/v1/webhooks/endpoints/{id}/deliveries", routes::deliveries),
        write(
            POST,
            "/api/v1/webhooks/endpoints/{id}/deliveries/{delivery_id}/redeliver",
            routes::redeliver));
  }

  @Override
  public Map<String, JobHandler> jobs() {
    return Map.of(WebhookDeliverJob.KIND, deliver);
  }

  @Override
  public List<CleanupJob.Sweep> sweeps() {
    return List.of(Webhooks::deleteExpired, Webhooks::wakeIdle);
  }
}
