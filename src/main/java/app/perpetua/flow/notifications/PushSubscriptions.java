package app.perpetua.flow.notifications;

import app.perpetua.flow.base.ErrorCode;
import app.perpetua.flow.base.Ids;
import app.perpetua.flow.base.Refusal;
import app.perpetua.flow.sql.Tx;
import java.util.List;
import java.util.Optional;

/** The browsers that a user wants to be pushed to (FR-028a). Thread-safe. */
public final class PushSubscriptions {
  private static final int MOST = 10;

  /**
   * A saved subscription.
   *
   * @param added false if the user had that endpoint already
   */
  public record Saved(PushSubscription subscription, boolean added) {}

  private final Ids ids;

  public PushSubscriptions(Ids ids) {
    this.ids = ids;
  }

  /**
   * Subscribes a browser, or takes its new keys. An endpoint that was another user's is this one's
   * from now on: it is the same browser.
   *
   * @param endpoint checked by the address guard
   * @param p256dh a point on P-256
   * @param auth 16 bytes
   * @throws Refusal {@code LIMIT_EXCEEDED} if the user has ten others
   */
  public Saved save(Tx tx, String endpoint, byte[] p256dh, byte[] auth) {
    List<PushSubscription> present =
        tx.sql("notifications.list_subscriptions")
            .list(
                row ->
                    new PushSubscription(
                        row.uuid("id"), row.text("endpoint"), row.instant("created_at")));
    Optional<PushSubscription> same =
        present.stream().filter(one -> one.endpoint().equals(endpoint)).findFirst();
    if (same.isEmpty() && present.size() >= MOST) {
      throw Refusal.of(
              ErrorCode.LIMIT_EXCEEDED, "no more than " + MOST + " browsers may be subscribed")
          .with("limit", MOST)
          .with("current", present.size());
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

  /** Unsubscribes the acting user's browser; nothing happens if it is not subscribed. */
  public void remove(Tx tx, String endpoint) {
    tx.sql("notifications.delete_endpoint").bind("endpoint", endpoint).atCommit();
  }
}
