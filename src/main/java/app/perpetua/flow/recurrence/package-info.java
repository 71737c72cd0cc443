/** Templates: rules by which tasks come back. */
@NullMarked
package app.perpetua.flow.recurrence;

import org.jspecify.annotations.NullMarked;
