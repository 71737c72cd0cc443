/** Undo of deletions: tombstones hold the deleted rows until they are restored or expire. */
@NullMarked
package app.perpetua.flow.recovery;

import org.jspecify.annotations.NullMarked;
