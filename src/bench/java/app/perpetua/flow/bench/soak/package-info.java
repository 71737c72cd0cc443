/** Hours of a usual load, and what they leave behind. */
@NullMarked
package app.perpetua.flow.bench.soak;

import org.jspecify.annotations.NullMarked;
