/** The contract against its last release and against the routes. */
@NullMarked
package app.perpetua.flow.contract;

import org.jspecify.annotations.NullMarked;
