package app.perpetua.flow.billing;

import app.perpetua.flow.base.ErrorCode;
import app.perpetua.flow.base.LogFields;
import app.perpetua.flow.base.Refusal;
import app.perpetua.flow.http.Reply;
import app.perpetua.flow.http.Request;
import app.perpetua.flow.http.TwoPhaseRequest;
import app.perpetua.flow.parsing.JsonReader;
import app.perpetua.flow.sql.LockedUser.Tier;
import app.perpetua.flow.sql.Tx;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import java.util.function.BiFunction;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Endpoints of the subscription, of buying credits and of the provider's webhooks. */
final class BillingRoutes {
  private static final System.Logger LOG = System.getLogger(BillingRoutes.class.getName());

  /** Credits in one order. */
  private static final int MAX_AMOUNT = 500;

  private static final Duration RETRY_AFTER = Duration.ofSeconds(10);

  /** The services of billing; {@code payments} is empty if payments are disabled. */
  record Services(
      Optional<Payments> payments,
      WebhookSignature signature,
      OrderStore orders,
      Subscriptions subscriptions,
      OrderPlacement placement,
      Webhooks webhooks,
      BillingMetrics metrics) {}

  private final Services billing;
  private final Function<Tier, TierFeatures> features;

  BillingRoutes(Services billing, Function<Tier, TierFeatures> features) {
    this.billing = billing;
    this.features = features;
  }

  /** GET /subscription. */
  Function<Tx, Reply> show(Request request) {
    return tx -> Reply.ok(shown(tx));
  }

  /** The user's subscription as the API shows it. */
  Object shown(Tx tx) {
    Subscriptions.BillingState state = billing.subscriptions().state(tx);
    Map<String, @Nullable Object> shown = new LinkedHashMap<>();
    shown.put("tier", state.tier());
    shown.put("status", state.status());
    shown.put("current_period_end", state.periodEnd());
    shown.put("grace_period_end", state.graceEnd());
    shown.put("cancel_at_period_end", state.cancelsAtPeriodEnd());
    shown.put("features", features.apply(state.tier()));
    return shown;
  }

  /** POST /subscription/checkout and /subscription/upgrade. */
  TwoPhaseRequest<?, ?> checkout(Request request) {
    request.body().validate();
    return orderPage((tx, _) -> billing.placement().pro(tx));
  }

  /** POST /subscription/cancel. */
  Function<Tx, Reply> cancel(Request request) {
    request.body().validate();
    record Cancelled(String status, Instant accessUntil) {}
    return tx -> Reply.ok(new Cancelled("cancelled", billing.subscriptions().cancel(tx)));
  }

  /** POST /credits/purchase and /subscription/purchase-credits. */
  TwoPhaseRequest<?, ?> purchase(Request request) {
    JsonReader body = request.body().required("amount");
    Integer amount = body.integer("amount", 1, MAX_AMOUNT);
    body.validate();
    int credits = Objects.requireNonNull(amount);
    return orderPage(
        (tx, response) -> {
          OrderPlacement.CreditOrder placed = billing.placement().credits(tx, credits);
          response.put("amount", credits);
          response.put("monthly_purchased", placed.monthTotal());
          response.put("monthly_remaining", billing.placement().remaining(placed.monthTotal()));
          return placed.order();
        });
  }

  private record ReservedOrder(
      Payments payments,
      Payments.PaymentRequest payment,
      Order order,
      Map<String, Object> response) {}

  /**
   * Stores an order and opens its payment page.
   *
   * @param place creates the order and adds fields to the response
   */
  private TwoPhaseRequest<ReservedOrder, Payments.PageResult> orderPage(
      BiFunction<Tx, Map<String, Object>, Order> place) {
    return new TwoPhaseRequest<>(
        (tx, key) -> reserve(tx, key, place), (reserved, _, _) -> open(reserved), this::settle);
  }

  private ReservedOrder reserve(Tx tx, UUID key, BiFunction<Tx, Map<String, Object>, Order> place) {
    Payments payments =
        billing
            .payments()
            .orElseThrow(() -> unavailable("payments are not configured", Duration.ofHours(1)));
    Map<String, Object> response = new LinkedHashMap<>();
    Order order = place.apply(tx, response);
    billing.orders().reserve(tx, order, key);
    Payments.PaymentRequest payment =
        new Payments.PaymentRequest(
            order.id(),
            tx.userId(),
            order.kind(),
            order.price().cents(),
            order.price().currency(),
            order.kind() == Payments.Kind.SUBSCRIPTION);
    return new ReservedOrder(payments, payment, order, response);
  }

  private static Payments.PageResult open(ReservedOrder reserved) {
    try {
      return reserved.payments().open(reserved.payment());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return new Payments.PageResult.Unavailable("the service is stopping");
    }
  }

  private Reply settle(Tx tx, ReservedOrder reserved, Payments.PageResult result) {
    return switch (result) {
      case Payments.PageResult.HostedPage(String sessionId, String url) -> {
        billing.orders().pageOpened(tx, reserved.order(), sessionId);
        Map<String, Object> response = new LinkedHashMap<>();
        response.put("checkout_url", url);
        response.put("session_id", sessionId);
        response.putAll(reserved.response());
        yield Reply.ok(response);
      }
      case Payments.PageResult.Unavailable(String reason) -> {
        LOG.log(
            System.Logger.Level.WARNING,
            "cannot open a payment page: " + reason,
            LogFields.of("order_id", reserved.order().id()));
        billing.orders().pageFailed(tx, reserved.order());
        yield Reply.refused(
            unavailable("the payment provider is unavailable; try again shortly", RETRY_AFTER));
      }
    };
  }

  /** POST /webhooks/checkout. */
  Function<Tx, Reply> webhook(Request request) {
    byte[] body = request.bytes();
    if (!billing
        .signature()
        .verifies(
            body,
            request.header("Cko-Signature").orElse(null),
            request.header("Authorization").orElse(null))) {
      billing.metrics().webhook("refused");
      throw Refusal.of(ErrorCode.INVALID_SIGNATURE, "the webhook's signature is not valid");
    }
    return tx -> {
      billing.webhooks().receive(tx, body);
      return Reply.bare(Map.of("received", true));
    };
  }

  private static Refusal unavailable(String message, Duration wait) {
    return Refusal.of(ErrorCode.PAYMENT_SERVICE_UNAVAILABLE, message).retryAfter(wait);
  }
}
