/** Sign-in, tokens and users. */
@NullMarked
package app.perpetua.flow.account;

import org.jspecify.annotations.NullMarked;
