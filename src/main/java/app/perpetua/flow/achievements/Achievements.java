package app.perpetua.flow.achievements;

import app.perpetua.flow.base.Json;
import app.perpetua.flow.base.LogFields;
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
import java.time.format.DateTimeFormatter;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Streaks and achievements (FR-043 to FR-046). The counters are one row per user, read once in a
 * transaction while the owner's row is locked and stored at the commit. Completions are counted by
 * an event listener, which returns nothing to the route that renders the response; the route reads
 * the result from the transaction's memo ({@link Tx#memoized}). Thread-safe.
 */
public final class Achievements {
  /** An achievement that the request has unlocked, as in its response. */
  public record Unlocked(String id, String name, String description, Perk perk) {
    static Unlocked of(Achievement achievement) {
      return new Unlocked(
          achievement.id(), achievement.name(), achievement.description(), achievement.perk());
    }
  }

  /**
   * An achievement and a user's progress towards it.
   *
   * @param current the user's value of the category
   * @param unlockedAt null while it is locked
   */
  record Progress(Achievement achievement, int current, @Nullable Instant unlockedAt) {}

  /** A user's limits, with perks. */
  record Limits(int maxTasks, int maxNotes, int dailyAiCredits) {}

  /**
   * A user's counters, progress and limits.
   *
   * @param streak days up to today or yesterday
   * @param progress of all achievements, in the catalogue's order
   */
  record Overview(AchievementStats stats, int streak, List<Progress> progress, Limits limits) {
    /** The unlocked achievements by the time of unlocking. */
    List<Progress> unlocked() {
      return progress.stream()
          .filter(item -> item.unlockedAt() != null)
          .sorted(Comparator.comparing(item -> Objects.requireNonNull(item.unlockedAt())))
          .toList();
    }
  }

  private static final DateTimeFormatter DAY =
      DateTimeFormatter.ofPattern("d MMMM uuuu", Locale.ENGLISH);

  private static final System.Logger LOG = System.getLogger(Achievements.class.getName());

  private final AchievementConfig config;
  private final Credits credits;
  private final Notifications notifications;
  private final Events events;
  private final Json json;

  Achievements(
      AchievementConfig config,
      Credits credits,
      Notifications notifications,
      Events events,
      Json json) {
    this.config = config;
    this.credits = credits;
    this.notifications = notifications;
    this.events = events;
    this.json = json;
  }

  /**
   * Counts the first completion of a task towards total, streak and, if it is a focus completion,
   * focus. Ignores later ones. Requires the owner's lock.
   */
  void completed(Tx tx, Event.TaskCompleted completion) {
    if (completion.counts()) {
      count(tx, stats -> stats.withTask(completion.at(), completion.focused()));
    }
  }

  /** Counts a completion again that {@link #takeBackCompletion} has taken back. */
  public void countAgain(Tx tx, Instant at, boolean focused) {
    count(tx, stats -> stats.withTask(at, focused));
  }

  /**
   * Takes back a completion that was counted: from the total, from focus if it was a focus
   * completion, and from the streak if it was the only one of its day. Achievements that are not
   * reached any more are locked again, with their perks; credits that a perk has granted for today
   * stay. Requires the owner's lock.
   *
   * @param at when the task was first completed
   */
  public void takeBackCompletion(Tx tx, Instant at, boolean focused) {
    takeBack(tx, stats -> stats.withoutTask(at, focused));
  }

  /**
   * Counts converted notes again, or takes them back if {@code more} is negative, as {@link
   * #takeBackCompletion} does.
   */
  public void correctNotes(Tx tx, int more) {
    if (more > 0) {
      count(tx, stats -> stats.withNotes(more));
    } else if (more < 0) {
      takeBack(tx, stats -> stats.withNotes(more));
    }
  }

  private void takeBack(Tx tx, UnaryOperator<AchievementStats> change) {
    AchievementTally tally = tally(tx);
    tally.takeBack(change);
    store(tx, tally);
    lockAgain(tx, tally.stats());
  }

