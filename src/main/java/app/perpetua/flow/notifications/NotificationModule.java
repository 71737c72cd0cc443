package app.perpetua.flow.notifications;

import static app.perpetua.flow.http.Route.Verb.DELETE;
import static app.perpetua.flow.http.Route.Verb.PATCH;
import static app.perpetua.flow.http.Route.Verb.POST;
import static app.perpetua.flow.http.Route.read;
import static app.perpetua.flow.http.Route.write;
import static app.perpetua.flow.http.auth.Scope.ACCOUNT_READ;

import app.perpetua.flow.base.AddressGuard;
import app.perpetua.flow.http.Route;
import app.perpetua.flow.jobs.JobHandler;
import app.perpetua.flow.jobs.Lateness;
import app.perpetua.flow.module.FeatureModule;
import app.perpetua.flow.module.ModuleContext;
import app.perpetua.flow.sync.SyncedType;
import io.micrometer.core.instrument.Counter;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/** Notifications, in the app and by Web Push. */
public final class NotificationModule implements FeatureModule {
  private final Notifications service;
  private final PushSendJob pushSend;
  private final NotificationRoutes notifications;
  private final PushRoutes push;

  /**
   * @param pushHosts permits the endpoints of subscriptions
   * @param pushService empty if push is disabled
   */
  public NotificationModule(
      ModuleContext context,
      PushConfig config,
      Pages pages,
      AddressGuard pushHosts,
      Optional<PushService> pushService) {
    service = new Notifications(context.ids(), context.jobs(), pages);
    // Before the first push, so that increase() shows it.
    EnumMap<PushSendJob.Result, Counter> sends = new EnumMap<>(PushSendJob.Result.class);
    for (PushSendJob.Result result : PushSendJob.Result.values()) {
      sends.put(result, context.metrics().counter("push.sends", "outcome", result.wireName()));
    }
    pushSend =
        new PushSendJob(
            pushService,
            context.json(),
            result -> Objects.requireNonNull(sends.get(result)).increment(),
            Lateness.register(
                context.metrics(),
                "push.lateness",
                "Time from a notification until the push service accepts it"));
    notifications = new NotificationRoutes(service);
    push = new PushRoutes(new PushSubscriptions(context.ids()), pushHosts, config.vapid());
  }

  public Notifications notifications() {
    return service;
  }

  @Override
  public List<Route> routes() {
    return List.of(
        read("/api/v1/notifications", notifications::list).scopes(ACCOUNT_READ),
        write(PATCH, "/api/v1/notifications/{id}/read", notifications::markRead)
            .command("notification.read"),
        write(POST, "/api/v1/notifications/read-all", notifications::markAllRead)
            .command("notification.read_all"),
        write(DELETE, "/api/v1/notifications/{id}", notifications::delete)
            .command("notification.delete"),
        read("/api/v1/notifications/push-key", push::key),
        write(POST, "/api/v1/notifications/push-subscription", push::subscribe)
            .creates("/api/v1/notifications/push-subscription?endpoint={endpoint}"),
        write(DELETE, "/api/v1/notifications/push-subscription", push::unsubscribe));
  }

  @Override
  public Map<String, JobHandler> jobs() {
    return Map.of(Notifications.PUSH_SEND, pushSend);
  }

  @Override
  public List<SyncedType> syncedTypes() {
    return List.of(
        SyncedType.ofRows(
            "notification",
            "notifications.find_by_ids",
            "notifications.list_by_id",
            row -> {
              Notification notification = Notification.of(row);
              return new SyncedType.Entity(notification.id(), null, notification);
            }));
  }
}
