/** The recent metrics of the processes that the dev server runs. Not in the JAR. */
@NullMarked
package app.perpetua.flow.dev.metrics;

import org.jspecify.annotations.NullMarked;
