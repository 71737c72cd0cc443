/** Subscriptions, bought credits, and the payment provider's webhooks. */
@NullMarked
package app.perpetua.flow.billing;

import org.jspecify.annotations.NullMarked;
