/** Streaks, achievements and perks. */
@NullMarked
package app.perpetua.flow.achievements;

import org.jspecify.annotations.NullMarked;
