package app.perpetua.flow.achievements;

import app.perpetua.flow.base.LogFields;
import app.perpetua.flow.base.Refusal;
import app.perpetua.flow.credits.Credits;
import app.perpetua.flow.events.Event;
import app.perpetua.flow.events.Events;
import app.perpetua.flow.notifications.Notification;
import app.perpetua.flow.notifications.Notifications;
import app.perpetua.flow.sql.Actor;
import app.perpetua.flow.sql.LockedUser;
import app.perpetua.flow.sql.LockedUser.Tier;
import app.perpetua.flow.sql.OneToMany;
import app.perpetua.flow.sql.Row;
import app.perpetua.flow.sql.Tx;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * Streaks and achievements (FR-043 to FR-046). The counters are one row per user, read once in a
 * transaction while the owner's row is locked and stored at the commit. Completions are counted by
 * an event listener, which returns nothing to the route that renders the response; the route reads
 * the result from the transaction's memo ({@link Tx#memoized}). Thread-safe.
 */
public final class Achievements {
  /** What an answer says about an achievement that the request has unlocked. */
  public record Unlocked(String id, String name, String description, Perk perk) {
    static Unlocked of(Achievement achievement) {
      return new Unlocked(
          achievement.id(), achievement.name(), achievement.description(), achievement.perk());
    }
  }

  /**
   * An achievement as one user sees it.
   *
   * @param current the user's figure
   * @param unlockedAt null while it is locked
   */
  public record Progress(Achievement achievement, int current, @Nullable Instant unlockedAt) {}

  /**
   * All that one user has achieved.
   *
   * @param streak days up to today or yesterday
   * @param progress the catalogue, in its order
   * @param maxTasks open tasks allowed, perks included
   * @param maxNotes notes allowed, perks included
   * @param dailyCredits credits a day, perks included
   */
  public record Overview(
      int tasks,
      int streak,
      int longestStreak,
      int focus,
      int notes,
      List<Progress> progress,
      int maxTasks,
      int maxNotes,
      int dailyCredits) {
    /** Those that are unlocked, in the order in which they were. */
    List<Progress> unlocked() {
      return progress.stream()
          .filter(one -> one.unlockedAt() != null)
          .sorted(Comparator.comparing(one -> Objects.requireNonNull(one.unlockedAt())))
          .toList();
    }
  }

  private static final System.Logger LOG = System.getLogger(Achievements.class.getName());

  private final AchievementConfig config;
  private final Credits credits;
  private final Notifications notifications;
  private final Events events;

  public Achievements(
      AchievementConfig config, Credits credits, Notifications notifications, Events events) {
    this.config = config;
    this.credits = credits;
    this.notifications = notifications;
    this.events = events;
  }

  /**
   * Counts a completion: total, streak, and focus if the task was focused on. Nothing happens if it
   * was not the first of its task's life.
   *
   * @param tx acts for the user, whose row is locked; on the day of the completion or later
   */
  public void completed(Tx tx, Event.TaskCompleted completion) {
    if (completion.counts()) {
      LocalDate day = day(completion.at());
      count(
          tx,
          completion.focused()
              ? standing -> standing.withTask(day).withFocus()
              : standing -> standing.withTask(day));
    }
  }

  /**
   * Counts a note that was converted; call it once in a note's life.
   *
   * @param tx acts for the user, whose row is locked
   */
  public void noteConverted(Tx tx) {
    count(tx, AchievementStats::withNote);
  }

  /** What the acting user has unlocked in this transaction so far, in the catalogue's order. */
  public List<Unlocked> unlocked(Tx tx) {
    return tx.memoized(AchievementTally.class).map(AchievementTally::unlocked).orElse(List.of());
  }

  /**
   * The acting user's streak, with what this transaction has counted. It belongs to an answer whose
   * change must not fail for it: if it cannot be read, it is 0.
   */
  public int streak(Tx tx) {
    int[] streak = {0};
    tx.optional(
        "streak_shown",
        () -> streak[0] = reckoning(tx).stats().streak().on(day(tx.now())),
        why ->
            LOG.log(
                System.Logger.Level.WARNING,
                "a streak could not be read: {0}",
                why.getClass().getName(),
                LogFields.of("user_id", tx.userId())));
    return streak[0];
  }

  /**
   * The catalogue, in its order.
   *
   * @throws Refusal {@code UNAUTHORIZED} if the account is gone
   */
  public List<Achievement> catalogue(Tx tx) {
    return tx.sql("achievements.list_definitions").oneToMany(_ -> true, Achievement::of).many();
  }

