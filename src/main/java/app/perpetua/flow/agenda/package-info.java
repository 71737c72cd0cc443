/** The agenda: what is overdue, of a day, and of the week after it, in the user's time zone. */
@NullMarked
package app.perpetua.flow.agenda;

import org.jspecify.annotations.NullMarked;
