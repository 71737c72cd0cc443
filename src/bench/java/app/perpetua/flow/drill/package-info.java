/** The demonstration of {@code deploy/restore-drill}: a service is filled, dumped and restored. */
@NullMarked
package app.perpetua.flow.drill;

import org.jspecify.annotations.NullMarked;
