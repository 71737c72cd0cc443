package app.perpetua.flow.provider.checkout;

import app.perpetua.flow.base.Secret;
import java.net.URI;
import java.util.Optional;

/**
 * The Checkout.com account.
 *
 * @param secretKey {@code sk_…}
 * @param baseUrl the API's, without a path
 * @param processingChannel required if the account has several
 * @param billingCountry ISO 3166-1 alpha-2; preselected on the payment page
 * @param successUrl the payment page redirects here after a payment
 * @param failureUrl the payment page redirects here after a failed payment
 * @param cancelUrl the payment page redirects here when the user cancels
 */
public record CheckoutConfig(
    Secret secretKey,
    URI baseUrl,
    Optional<String> processingChannel,
    String billingCountry,
    URI successUrl,
    URI failureUrl,
    URI cancelUrl) {}
