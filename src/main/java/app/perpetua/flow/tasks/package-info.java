/** Tasks and subtasks. */
@NullMarked
package app.perpetua.flow.tasks;

import org.jspecify.annotations.NullMarked;
