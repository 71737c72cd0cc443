/** {@code ./fuzz}: random hostile input, and the judge of every answer. */
@NullMarked
package app.perpetua.flow.fuzz;

import org.jspecify.annotations.NullMarked;
