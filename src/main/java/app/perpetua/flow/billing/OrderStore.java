package app.perpetua.flow.billing;

import app.perpetua.flow.base.Ids;
import app.perpetua.flow.billing.Order.Attempt;
import app.perpetua.flow.jobs.Jobs;
import app.perpetua.flow.sql.Tx;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Reads and stores orders. All but {@link #locate} hold the owner's lock. Thread-safe. */
final class OrderStore {
  /** Several times the provider's deadline. */
  private static final Duration RELEASE_AFTER = Duration.ofMinutes(1);

  private final Jobs jobs;
  private final Ids ids;

  OrderStore(Jobs jobs, Ids ids) {
    this.jobs = jobs;
    this.ids = ids;
  }

  /**
   * @param userId null if the account was deleted
   */
  record Located(@Nullable UUID userId, UUID orderId) {}

  /**
   * Finds the order and the user that a payment belongs to.
   *
   * @param tx the system's
   * @param reference the order's id, as the provider repeats it; takes precedence
   */
  Optional<Located> locate(Tx tx, @Nullable UUID reference, @Nullable String paymentId) {
    record Match(Located located, int priority) {}
    return tx
        .sql("billing.locate_order")
        .bind("reference", reference)
        .bind("payment_id", paymentId)
        .list(
            row ->
                new Match(
                    new Located(row.uuidOrNull("user_id"), row.uuid("id")),
                    row.integer("priority")))
        .stream()
        .max(Comparator.comparingInt(Match::priority))
        .map(Match::located);
  }

  Optional<Order> find(Tx tx, UUID id) {
    return tx.sql("billing.find_order").bind("id", id).one(Order::of);
  }

  Optional<Order> lastAttempt(Tx tx, Instant periodStart) {
    return tx.sql("billing.find_last_attempt").bind("period_start", periodStart).one(Order::of);
  }

  /** Orders whose month of Pro has not ended, in the order of their months. */
  List<Order> paidMonths(Tx tx) {
    return tx.sql("billing.list_paid_months").list(Order::of);
  }

  Receipts receipts(Tx tx, UUID orderId) {
    return new Receipts(
        tx.sql("billing.list_receipts").bind("id", orderId).list(Receipts.Receipt::of).stream()
            .filter(receipt -> receipt.type().effect() != PaymentEvent.Effect.NONE)
            .toList());
  }

  /** Adds the refunds and disputes of a payment that arrived before its order was known. */
  List<Receipts.Receipt> adopt(Tx tx, UUID orderId, String paymentId) {
    record Unmatched(UUID id, boolean hasOrder, Receipts.Receipt receipt) {}
    List<Unmatched> adopted =
        tx
            .sql("billing.list_unmatched_receipts")
            .bind("payment_id", paymentId)
            .list(
                row ->
                    new Unmatched(
                        row.uuid("id"),
                        row.uuidOrNull("order_id") != null,
                        Receipts.Receipt.of(row)))
            .stream()
            .filter(found -> !found.hasOrder() && found.receipt().takesMoney())
            .toList();
    for (Unmatched found : adopted) {
      tx.sql("billing.match_receipt").bind("id", found.id()).bind("order_id", orderId).atCommit();
    }
    return adopted.stream().map(Unmatched::receipt).toList();
  }

  /** Records a captured payment that a response of the provider reported. */
  void recordCapture(Tx tx, Order order, String paymentId) {
    tx.sql("billing.record_outcome")
        .bind("id", ids.next())
        .bind("provider_event_id", "response:" + order.id())
        .bind("order_id", order.id())
        .bind("type", PaymentEvent.Kind.PAYMENT_CAPTURED)
        .bind("payment_id", paymentId)
        .bind("amount_cents", order.price().cents())
        .bind("currency", order.price().currency())
        .atCommit();
  }

  void store(Tx tx, Order order) {
    EventOrder event = order.lastEvent();
    Attempt renewal = order.renewal();
    Order.Provision provision = order.provision();
    Order.Month month = provision == null ? null : provision.month();
    Order.Revocation revocation = provision == null ? null : provision.revocation();
    tx.sql("billing.store_order")
        .bind("id", order.id())
        .bind("kind", order.kind())
        .bind("credits", order.credits())
        .bind("amount_cents", order.price().cents())
        .bind("currency", order.price().currency())
        .bind("status", order.status())
        .bind("payment_id", order.paymentId())
        .bind("period_start", renewal == null ? null : renewal.periodStart())
        .bind("attempt", renewal == null ? null : renewal.number())
        .bind("last_event_at", event == null ? null : event.at())
        .bind("last_event_rank", event == null ? null : event.rank())
        .bind("last_event_id", event == null ? null : event.id())
        .bind("granted_at", provision == null ? null : provision.at())
        .bind("month_start", month == null ? null : month.start())
        .bind("month_end", month == null ? null : month.end())
        .bind("credited_at", month == null ? null : month.creditedAt())
        .bind("revoked_at", revocation == null ? null : revocation.at())
        .bind("revoked_credits", revocation == null ? null : revocation.credits())
        .bind("created_at", order.createdAt())
        .atCommit();
  }

  /**
   * Stores an order before its payment page is requested, and a job that voids it if the process
   * dies meanwhile.
   *
   * @param key of the request's idempotency record
   */
  void reserve(Tx tx, Order order, UUID key) {
    store(tx, order);
    jobs.enqueue(
        tx,
        OrderReleaseJob.KIND,
        order.id().toString(),
        tx.now().plus(RELEASE_AFTER),
        new OrderReleaseJob.Payload(key));
  }

  /** Stores the id of the order's payment page. */
  void pageOpened(Tx tx, Order order, String sessionId) {
    tx.sql("billing.open_order").bind("id", order.id()).bind("session_id", sessionId).atCommit();
    jobs.cancel(tx, OrderReleaseJob.KIND, order.id().toString());
  }

  /** Voids an order that has no payment page. */
  void pageFailed(Tx tx, Order order) {
    store(tx, order.withStatus(Order.Status.VOIDED, null));
    jobs.cancel(tx, OrderReleaseJob.KIND, order.id().toString());
  }
}
