package app.perpetua.flow.notifications;

import app.perpetua.flow.base.Ids;
import app.perpetua.flow.base.Refusal;
import app.perpetua.flow.sql.Tx;
import java.util.List;
import java.util.Optional;

/** The push subscriptions of users' browsers (FR-028a). Thread-safe. */
final class PushSubscriptions {
  private static final int MAX_SUBSCRIPTIONS = 10;

  /** A saved subscription; {@code added} is false if the user already had the endpoint. */
  record Saved(PushSubscription subscription, boolean added) {}

  private final Ids ids;

  PushSubscriptions(Ids ids) {
    this.ids = ids;
  }

  /**
   * Adds a subscription or updates its keys. An endpoint of another user moves to the acting user,
   * as it is the same browser.
   *
   * @param endpoint permitted by the address guard
   * @param p256dh a point on P-256
   * @param auth 16 bytes
   * @throws Refusal {@code LIMIT_EXCEEDED} if the user already has ten
   */
  Saved save(Tx tx, String endpoint, byte[] p256dh, byte[] auth) {
    List<PushSubscription> existing =
        tx.sql("notifications.list_subscriptions")
            .list(
                row ->
                    new PushSubscription(
                        row.uuid("id"), row.text("endpoint"), row.instant("created_at")));
    Optional<PushSubscription> same =
        existing.stream().filter(other -> other.endpoint().equals(endpoint)).findFirst();
    if (same.isEmpty() && existing.size() >= MAX_SUBSCRIPTIONS) {
      throw Refusal.limitExceeded(
          "no more than " + MAX_SUBSCRIPTIONS + " browsers may be subscribed",
          MAX_SUBSCRIPTIONS,
          existing.size());
    }
    PushSubscription saved =
        same.orElseGet(() -> new PushSubscription(ids.next(), endpoint, tx.now()));
    tx.sql("notifications.store_subscription")
        .bind("id", saved.id())
        .bind("endpoint", endpoint)
        .bind("p256dh", p256dh)
        .bind("auth", auth)
        .bind("created_at", saved.createdAt())
        .atCommit();
    return new Saved(saved, same.isEmpty());
  }

  /** Removes the user's subscription, if there is one. */
  void remove(Tx tx, String endpoint) {
    tx.sql("notifications.delete_endpoint").bind("endpoint", endpoint).atCommit();
  }
}