  /**
   * Computes the streak again after its rules have changed; unlocks what it reaches now, and locks
   * what it does not reach any more. Requires the owner's lock.
   *
   * @return the counters
   */
  AchievementStats recompute(Tx tx) {
    AchievementTally tally = tally(tx);
    tx.flush();
    OneToMany<AchievementStats, Achievement> stored = read(tx);
    tally.reload(stored.one(), stored.many());
    count(tx, UnaryOperator.identity());
    lockAgain(tx, tally.stats());
    return tally.stats();
  }

  private void lockAgain(Tx tx, AchievementStats stats) {
    List<Achievement> lost =
        overview(tx).unlocked().stream()
            .map(Progress::achievement)
            .filter(achievement -> !stats.reaches(achievement))
            .toList();
    if (!lost.isEmpty()) {
      tx.sql("achievements.lock_again")
          .bind("achievement_ids", lost.stream().map(Achievement::id).toArray(String[]::new))
          .run();
      notifications.withdraw(tx, lost.stream().map(Achievements::notificationKey).toList());
    }
  }

  private static String notificationKey(Achievement achievement) {
    return "achievement:" + achievement.id();
  }

  /** Counts a converted note. Call it once per note, with the owner's lock. */
  void noteConverted(Tx tx) {
    count(tx, stats -> stats.withNotes(1));
  }

  /** Returns the achievements that the acting user has unlocked in this transaction so far. */
  public List<Unlocked> unlocked(Tx tx) {
    return tx.memoized(AchievementTally.class).map(AchievementTally::unlocked).orElse(List.of());
  }

  /**
   * Whether the user pauses on that day, so that reminders do not notify.
   *
   * @param pauses what the database's function {@code achievements.pauses_near} returns
   */
  public boolean isPaused(String pauses, LocalDate day) {
    return Stream.of(json.read(pauses, Pause[].class)).anyMatch(pause -> pause.contains(day));
  }

  /**
   * Returns the acting user's streak, including what this transaction has counted. Returns 0 if it
   * cannot be read, because the change whose response shows it must not fail.
   */
  public int streak(Tx tx) {
    int[] streak = {0};
    tx.optional(
        "streak_shown",
        () -> streak[0] = tally(tx).stats().streak().current(),
        failure ->
            LOG.log(
                System.Logger.Level.WARNING,
                "cannot read the streak: {0}",
                failure.getClass().getName(),
                LogFields.of("user_id", tx.userId())));
    return streak[0];
  }

  /** Returns all achievements, in order; refuses a deleted account. */
  List<Achievement> catalogue(Tx tx) {
    return tx.sql("achievements.list_definitions").oneToMany(_ -> true, Achievement::of).many();
  }

  /** Returns the user's overview; refuses a deleted account. */
  Overview overview(Tx tx) {
    record Account(AchievementStats stats, Limits limits) {}
    record Listed(Achievement achievement, @Nullable Instant unlockedAt) {}
    OneToMany<Account, Listed> found =
        tx.sql("achievements.find_overview")
            .oneToMany(
                row -> new Account(AchievementStats.of(row, json, tx.now()), limits(row)),
                row -> new Listed(Achievement.of(row), row.instantOrNull("unlocked_at")));
    AchievementStats stats = found.one().stats();
    List<Progress> progress =
        found.many().stream()
            .map(
                one ->
                    new Progress(
                        one.achievement(),
                        stats.value(one.achievement().category()),
                        one.unlockedAt()))
            .toList();
    return new Overview(stats, stats.streak().current(), progress, found.one().limits());
  }

  private Limits limits(Row row) {
    boolean pro = row.wireName("tier", Tier.class) == Tier.PRO;
    return new Limits(
        (pro ? config.proMaxTasks() : config.freeMaxTasks()) + row.integer("perk_tasks"),
        (pro ? config.proMaxNotes() : config.freeMaxNotes()) + row.integer("perk_notes"),
        (pro ? config.proDailyCredits() : 0) + row.integer("perk_daily_credits"));
  }

  private void count(Tx tx, UnaryOperator<AchievementStats> change) {
    AchievementTally tally = tally(tx);
    List<Achievement> reached = tally.count(change);
    store(tx, tally);
    if (!reached.isEmpty()) {
      unlock(tx, reached);
    }
  }

