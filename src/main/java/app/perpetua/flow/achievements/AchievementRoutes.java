package app.perpetua.flow.achievements;

import app.perpetua.flow.http.Reply;
import app.perpetua.flow.http.Request;
import app.perpetua.flow.sql.Tx;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.function.Function;

/** Endpoints of achievements. */
final class AchievementRoutes {
  private record Listed(
      String id,
      String name,
      String description,
      String message,
      Achievement.Category category,
      int threshold,
      Perk.Type perkType,
      int perkValue) {
    static Listed of(Achievement achievement) {
      return new Listed(
          achievement.id(),
          achievement.name(),
          achievement.description(),
          achievement.description(),
          achievement.category(),
          achievement.threshold(),
          achievement.perk().type(),
          achievement.perk().value());
    }
  }

  private record Stats(
      int lifetimeTasksCompleted,
      int currentStreak,
      int longestStreak,
      int focusCompletions,
      int notesConverted) {}

  private record Unlocked(
      String id, String name, String description, Instant unlockedAt, Perk perk) {
    static Unlocked of(Achievements.Progress progress) {
      Achievement achievement = progress.achievement();
      return new Unlocked(
          achievement.id(),
          achievement.name(),
          achievement.description(),
          Objects.requireNonNull(progress.unlockedAt()),
          achievement.perk());
    }
  }

  private record Step(String id, String name, int current, int threshold, boolean unlocked) {
    static Step of(Achievements.Progress progress) {
      Achievement achievement = progress.achievement();
      return new Step(
          achievement.id(),
          achievement.name(),
          progress.current(),
          achievement.threshold(),
          progress.unlockedAt() != null);
    }
  }

  private record UserAchievements(
      Stats stats,
      List<Unlocked> unlocked,
      List<Step> progress,
      Achievements.Limits effectiveLimits,
      StreakRoutes.Freezes freezes) {}

  private final Achievements achievements;

  AchievementRoutes(Achievements achievements) {
    this.achievements = achievements;
  }

  /** GET /achievements. */
  Function<Tx, Reply> list(Request request) {
    return tx -> Reply.ok(achievements.catalogue(tx).stream().map(Listed::of).toList());
  }

  /** GET /achievements/me. */
  Function<Tx, Reply> ofUser(Request request) {
    return tx -> Reply.ok(shown(tx));
  }

  /** The user's achievements as the API shows them. */
  Object shown(Tx tx) {
    Achievements.Overview overview = achievements.overview(tx);
    AchievementStats stats = overview.stats();
    return new UserAchievements(
        new Stats(
            stats.tasks(),
            overview.streak(),
            stats.streak().longest(),
            stats.focus(),
            stats.notes()),
        overview.unlocked().stream().map(Unlocked::of).toList(),
        overview.progress().stream().map(Step::of).toList(),
        overview.limits(),
        StreakRoutes.Freezes.of(stats));
  }
}
