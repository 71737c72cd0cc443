package app.perpetua.flow.billing;

import app.perpetua.flow.base.ErrorCode;
import app.perpetua.flow.base.Ids;
import app.perpetua.flow.base.Refusal;
import app.perpetua.flow.sql.Tx;
import java.time.Duration;
import java.time.Instant;
import java.time.YearMonth;
import java.time.ZoneOffset;

/** Orders of credits (FR-051). Thread-safe. */
public final class Purchases {
  /** Whoever has not paid by then will not; whoever does all the same gets their credits. */
  private static final Duration OPEN = Duration.ofMinutes(30);

  /**
   * An order, and the month's sum with it.
   *
   * @param bought credits ordered in this calendar month (UTC), this order's included
   */
  record Ordered(Order order, int bought) {}

  private final BillingConfig config;
  private final Ids ids;

  public Purchases(BillingConfig config, Ids ids) {
    this.config = config;
    this.ids = ids;
  }

  /**
   * An order of so many credits.
   *
   * @throws Refusal {@code LIMIT_EXCEEDED} if the month's are used up by what was paid and what is
   *     being paid
   */
  Ordered order(Tx tx, int amount) {
    Instant month =
        YearMonth.from(tx.now().atOffset(ZoneOffset.UTC))
            .atDay(1)
            .atStartOfDay(ZoneOffset.UTC)
            .toInstant();
    int bought =
        tx.sql("billing.sum_bought")
            .bind("month", month)
            .bind("open_since", tx.now().minus(OPEN))
            .one(row -> row.integer("bought"))
            .orElse(0);
    if (bought + amount > config.creditsPerMonth()) {
      throw Refusal.of(
              ErrorCode.LIMIT_EXCEEDED,
              "at most " + config.creditsPerMonth() + " credits can be bought in a month")
          .with("limit", config.creditsPerMonth())
          .with("current", bought);
    }
    Order order =
        Order.open(
            ids.next(),
            Payments.Kind.CREDITS,
            amount,
            Math.multiplyExact(amount, config.creditPriceCents()),
            config.currency(),
            tx.now());
    return new Ordered(order, bought + amount);
  }

  /** What can still be ordered in a month in which so many were. */
  int remaining(int bought) {
    return Math.max(0, config.creditsPerMonth() - bought);
  }
}
