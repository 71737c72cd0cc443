/** Hostile requests to every operation, and the judge of the answers. */
@NullMarked
package app.perpetua.flow.fuzz.contract;

import org.jspecify.annotations.NullMarked;