  private void store(Tx tx, AchievementTally tally) {
    store(tx, tally.stats());
    tally.takeBack(AchievementStats::withAnnounced);
  }

  /** Stores the counters, and tells the user which missed days have used a freeze. */
  void store(Tx tx, AchievementStats stats) {
    Streak streak = stats.streak();
    DayRuns frozen = stats.recentlyFrozen();
    announce(tx, stats, frozen);
    tx.sql("achievements.store_stats")
        .bind("lifetime_tasks_completed", stats.tasks())
        .bind("current_streak", streak.current())
        .bind("latest_streak", streak.latest())
        .bind("longest_streak", streak.longest())
        .bind("last_completion_date", text(stats.completions().days().last()))
        .bind("focus_completions", stats.focus())
        .bind("notes_converted", stats.notes())
        .bind("recent", json.text(Map.of("days", stats.completions().counts())))
        .bind("days", stats.completions().days().text())
        .bind("kept_until", text(streak.keptUntil()))
        .bind("next_missed", text(streak.nextMissed()))
        .bind("frozen", frozen.text())
        .atCommit();
  }

  private void announce(Tx tx, AchievementStats stats, DayRuns frozen) {
    if (frozen.equals(stats.announced())) {
      return;
    }
    // A completion that was counted late has given these freezes back.
    List<String> returned =
        stats
            .announced()
            .days()
            .filter(day -> !stats.streak().frozen().contains(day))
            .map(Achievements::freezeKey)
            .toList();
    if (!returned.isEmpty()) {
      notifications.withdraw(tx, returned);
    }
    Tx system = tx.actingFor(tx.userId(), Actor.Source.SYSTEM);
    frozen
        .days()
        .filter(day -> !stats.announced().contains(day))
        .forEach(
            day -> {
              notifications.add(
                  tx,
                  Notification.Type.ACHIEVEMENT,
                  "A freeze has kept your streak",
                  "No task was completed on %s. Freezes left: %d."
                      .formatted(DAY.format(day), stats.streak().freezes()),
                  notifications.pages().achievements(),
                  null,
                  freezeKey(day),
                  false);
              events.emit(system, new Event.AchievementFreezeUsed(day.toString()));
            });
  }

  private static String freezeKey(LocalDate day) {
    return "streak_freeze:" + day;
  }

  private static @Nullable String text(@Nullable LocalDate day) {
    return day == null ? null : day.toString();
  }

  private void unlock(Tx tx, List<Achievement> reached) {
    tx.sql("achievements.unlock")
        .bind("achievement_ids", reached.stream().map(Achievement::id).toArray(String[]::new))
        .atCommit();
    LockedUser owner = tx.owner();
    // The activity log shows unlocking as an action of the system.
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
          achievement.description() + ". Your perk: " + perk.describe() + ".",
          notifications.pages().achievements(),
          null,
          notificationKey(achievement),
          true);
      events.emit(
          system,
          new Event.AchievementUnlocked(achievement.id(), perk.type().wireName(), perk.value()));
    }
    boolean moreDailyCredits = owner.perkDailyCredits() > tx.owner().perkDailyCredits();
    tx.setOwner(owner);
    if (moreDailyCredits) {
      credits.refreshDaily(tx);
    }
  }

  private AchievementTally tally(Tx tx) {
    return tx.memoized(
        AchievementTally.class,
        () -> {
          OneToMany<AchievementStats, Achievement> found = read(tx);
          return new AchievementTally(found.one(), found.many());
        });
  }

  /** The counters, and the achievements that are still locked; refuses a deleted account. */
  private OneToMany<AchievementStats, Achievement> read(Tx tx) {
    return tx.sql("achievements.find_stats")
        .oneToMany(row -> AchievementStats.of(row, json, tx.now()), Achievement::of);
  }

  /** The counters, with what this transaction has counted; refuses a deleted account. */
  AchievementStats stats(Tx tx) {
    return tally(tx).stats();
  }
}
