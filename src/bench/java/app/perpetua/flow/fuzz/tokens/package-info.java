/** Tokens that must not be accepted, against every operation that needs one. */
@NullMarked
package app.perpetua.flow.fuzz.tokens;

import org.jspecify.annotations.NullMarked;
