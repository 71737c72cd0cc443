package app.perpetua.flow.achievements;

import app.perpetua.flow.jobs.DailyJobs;
import app.perpetua.flow.sql.Tx;
import java.time.LocalDate;
import java.util.Optional;

/**
 * Resets the stored streaks of users who completed nothing on the day before. Reads show such
 * streaks as 0 in any case, and a completion counted for that day later continues the streak.
 * Thread-safe.
 */
final class StreakJob implements DailyJobs.Batch {
  /** Users per batch; they stay locked, and so cannot write, until it commits. */
  private static final int BATCH = 100;

  @Override
  public Optional<String> run(Tx tx, LocalDate day, String cursor) {
    int ended =
        tx.sql("achievements.break_streaks").bind("day", day.toString()).bind("count", BATCH).run();
    // Ended streaks do not match the statement, so no cursor is needed.
    return ended > 0 ? Optional.of("") : Optional.empty();
  }
}
