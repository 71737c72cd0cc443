package app.perpetua.flow.billing;

import app.perpetua.flow.base.Secret;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * Prices and settings of payments.
 *
 * @param proPriceCents price of a month of Pro, in the currency's minor unit
 * @param creditPriceCents price of one credit, in the currency's minor unit
 * @param currency ISO 4217
 * @param creditsPerMonth credits that a user may buy in a calendar month (FR-051)
 * @param paymentFailures failed payments that start the grace period (FR-049)
 * @param grace length of the grace period
 * @param recordYears calendar years for which the payment records of deleted accounts are kept
 * @param webhookSecrets keys that sign webhooks; without one, every webhook is refused
 * @param webhookAuthorization required value of a webhook's {@code Authorization} header
 */
public record BillingConfig(
    int proPriceCents,
    int creditPriceCents,
    String currency,
    int creditsPerMonth,
    int paymentFailures,
    Duration grace,
    Charges charges,
    int recordYears,
    List<Secret> webhookSecrets,
    Optional<Secret> webhookAuthorization) {
  /** Who charges for renewals. */
  public enum Charges {
    /** This service, with the instrument of the first payment. */
    OWN,
    /** A subscription manager in front of the provider; this service gets its events. */
    EXTERNAL
  }

  Order.Price proPrice() {
    return new Order.Price(proPriceCents, currency);
  }
}
