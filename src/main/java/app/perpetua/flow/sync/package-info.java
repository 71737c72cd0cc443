/** Keeps copies of a user's data on clients up to date: changes since a token, and snapshots. */
@NullMarked
package app.perpetua.flow.sync;

import org.jspecify.annotations.NullMarked;