  /**
   * What the user has achieved.
   *
   * @throws Refusal {@code UNAUTHORIZED} if the account is gone
   */
  public Overview overview(Tx tx) {
    LocalDate today = day(tx.now());
    record Account(AchievementStats standing, Limits limits) {}
    OneToMany<Account, Progress> found =
        tx.sql("achievements.find_overview")
            .oneToMany(
                row -> new Account(AchievementStats.of(row), limits(row)),
                row -> {
                  Achievement achievement = Achievement.of(row);
                  return new Progress(
                      achievement,
                      AchievementStats.of(row).value(achievement.category(), today),
                      row.instantOrNull("unlocked_at"));
                });
    AchievementStats standing = found.one().standing();
    Limits limits = found.one().limits();
    return new Overview(
        standing.tasks(),
        standing.streak().on(today),
        standing.streak().longest(),
        standing.focus(),
        standing.notes(),
        found.many(),
        limits.tasks(),
        limits.notes(),
        limits.dailyCredits());
  }

  private record Limits(int tasks, int notes, int dailyCredits) {}

  private Limits limits(Row row) {
    Tier tier = row.wireName("tier", Tier.class);
    return new Limits(
        config.base(tier, Perk.Type.MAX_TASKS) + row.integer("perk_tasks"),
        config.base(tier, Perk.Type.MAX_NOTES) + row.integer("perk_notes"),
        config.base(tier, Perk.Type.DAILY_CREDITS) + row.integer("perk_daily_credits"));
  }

  private void count(Tx tx, UnaryOperator<AchievementStats> change) {
    AchievementTally reckoning = reckoning(tx);
    List<Achievement> reached = reckoning.count(change);
    store(tx, reckoning.stats());
    if (!reached.isEmpty()) {
      unlock(tx, reached);
    }
  }

  private static void store(Tx tx, AchievementStats standing) {
    Streak streak = standing.streak();
    tx.sql("achievements.store_stats")
        .bind("lifetime_tasks_completed", standing.tasks())
        .bind("current_streak", streak.current())
        .bind("latest_streak", streak.latest())
        .bind("longest_streak", streak.longest())
        .bind("last_completion_date", text(streak.last()))
        .bind("previous_streak", streak.previous())
        .bind("previous_completion_date", text(streak.previousLast()))
        .bind("focus_completions", standing.focus())
        .bind("notes_converted", standing.notes())
        .atCommit();
  }

  private static @Nullable String text(@Nullable LocalDate day) {
    return day == null ? null : day.toString();
  }

  private void unlock(Tx tx, List<Achievement> reached) {
    tx.sql("achievements.unlock")
        .bind("achievement_ids", reached.stream().map(Achievement::id).toArray(String[]::new))
        .atCommit();
    LockedUser owner = tx.owner();
    // Reaching the threshold is the user's doing, the unlock the service's.
    Tx system = tx.actingFor(tx.userId(), Actor.Source.SYSTEM);
    for (Achievement achievement : reached) {
      Perk perk = achievement.perk();
      owner =
          owner.withPerks(
              perk.of(Perk.Type.MAX_TASKS),
              perk.of(Perk.Type.MAX_NOTES),
              perk.of(Perk.Type.DAILY_CREDITS));
      notifications.add(
          tx,
          Notification.Type.ACHIEVEMENT,
          "Achievement unlocked: " + achievement.name(),
          achievement.description() + ". Your perk: " + perk.words() + ".",
          "/achievements",
          null,
          "achievement:" + achievement.id(),
          true);
      events.emit(
          system,
          new Event.AchievementUnlocked(achievement.id(), perk.type().wireName(), perk.value()));
    }
    boolean creditsToday = owner.perkDailyCredits() > tx.owner().perkDailyCredits();
    tx.setOwner(owner);
    if (creditsToday) {
      credits.refreshDaily(tx);
    }
  }

  private static AchievementTally reckoning(Tx tx) {
    return tx.memoized(
        AchievementTally.class,
        () -> {
          OneToMany<AchievementStats, Achievement> found =
              tx.sql("achievements.find_stats").oneToMany(AchievementStats::of, Achievement::of);
          return new AchievementTally(found.one(), found.many());
        });
  }

  private static LocalDate day(Instant instant) {
    return LocalDate.ofInstant(instant, ZoneOffset.UTC);
  }
}
