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
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Requests about the subscription and about buying credits, and the provider's webhooks. */
public final class BillingRoutes {
  /** What a tier can do, as the contract tells it. */
  public record Features(
      int maxSubtasks, int maxDescriptionLength, boolean voiceNotes, int monthlyCredits) {}

  private static final System.Logger LOG = System.getLogger(BillingRoutes.class.getName());

  /** The largest order; the month's limit may be less, or more. */
  private static final int MAX_AMOUNT = 500;

  private static final Duration SOON = Duration.ofSeconds(10);

  private final Billing billing;
  private final Function<Tier, Features> features;

  /**
   * @param features what each tier can do
   */
  public BillingRoutes(Billing billing, Function<Tier, Features> features) {
    this.billing = billing;
    this.features = features;
  }

  /** GET /subscription. */
  public Function<Tx, Reply> show(Request request) {
    request.query().validate();
    return tx -> {
      Subscriptions.BillingState standing = billing.subscriptions().standing(tx);
      Map<String, @Nullable Object> shown = new LinkedHashMap<>();
      shown.put("tier", standing.tier());
      shown.put("status", standing.status());
      shown.put("current_period_end", standing.periodEnd());
      shown.put("grace_period_end", standing.graceEnd());
      shown.put("cancel_at_period_end", standing.endsWithPeriod());
      shown.put("features", features.apply(standing.tier()));
      return Reply.ok(shown);
    };
  }

  /** POST /subscription/checkout. */
  public TwoPhaseRequest<?, ?> checkout(Request request) {
    request.body().validate();
    return page((tx, shown) -> billing.subscriptions().order(tx));
  }

  /** POST /subscription/cancel. */
  public Function<Tx, Reply> cancel(Request request) {
    request.body().validate();
    return tx -> {
      Map<String, Object> shown = new LinkedHashMap<>();
      shown.put("status", "cancelled");
      shown.put("access_until", billing.subscriptions().cancel(tx));
      return Reply.ok(shown);
    };
  }

  /** POST /credits/purchase. */
  public TwoPhaseRequest<?, ?> purchase(Request request) {
    JsonReader body = request.body().required("amount");
    Integer amount = body.integer("amount", 1, MAX_AMOUNT);
    body.validate();
    int wanted = Objects.requireNonNull(amount);
    return page(
        (tx, shown) -> {
          Purchases.Ordered ordered = billing.purchases().order(tx, wanted);
          shown.put("amount", wanted);
          shown.put("monthly_purchased", ordered.bought());
          shown.put("monthly_remaining", billing.purchases().remaining(ordered.bought()));
          return ordered.order();
        });
  }

  /** Creates an order, and adds what the answer shows beside the payment page. */
  @FunctionalInterface
  private interface Ordering {
    Order order(Tx tx, Map<String, Object> shown);
  }

  /** A stored order without its payment page. */
  private record ReservedOrder(
      Payments payments, Payments.Purchase purchase, Order order, Map<String, Object> shown) {}

  /** Stores an order, and opens the page on which it is paid. */
  private TwoPhaseRequest<ReservedOrder, Payments.Opened> page(Ordering ordering) {
    return new TwoPhaseRequest<>(
        (tx, key) -> reserve(tx, key, ordering), (reserved, _, _) -> open(reserved), this::settle);
  }

  private ReservedOrder reserve(Tx tx, UUID key, Ordering ordering) {
    Payments payments =
        billing
            .payments()
            .orElseThrow(
                () -> unavailable("payments are not configured here", Duration.ofHours(1)));
    Map<String, Object> shown = new LinkedHashMap<>();
    Order order = ordering.order(tx, shown);
    billing.orders().reserve(tx, order, key);
    Payments.Purchase purchase =
        new Payments.Purchase(
            order.id(),
            tx.userId(),
            order.kind(),
            order.amountCents(),
            order.currency(),
            order.kind() == Payments.Kind.SUBSCRIPTION);
    return new ReservedOrder(payments, purchase, order, shown);
  }

  private static Payments.Opened open(ReservedOrder reserved) {
    try {
      return reserved.payments().open(reserved.purchase());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return new Payments.Opened.Unavailable("the service is being stopped");
    }
  }

  private Reply settle(Tx tx, ReservedOrder reserved, Payments.Opened opened) {
    return switch (opened) {
      case Payments.Opened.HostedPage(String sessionId, String url) -> {
        billing.orders().opened(tx, reserved.order(), sessionId);
        Map<String, Object> shown = new LinkedHashMap<>();
        shown.put("checkout_url", url);
        shown.put("session_id", sessionId);
        shown.putAll(reserved.shown());
        yield Reply.ok(shown);
      }
      case Payments.Opened.Unavailable(String why) -> {
        LOG.log(
            System.Logger.Level.WARNING,
            "no payment page: " + why,
            LogFields.of("order_id", reserved.order().id()));
        billing.orders().voided(tx, reserved.order());
        yield Reply.refused(
            unavailable("the payment provider is unavailable; try again shortly", SOON));
      }
    };
  }

  /** POST /webhooks/checkout. */
  public Function<Tx, Reply> webhook(Request request) {
    byte[] body = request.bytes();
    if (!billing
        .signature()
        .verifies(
            body,
            request.header("Cko-Signature").orElse(null),
            request.header("Authorization").orElse(null))) {
      billing.metrics().webhook("refused");
      throw Refusal.of(ErrorCode.INVALID_SIGNATURE, "this is not signed by the payment provider");
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
