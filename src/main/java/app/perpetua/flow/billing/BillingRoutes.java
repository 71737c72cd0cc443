package app.perpetua.flow.billing;

import app.perpetua.flow.base.Code;
import app.perpetua.flow.base.LogFields;
import app.perpetua.flow.base.Refusal;
import app.perpetua.flow.http.Body;
import app.perpetua.flow.http.Reply;
import app.perpetua.flow.http.Request;
import app.perpetua.flow.http.Route;
import app.perpetua.flow.sql.Owner.Tier;
import app.perpetua.flow.sql.Tx;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Locale;
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
    request.query().done();
    return tx -> {
      Subscriptions.Standing standing = billing.subscriptions().standing(tx);
      Map<String, @Nullable Object> shown = new LinkedHashMap<>();
      shown.put("tier", standing.tier().name().toLowerCase(Locale.ROOT));
      shown.put("status", standing.status());
      shown.put("current_period_end", standing.periodEnd());
      shown.put("grace_period_end", standing.graceEnd());
      shown.put("cancel_at_period_end", standing.endsWithPeriod());
      shown.put("features", features.apply(standing.tier()));
      return Reply.ok(shown);
    };
  }

  /** POST /subscription/checkout. */
  public Function<Tx, Route.Reserved> checkout(Request request) {
    request.body().done();
    return tx -> {
      Payments payments = payments();
      Order order = billing.subscriptions().order(tx);
      billing.orders().store(tx, order);
      UUID userId = tx.userId();
      return () -> opened(payments, userId, order, new LinkedHashMap<>());
    };
  }

  /** POST /subscription/cancel. */
  public Function<Tx, Reply> cancel(Request request) {
    request.body().done();
    return tx -> {
      Map<String, Object> shown = new LinkedHashMap<>();
      shown.put("status", "cancelled");
      shown.put("access_until", billing.subscriptions().cancel(tx));
      return Reply.ok(shown);
    };
  }

  /** POST /credits/purchase. */
  public Function<Tx, Route.Reserved> purchase(Request request) {
    Body body = request.body().required("amount");
    Integer amount = body.integer("amount", 1, MAX_AMOUNT);
    body.done();
    int wanted = Objects.requireNonNull(amount);
    return tx -> {
      Payments payments = payments();
      Purchases.Ordered ordered = billing.purchases().order(tx, wanted);
      billing.orders().store(tx, ordered.order());
      Map<String, Object> beside = new LinkedHashMap<>();
      beside.put("amount", wanted);
      beside.put("monthly_purchased", ordered.bought());
      beside.put("monthly_remaining", billing.purchases().remaining(ordered.bought()));
      UUID userId = tx.userId();
      return () -> opened(payments, userId, ordered.order(), beside);
    };
  }

  private Function<Tx, Reply> opened(
      Payments payments, UUID userId, Order order, Map<String, Object> beside)
      throws InterruptedException {
    Payments.Opened opened =
        payments.open(
            new Payments.Purchase(
                order.id(),
                userId,
                order.kind(),
                order.amountCents(),
                order.currency(),
                order.kind() == Order.Kind.SUBSCRIPTION));
    return tx ->
        switch (opened) {
          case Payments.Opened.Page(String sessionId, String url) -> {
            billing.orders().opened(tx, order.id(), sessionId);
            Map<String, Object> shown = new LinkedHashMap<>();
            shown.put("checkout_url", url);
            shown.put("session_id", sessionId);
            shown.putAll(beside);
            yield Reply.ok(shown);
          }
          case Payments.Opened.Unavailable(String why) -> {
            LOG.log(
                System.Logger.Level.WARNING,
                "no payment page: " + why,
                LogFields.of("order_id", order.id()));
            billing.orders().store(tx, order.found(Order.Status.VOIDED, null));
            yield Reply.refused(unavailable("payments are not to be had just now", SOON));
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
      throw Refusal.of(Code.INVALID_SIGNATURE, "this is not signed by the payment provider");
    }
    return tx -> {
      billing.webhooks().receive(tx, body);
      return Reply.bare(Map.of("received", true));
    };
  }

  private Payments payments() {
    return billing
        .payments()
        .orElseThrow(() -> unavailable("payments are not configured here", Duration.ofHours(1)));
  }

  private static Refusal unavailable(String message, Duration wait) {
    return Refusal.of(Code.PAYMENT_SERVICE_UNAVAILABLE, message).retryAfter(wait);
  }
}
