/** Notes, typed or recorded. */
@NullMarked
package app.perpetua.flow.notes;

import org.jspecify.annotations.NullMarked;
