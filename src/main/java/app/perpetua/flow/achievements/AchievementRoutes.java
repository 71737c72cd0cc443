package app.perpetua.flow.achievements;

import app.perpetua.flow.http.Reply;
import app.perpetua.flow.http.Request;
import app.perpetua.flow.sql.Tx;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.function.Function;

/** Requests about achievements. */
public final class AchievementRoutes {
  private record Listed(
      String id,
      String name,
      String description,
      String message,
      Achievement.Category category,
      int threshold,
      Perk.Type perkType,
      int perkValue) {
    static Listed of(Achievement one) {
      return new Listed(
          one.id(),
          one.name(),
          one.description(),
          one.description(),
          one.category(),
          one.threshold(),
          one.perk().type(),
          one.perk().value());
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
      Achievement one = progress.achievement();
      return new Unlocked(
          one.id(),
          one.name(),
          one.description(),
          Objects.requireNonNull(progress.unlockedAt()),
          one.perk());
    }
  }

  private record Step(String id, String name, int current, int threshold, boolean unlocked) {
    static Step of(Achievements.Progress progress) {
      Achievement one = progress.achievement();
      return new Step(
          one.id(), one.name(), progress.current(), one.threshold(), progress.unlockedAt() != null);
    }
  }

  private record Limits(int maxTasks, int maxNotes, int dailyAiCredits) {}

  private record Mine(
      Stats stats, List<Unlocked> unlocked, List<Step> progress, Limits effectiveLimits) {}

  private final Achievements achievements;

  public AchievementRoutes(Achievements achievements) {
    this.achievements = achievements;
  }

  /** GET /achievements. */
  public Function<Tx, Reply> list(Request request) {
    request.query().validate();
    return tx -> Reply.ok(achievements.catalogue(tx).stream().map(Listed::of).toList());
  }

  /** GET /achievements/me. */
  public Function<Tx, Reply> mine(Request request) {
    request.query().validate();
    return tx -> {
      Achievements.Overview own = achievements.overview(tx);
      return Reply.ok(
          new Mine(
              new Stats(own.tasks(), own.streak(), own.longestStreak(), own.focus(), own.notes()),
              own.unlocked().stream().map(Unlocked::of).toList(),
              own.progress().stream().map(Step::of).toList(),
              new Limits(own.maxTasks(), own.maxNotes(), own.dailyCredits())));
    };
  }
}
