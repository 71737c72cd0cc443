package app.perpetua.flow.billing;

import app.perpetua.flow.base.Secret;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * Prices, and how payments are taken.
 *
 * @param proPriceCents a month of Pro, in the currency's minor unit
 * @param creditPriceCents one credit, likewise
 * @param currency ISO 4217
 * @param creditsPerMonth credits that a user may buy in a calendar month (FR-051)
 * @param paymentFailures how many failed payments open the grace period (FR-049)
 * @param grace how long that is
 * @param charges who charges for renewals
 * @param webhookSecrets keys that webhooks may be signed with; none refuses all of them
 * @param webhookAuthorization what their {@code Authorization} header must be, if anything
 */
public record BillingConfig(
    int proPriceCents,
    int creditPriceCents,
    String currency,
    int creditsPerMonth,
    int paymentFailures,
    Duration grace,
    Charges charges,
    List<Secret> webhookSecrets,
    Optional<Secret> webhookAuthorization) {
  /** Who charges for renewals. */
  public enum Charges {
    /** We do, with the instrument that the first payment left. */
    OWN,
    /** A subscription manager in front of the provider, which tells us. */
    EXTERNAL
  }
}
