/** Credits: what is granted, and what is left of it. */
@NullMarked
package app.perpetua.flow.credits;

import org.jspecify.annotations.NullMarked;
