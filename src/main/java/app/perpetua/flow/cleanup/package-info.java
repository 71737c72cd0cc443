/** What is no longer needed goes. */
@NullMarked
package app.perpetua.flow.cleanup;

import org.jspecify.annotations.NullMarked;
