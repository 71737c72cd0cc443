package app.perpetua.flow.webhooks;

import app.perpetua.flow.notifications.Notification;
import app.perpetua.flow.notifications.Notifications;
import app.perpetua.flow.sql.Tx;
import app.perpetua.flow.webhooks.WebhookEndpoint.DisabledReason;
import java.net.URI;
import java.util.UUID;

/** Disables endpoints (FR-169). Thread-safe. */
final class Disabling {
  private final Notifications notifications;

  Disabling(Notifications notifications) {
    this.notifications = notifications;
  }

  /** Disables the acting user's endpoint and cancels its pending deliveries. */
  void disable(Tx tx, UUID endpoint, DisabledReason reason) {
    tx.sql("webhooks.disable").bind("id", endpoint).bind("reason", reason).atCommit();
    tx.sql("webhooks.cancel_deliveries").bind("endpoint_id", endpoint).atCommit();
    tx.sql("webhooks.mark_user").atCommit();
  }

  /** Notifies the acting user that the service has disabled the endpoint with this URL. */
  void notifyOwner(Tx tx, String url, DisabledReason reason) {
    notifications.add(
        tx,
        Notification.Type.SYSTEM,
        "Webhook disabled",
        "Your webhook to "
            + URI.create(url).getHost()
            + (reason == DisabledReason.GONE
                ? " was disabled because the receiver answered that it no longer exists."
                : " was disabled because no delivery succeeded for three days."),
        null,
        null,
        null,
        true);
  }
}
