package app.perpetua.flow.billing;

import app.perpetua.flow.base.Ids;
import app.perpetua.flow.base.Json;
import app.perpetua.flow.base.LogFields;
import app.perpetua.flow.base.Sha256;
import app.perpetua.flow.billing.PaymentApplication.Result;
import app.perpetua.flow.jobs.Job;
import app.perpetua.flow.jobs.Jobs;
import app.perpetua.flow.jobs.TransactionalHandler;
import app.perpetua.flow.sql.Actor;
import app.perpetua.flow.sql.Tx;
import java.time.Duration;
import java.util.HexFormat;
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

  private static final System.Logger LOG = System.getLogger(Webhooks.class.getName());

  /**
   * @param userId null if the event belongs to no user
   * @param orderId null if the event belongs to no order
   */
  record Applied(Result result, @Nullable UUID userId, @Nullable UUID orderId) {
    Applied(Result result, @Nullable UUID userId) {
      this(result, userId, null);
    }
  }

  private final BillingConfig config;
  private final OrderStore orders;
  private final PaymentApplication payments;
  private final ExternalSubscriptions external;
  private final RetainedPayments retained;
  private final Jobs jobs;
  private final Ids ids;
  private final Json json;
  private final BillingMetrics metrics;

  Webhooks(
      BillingConfig config,
      OrderStore orders,
      PaymentApplication payments,
      ExternalSubscriptions external,
      RetainedPayments retained,
      Jobs jobs,
      Ids ids,
      Json json,
      BillingMetrics metrics) {
    this.config = config;
    this.orders = orders;
    this.payments = payments;
    this.external = external;
    this.retained = retained;
    this.jobs = jobs;
    this.ids = ids;
    this.json = json;
    this.metrics = metrics;
  }

  /**
   * Stores and applies an event whose signature is valid. A repeat changes nothing. A body that
   * cannot be read is stored and shown: what it was about must not be lost.
   *
   * @param tx the system's
   */
  void receive(Tx tx, byte[] body) {
    PaymentEvent.parse(json, body, tx.now())
        .ifPresentOrElse(event -> receive(tx, event, body), () -> storeUnreadable(tx, body));
  }

  private void storeUnreadable(Tx tx, byte[] body) {
    UUID id = ids.next();
    int stored =
        tx.sql("billing.record_unreadable")
            .bind("id", id)
            .bind("provider_event_id", "sha256:" + HexFormat.of().formatHex(Sha256.hash(body)))
            .bind("body", body)
            .run();
    metrics.webhook(stored == 0 ? "repeated" : "unreadable");
    if (stored > 0) {
      LOG.log(System.Logger.Level.WARNING, "an event cannot be read", LogFields.of("event_id", id));
    }
  }

  private void receive(Tx tx, PaymentEvent event, byte[] body) {
    UUID id = ids.next();
    int stored =
        tx.sql("billing.record_event")
            .bind("id", id)
            .bind("provider_event_id", event.id())
            .bind("type", event.type())
            .bind("event_at", event.at())
            .bind("payment_id", event.paymentId())
            .bind("subject_id", event.subjectId())
            .bind("amount_cents", event.amount().cents())
            .bind("has_amount", event.amount().isGiven())
            .bind("currency", event.amount().currency())
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
    if (event.paymentId() != null && event.kind().effect() != PaymentEvent.Effect.NONE) {
      lock(tx, event.paymentId());
    }
    Applied applied =
        switch (event.kind()) {
          case OTHER -> ignored(tx, event);
          case SUBSCRIPTION_RENEWED, SUBSCRIPTION_CANCELLED -> external.apply(tx, event);
          default -> payment(tx, event);
        };
    String status =
        switch (applied.result()) {
          case APPLIED, OUTDATED, DUPLICATE -> "applied";
          case IGNORED -> "ignored";
          case UNMATCHED, MISMATCHED -> "unmatched";
        };
    boolean done = status.equals("applied");
    tx.sql("billing.mark_event")
        .bind("id", id)
        .bind("owner", applied.userId())
        .bind("order_id", applied.orderId())
        .bind("status", status)
        .bind("applied_at", done ? tx.now() : null)
        .bind("keeps_body", applied.userId() != null || isNobodys(applied, event))
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

  /** The body of an event that concerns no account, past or present, is kept for diagnosis. */
  private static boolean isNobodys(Applied applied, PaymentEvent event) {
    return applied.orderId() == null && event.userId() == null;
  }

  /** The first lock that an event of money takes, before its owner's. */
  private static void lock(Tx tx, String paymentId) {
    tx.sql("billing.lock_payment").bind("payment_id", paymentId).list(row -> row.text("locked"));
  }

  private Applied ignored(Tx tx, PaymentEvent event) {
    Optional<OrderStore.Located> located = orders.locate(tx, event.reference(), event.paymentId());
    return located
        .map(of -> new Applied(Result.IGNORED, of.userId(), of.orderId()))
        .orElseGet(() -> new Applied(Result.IGNORED, external.subscriber(tx, event).orElse(null)));
  }

  private Applied payment(Tx tx, PaymentEvent event) {
    Optional<OrderStore.Located> located = orders.locate(tx, event.reference(), event.paymentId());
    if (located.isPresent()) {
      UUID orderId = located.get().orderId();
      UUID owner = located.get().userId();
      if (owner == null) {
        return new Applied(retained.apply(tx, orderId, event), null, orderId);
      }
      Tx acting = tx.actingFor(owner, Actor.Source.SYSTEM);
      acting.lockOwner();
      Order order = orders.find(acting, orderId).orElseThrow();
      return new Applied(payments.apply(acting, order, event), owner, orderId);
    }
    return config.charges() == BillingConfig.Charges.EXTERNAL
        ? external.payment(tx, event)
        : new Applied(Result.UNMATCHED, external.subscriber(tx, event).orElse(null));
  }
}
