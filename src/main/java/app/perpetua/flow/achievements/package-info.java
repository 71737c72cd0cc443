/** Streaks, achievements and the perks they bring. */
@NullMarked
package app.perpetua.flow.achievements;

import org.jspecify.annotations.NullMarked;
