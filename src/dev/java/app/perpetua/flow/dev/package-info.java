/** The dev server that {@code ./dev} starts. Not in the JAR. */
@NullMarked
package app.perpetua.flow.dev;

import org.jspecify.annotations.NullMarked;
