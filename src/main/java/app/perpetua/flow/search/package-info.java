/** Ranked searches of tasks, subtasks and notes. */
@NullMarked
package app.perpetua.flow.search;

import org.jspecify.annotations.NullMarked;
