/** Undo of changes, from the rows that triggers recorded (migration V27). */
@NullMarked
package app.perpetua.flow.undo;

import org.jspecify.annotations.NullMarked;
