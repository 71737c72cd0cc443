/** Sample data: a month of one person's life, replayed through the public API. Not in the JAR. */
@NullMarked
package app.perpetua.flow.dev.sample;

import org.jspecify.annotations.NullMarked;
