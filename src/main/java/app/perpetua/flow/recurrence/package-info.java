/** Templates: recurring tasks, by recurrence rules of RFC 5545. */
@NullMarked
package app.perpetua.flow.recurrence;

import org.jspecify.annotations.NullMarked;
