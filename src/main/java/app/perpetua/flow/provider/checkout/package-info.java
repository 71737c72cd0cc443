/** Checkout.com: hosted payment pages, and charges to instruments that it keeps. */
@NullMarked
package app.perpetua.flow.provider.checkout;

import org.jspecify.annotations.NullMarked;
