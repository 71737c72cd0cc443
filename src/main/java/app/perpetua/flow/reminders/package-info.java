/** Reminders of tasks. */
@NullMarked
package app.perpetua.flow.reminders;

import org.jspecify.annotations.NullMarked;
