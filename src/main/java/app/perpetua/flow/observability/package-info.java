/** Logs, metrics and health. */
@NullMarked
package app.perpetua.flow.observability;

import org.jspecify.annotations.NullMarked;
