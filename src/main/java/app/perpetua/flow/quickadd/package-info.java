/** Creates tasks from texts in words (docs/decisions/quick-add.md). */
@NullMarked
package app.perpetua.flow.quickadd;

import org.jspecify.annotations.NullMarked;
