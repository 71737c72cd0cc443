/** What users jot down, by keyboard or voice. */
@NullMarked
package app.perpetua.flow.notes;

import org.jspecify.annotations.NullMarked;
