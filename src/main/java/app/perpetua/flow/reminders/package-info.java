/** When a user wants to be reminded of a task, and the reminding. */
@NullMarked
package app.perpetua.flow.reminders;

import org.jspecify.annotations.NullMarked;
