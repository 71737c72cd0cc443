/** What happened, told once: dispatch inside the change's transaction. */
@NullMarked
package app.perpetua.flow.events;

import org.jspecify.annotations.NullMarked;
