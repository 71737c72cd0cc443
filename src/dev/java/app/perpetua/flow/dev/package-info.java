/** The parts of the dev server: never in the JAR, used by nothing but {@code ./dev}. */
@NullMarked
package app.perpetua.flow.dev;

import org.jspecify.annotations.NullMarked;
