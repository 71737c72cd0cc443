package app.perpetua.flow.provider.checkout;

import app.perpetua.flow.base.Secret;
import java.net.URI;
import java.util.Optional;

/**
 * Our account at Checkout.com.
 *
 * @param secretKey {@code sk_…}
 * @param baseUrl where its API is, without a path
 * @param processingChannel which of the account's channels takes payments; none if it has one only
 * @param billingCountry ISO 3166-1 alpha-2, of the billing address that pages ask for
 * @param successUrl where people go who have paid
 * @param failureUrl where people go who could not
 * @param cancelUrl where people go who would rather not
 */
public record CheckoutConfig(
    Secret secretKey,
    URI baseUrl,
    Optional<String> processingChannel,
    String billingCountry,
    URI successUrl,
    URI failureUrl,
    URI cancelUrl) {}
