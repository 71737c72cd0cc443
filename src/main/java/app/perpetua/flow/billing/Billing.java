package app.perpetua.flow.billing;

import java.util.Optional;

/** The services of billing; {@code payments} is empty if payments are disabled. */
record Billing(
    Optional<Payments> payments,
    WebhookSignature signature,
    OrderStore orders,
    Subscriptions subscriptions,
    OrderPlacement placement,
    Webhooks webhooks,
    BillingMetrics metrics) {}
