/** Clocks that a test sets. */
@NullMarked
package app.perpetua.flow.harness.time;

import org.jspecify.annotations.NullMarked;
