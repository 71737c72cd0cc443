/** Lists and labels of tasks, and the order of tasks in lists (docs/decisions/lists.md). */
@NullMarked
package app.perpetua.flow.lists;

import org.jspecify.annotations.NullMarked;
