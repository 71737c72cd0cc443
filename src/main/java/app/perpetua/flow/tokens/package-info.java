/** Personal access tokens, with which other programs act for a user. */
@NullMarked
package app.perpetua.flow.tokens;

import org.jspecify.annotations.NullMarked;
