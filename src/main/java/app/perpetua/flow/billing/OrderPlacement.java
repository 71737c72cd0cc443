package app.perpetua.flow.billing;

import app.perpetua.flow.base.ErrorCode;
import app.perpetua.flow.base.Ids;
import app.perpetua.flow.base.Refusal;
import app.perpetua.flow.billing.Order.Price;
import app.perpetua.flow.sql.Tx;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;

/** Creates orders of Pro and of credits, within their limits. Thread-safe. */
final class OrderPlacement {
  /** Older unpaid orders do not count towards the month's limit. */
  private static final Duration RECENT = Duration.ofMinutes(30);

  /**
   * @param monthTotal credits ordered in this calendar month (UTC), including this order
   */
  record CreditOrder(Order order, int monthTotal) {}

  private final BillingConfig config;
  private final Subscriptions subscriptions;
  private final Ids ids;

  OrderPlacement(BillingConfig config, Subscriptions subscriptions, Ids ids) {
    this.config = config;
    this.subscriptions = subscriptions;
    this.ids = ids;
  }

  /**
   * Orders a month of Pro. The user may have a cancelled or unpaid subscription.
   *
   * @throws Refusal {@code CONFLICT} if the subscription is active
   */
  Order pro(Tx tx) {
    if (subscriptions
        .find(tx)
        .filter(found -> found.status() == Subscription.Status.ACTIVE)
        .isPresent()) {
      throw Refusal.of(ErrorCode.CONFLICT, "this account already has Pro");
    }
    return Order.open(ids.next(), Payments.Kind.SUBSCRIPTION, null, config.proPrice(), tx.now());
  }

  /**
   * Orders credits (FR-051).
   *
   * @throws Refusal {@code LIMIT_EXCEEDED} if this month's paid and recent open orders leave fewer
   */
  CreditOrder credits(Tx tx, int amount) {
    Instant month =
        Subscription.day(tx.now()).withDayOfMonth(1).atStartOfDay(ZoneOffset.UTC).toInstant();
    int ordered =
        tx.sql("billing.sum_bought")
            .bind("month", month)
            .bind("open_since", tx.now().minus(RECENT))
            .one(row -> row.integer("bought"))
            .orElse(0);
    if (ordered + amount > config.creditsPerMonth()) {
      throw Refusal.of(
              ErrorCode.LIMIT_EXCEEDED,
              "at most " + config.creditsPerMonth() + " credits can be bought in a month")
          .with("limit", config.creditsPerMonth())
          .with("current", ordered);
    }
    Price price =
        new Price(Math.multiplyExact(amount, config.creditPriceCents()), config.currency());
    return new CreditOrder(
        Order.open(ids.next(), Payments.Kind.CREDITS, amount, price, tx.now()), ordered + amount);
  }

  int remaining(int monthTotal) {
    return Math.max(0, config.creditsPerMonth() - monthTotal);
  }
}
