package app.perpetua.flow.achievements;

import app.perpetua.flow.jobs.DailyJobs;
import app.perpetua.flow.sql.Tx;
import java.time.LocalDate;
import java.util.Optional;

/**
 * Ends the streaks of all who completed nothing on the day before. It tidies up: whoever looks sees
 * a broken streak as broken anyway, and a clock that was ahead of others breaks none, because what
 * it has ended goes on with a completion of that day. Thread-safe.
 */
public final class StreakJob implements DailyJobs.Batch {
  /** Rows that stay locked to the end of the batch. */
  private static final int BATCH = 1_000;

  @Override
  public Optional<String> run(Tx tx, LocalDate day, String cursor) {
    int broken =
        tx.sql("achievements.break_streaks").bind("day", day.toString()).bind("count", BATCH).run();
    // What is broken is not found again, so the next batch begins where this one did.
    return broken > 0 ? Optional.of("") : Optional.empty();
  }
}
