/** Paying: the subscription, bought credits, and what the payment provider tells. */
@NullMarked
package app.perpetua.flow.billing;

import org.jspecify.annotations.NullMarked;
