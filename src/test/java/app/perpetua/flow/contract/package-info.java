/** The contract against its last release and against the table of routes. */
@NullMarked
package app.perpetua.flow.contract;

import org.jspecify.annotations.NullMarked;
