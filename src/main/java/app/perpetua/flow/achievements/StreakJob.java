package app.perpetua.flow.achievements;

import app.perpetua.flow.base.Json;
import app.perpetua.flow.jobs.DailyJobs;
import app.perpetua.flow.sql.Actor;
import app.perpetua.flow.sql.Tx;
import java.time.LocalDate;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/**
 * Uses the freezes, and resets the stored streaks, of users who missed a day. Reads show the streak
 * of the present day in any case, and a completion counted for that day later continues it.
 * Thread-safe.
 */
final class StreakJob implements DailyJobs.Batch {
  /** Users per batch; they stay locked, and so cannot write, until it commits. */
  private static final int BATCH = 100;

  private record Missed(UUID user, AchievementStats stats) {}

  private final Achievements achievements;
  private final Json json;

  StreakJob(Achievements achievements, Json json) {
    this.achievements = achievements;
    this.json = json;
  }

  @Override
  public Optional<String> run(Tx tx, LocalDate day, String cursor) {
    List<UUID> users =
        tx.sql("achievements.lock_missed")
            .bind("day", day.toString())
            .bind("count", BATCH)
            .list(row -> row.uuid("user_id"));
    if (users.isEmpty()) {
      return Optional.empty();
    }
    tx.sql("achievements.mark_checked").bind("day", day.toString()).bind("user_ids", users).run();
    tx.sql("achievements.find_missed")
        .bind("user_ids", users)
        .list(
            row -> {
              StreakRules rules = StreakRules.of(row, json);
              LocalDate today = rules.local() ? rules.dayOf(tx.now()) : day;
              return new Missed(row.uuid("user_id"), AchievementStats.of(row, json, rules, today));
            })
        .forEach(
            missed ->
                achievements.store(
                    tx.actingFor(missed.user(), Actor.Source.SYSTEM), missed.stats()));
    // Users whose day is not over are marked, so no cursor is needed.
    return Optional.of("");
  }
}
