/** Recurrence rules, compared with another implementation. */
@NullMarked
package app.perpetua.flow.fuzz.rules;

import org.jspecify.annotations.NullMarked;
