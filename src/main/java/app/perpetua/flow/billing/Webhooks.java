package app.perpetua.flow.billing;

import app.perpetua.flow.base.Ids;
import app.perpetua.flow.base.Json;
import app.perpetua.flow.base.LogFields;
import app.perpetua.flow.base.Refusal;
import app.perpetua.flow.billing.PaymentApplication.Result;
import app.perpetua.flow.jobs.Job;
import app.perpetua.flow.jobs.Jobs;
import app.perpetua.flow.jobs.TransactionalHandler;
import app.perpetua.flow.sql.Actor;
import app.perpetua.flow.sql.Tx;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Receives the provider's events (FR-047, FR-048): stores each one once, and applies it in the same
 * transaction. If that fails, the event is still stored and acknowledged, and a job applies it.
 * Thread-safe.
 */
final class Webhooks implements TransactionalHandler {
  /** The kind of the job that applies stored events. */
  static final String APPLY = "webhook_apply";

  /** The provider repeats an event for about 30 hours. */
  private static final Duration RETENTION = Duration.ofDays(90);

  private static final System.Logger LOG = System.getLogger(Webhooks.class.getName());

  /**
   * @param userId null if the event belongs to no user
   */
  record Applied(Result result, @Nullable UUID userId) {}

  private final BillingConfig config;
  private final OrderStore orders;
  private final PaymentApplication payments;
  private final ExternalSubscriptions external;
  private final Jobs jobs;
  private final Ids ids;
  private final Json json;
  private final BillingMetrics metrics;

  Webhooks(
      BillingConfig config,
      OrderStore orders,
      PaymentApplication payments,
      ExternalSubscriptions external,
      Jobs jobs,
      Ids ids,
      Json json,
      BillingMetrics metrics) {
    this.config = config;
    this.orders = orders;
    this.payments = payments;
    this.external = external;
    this.jobs = jobs;
    this.ids = ids;
    this.json = json;
    this.metrics = metrics;
  }

  /**
   * Stores and applies an event whose signature is valid. A repeat changes nothing.
   *
   * @param tx the system's
   * @throws Refusal {@code VALIDATION_ERROR} if it is not an event
   */
  void receive(Tx tx, byte[] body) {
    PaymentEvent event = PaymentEvent.parse(json, body, tx.now());
    UUID id = ids.next();
    int stored =
        tx.sql("billing.record_event")
            .bind("id", id)
            .bind("provider_event_id", event.id())
            .bind("type", event.type())
            .bind("event_at", event.at())
            .bind("body", body)
            .run();
    if (stored == 0) {
      metrics.webhook("repeated");
      return;
    }
    if (!tx.optional(APPLY, () -> apply(tx, id, event), Webhooks::failed)) {
      jobs.enqueue(tx, APPLY, id.toString(), tx.now(), Map.of());
      metrics.webhook("postponed");
    }
  }

  /** Logs no message, because it may quote a user's text. */
  private static void failed(RuntimeException e) {
    Throwable cause = e.getCause() == null ? e : e.getCause();
    StackTraceElement[] trace = e.getStackTrace();
    LOG.log(
        System.Logger.Level.WARNING,
        "cannot apply an event yet; a job will retry",
        LogFields.of("why", e.getClass().getName())
            .with("cause", cause.getClass().getName())
            .with("place", trace.length == 0 ? null : trace[0]));
  }

  @Override
  public Next run(Tx tx, Job job) {
    UUID id = UUID.fromString(job.key());
    tx.sql("billing.find_event")
        .bind("id", id)
        .one(row -> PaymentEvent.of(row, json))
        .ifPresent(event -> apply(tx, id, event));
    return new Next.Done();
  }

  private void apply(Tx tx, UUID id, PaymentEvent event) {
    Applied applied =
        switch (event.kind()) {
          case OTHER -> new Applied(Result.IGNORED, null);
          case SUBSCRIPTION_RENEWED, SUBSCRIPTION_CANCELLED -> external.apply(tx, event);
          default -> payment(tx, event);
        };
    String status =
        switch (applied.result()) {
          case APPLIED, OUTDATED -> "applied";
          case IGNORED -> "ignored";
          case UNMATCHED, MISMATCHED -> "unmatched";
        };
    boolean done = status.equals("applied");
    tx.sql("billing.mark_event")
        .bind("id", id)
        .bind("owner", applied.userId())
        .bind("status", status)
        .bind("applied_at", done ? tx.now() : null)
        .atCommit();
    metrics.webhook(applied.result().wireName());
    if (done) {
      metrics.lag(Duration.between(event.at(), tx.now()));
    } else if (applied.result() != Result.IGNORED) {
      LOG.log(
          System.Logger.Level.WARNING,
          "an event was not applied: " + applied.result().wireName(),
          LogFields.of("event_id", id)
              .with("kind", event.kind())
              .with("user_id", applied.userId()));
    }
  }

  private Applied payment(Tx tx, PaymentEvent event) {
    Optional<OrderStore.Located> located = orders.locate(tx, event.reference(), event.paymentId());
    if (located.isPresent()) {
      Tx acting = tx.actingFor(located.get().userId(), Actor.Source.SYSTEM);
      acting.lockOwner();
      Optional<Order> order = orders.find(acting, located.get().orderId());
      if (order.isPresent()) {
        return new Applied(payments.apply(acting, order.get(), event), located.get().userId());
      }
    }
    return config.charges() == BillingConfig.Charges.EXTERNAL
        ? external.payment(tx, event)
        : new Applied(Result.UNMATCHED, null);
  }

  /** Deletes up to {@code batch} expired events in a system transaction; returns their number. */
  static int deleteOld(Tx tx, int batch) {
    return tx.sql("billing.delete_old_events")
        .bind("horizon", tx.now().minus(RETENTION))
        .bind("count", batch)
        .run();
  }
}
