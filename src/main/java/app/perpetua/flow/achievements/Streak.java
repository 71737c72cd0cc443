package app.perpetua.flow.achievements;

import java.time.LocalDate;
import org.jspecify.annotations.Nullable;

/**
 * A user's streak on a day: the days with a counted completion since the streak began. Other days
 * do not count, whether they are for rest, paused or frozen.
 *
 * @param current 0 after a day that has ended it
 * @param latest length of the latest streak, which may have ended
 * @param longest length of the longest streak ever
 * @param freezes number of missed days that do not end it
 * @param frozen all days on which a freeze was used
 * @param keptUntil the last day on which it is shown without a further completion; null for none
 * @param nextMissed the first day, today or later, that uses a freeze or ends the streak without a
 *     further completion; null if it has ended
 */
record Streak(
    int current,
    int latest,
    int longest,
    int freezes,
    DayRuns frozen,
    @Nullable LocalDate keptUntil,
    @Nullable LocalDate nextMissed) {}
