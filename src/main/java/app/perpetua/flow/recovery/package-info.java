/** Undoing deletions. */
@NullMarked
package app.perpetua.flow.recovery;

import org.jspecify.annotations.NullMarked;
