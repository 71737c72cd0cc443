/** What happened to a user's data, as the user reads it. */
@NullMarked
package app.perpetua.flow.activity;

import org.jspecify.annotations.NullMarked;
