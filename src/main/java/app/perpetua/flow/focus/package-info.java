/** Focus sessions: time that a user spends on one task at a time. */
@NullMarked
package app.perpetua.flow.focus;

import org.jspecify.annotations.NullMarked;
