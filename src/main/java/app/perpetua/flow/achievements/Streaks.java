package app.perpetua.flow.achievements;

import app.perpetua.flow.base.ErrorCode;
import app.perpetua.flow.base.Ids;
import app.perpetua.flow.base.Json;
import app.perpetua.flow.base.Refusal;
import app.perpetua.flow.base.WireName;
import app.perpetua.flow.events.Event;
import app.perpetua.flow.events.Events;
import app.perpetua.flow.sql.Tx;
import java.time.LocalDate;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * The settings of a user's streak and what they make of the days (FR-220 to FR-224). Changes need
 * the owner's lock. Thread-safe.
 */
final class Streaks {
  /** Days of a pause. */
  static final int MAX_PAUSE = 366;

  private static final int MAX_PAUSES = 50;
  private static final int MAX_DAYS_AHEAD = 731;

  /** Which midnight ends a day of a streak. */
  enum StreakDay implements WireName {
    UTC,
    LOCAL
  }

  /** What became of a day. */
  enum DayState implements WireName {
    COMPLETED,
    REST,
    PAUSED,
    FROZEN,
    MISSED,
    /** Today, without a completion so far. */
    OPEN
  }

  private final Achievements achievements;
  private final Events events;
  private final Ids ids;
  private final Json json;

  Streaks(Achievements achievements, Events events, Ids ids, Json json) {
    this.achievements = achievements;
    this.events = events;
    this.ids = ids;
    this.json = json;
  }

  /** Returns the user's counters; refuses a deleted account. */
  AchievementStats find(Tx tx) {
    return achievements.stats(tx);
  }

  /** The state of a day up to today; null if the user's time zone has no such day. */
  static @Nullable DayState state(AchievementStats stats, LocalDate day) {
    StreakRules rules = stats.rules();
    if (stats.completions().days().contains(day)) {
      return DayState.COMPLETED;
    }
    if (!rules.exists(day)) {
      return null;
    }
    if (rules.isPaused(day)) {
      return DayState.PAUSED;
    }
    if (stats.streak().frozen().contains(day)) {
      return DayState.FROZEN;
    }
    if (rules.isExcused(day)) {
      return DayState.REST;
    }
    return day.equals(stats.today()) ? DayState.OPEN : DayState.MISSED;
  }

  /**
   * Changes settings from today on.
   *
   * @param restWeekdays 1 is Monday; null keeps them
   * @param day null keeps it
   */
  AchievementStats update(Tx tx, @Nullable Set<Integer> restWeekdays, @Nullable StreakDay day) {
    AchievementStats stats = achievements.stats(tx);
    StreakRules rules = stats.rules();
    StreakDay former = rules.local() ? StreakDay.LOCAL : StreakDay.UTC;
    StreakDay latter = day == null ? former : day;
    Set<Integer> formerRest = rules.restWeekdays(stats.today());
    Set<Integer> rest = restWeekdays == null ? formerRest : restWeekdays;
    if (latter == former && rest.equals(formerRest)) {
      return stats;
    }
    tx.sql("achievements.store_streak_settings")
        .bind("streak_day", latter)
        .bind("rest_days", json.text(withRest(rules.rest(), stats.today(), rest)))
        .run();
    return changed(tx);
  }

  private static List<StreakRules.Rest> withRest(
      List<StreakRules.Rest> history, LocalDate today, Set<Integer> weekdays) {
    List<StreakRules.Rest> changed = new ArrayList<>(history);
    changed.removeIf(rest -> !rest.from().isBefore(today));
    Set<Integer> before = changed.isEmpty() ? Set.of() : changed.getLast().weekdays();
    if (!weekdays.equals(before)) {
      changed.add(new StreakRules.Rest(today, weekdays));
    }
    return changed;
  }

  /**
   * Adds a pause.
   *
   * @param from not before today, so that the past does not change
   * @param to at most {@value #MAX_PAUSE} days in all
   * @throws Refusal {@code VALIDATION_ERROR}, {@code LIMIT_EXCEEDED}
   */
  Pause pause(Tx tx, LocalDate from, LocalDate to) {
    AchievementStats stats = achievements.stats(tx);
    LocalDate today = stats.today();
    if (from.isBefore(today)) {
      throw Refusal.invalid("from", "must not be before today, " + today);
    }
    if (from.isAfter(today.plusDays(MAX_DAYS_AHEAD))) {
      throw Refusal.invalid("from", "must be within two years");
    }
    List<Pause> ahead =
        stats.rules().pauses().stream().filter(pause -> !pause.to().isBefore(today)).toList();
    for (Pause other : ahead) {
      if (!from.isAfter(other.to()) && !to.isBefore(other.from())) {
        throw Refusal.invalid(
            "from", "overlaps the pause from " + other.from() + " to " + other.to());
      }
    }
    if (ahead.size() >= MAX_PAUSES) {
      throw Refusal.limitExceeded(
          "at most " + MAX_PAUSES + " pauses that are not over", MAX_PAUSES, ahead.size());
    }
    Pause pause = new Pause(ids.next(), from, to);
    tx.sql("achievements.insert_pause")
        .bind("id", pause.id())
        .bind("first_day", from.toString())
        .bind("last_day", to.toString())
        .run();
    changed(tx);
    return pause;
  }

  /**
   * Removes a pause that has not begun, and ends one that has yesterday.
   *
   * @throws Refusal {@code FORBIDDEN}, {@code NOT_FOUND}, {@code CONFLICT} if it is over
   */
  void endPause(Tx tx, UUID id) {
    AchievementStats stats = achievements.stats(tx);
    LocalDate today = stats.today();
    Pause pause =
        stats.rules().pauses().stream()
            .filter(one -> one.id().equals(id))
            .findFirst()
            .orElseThrow(() -> tx.missing("achievements.find_pause_owner", "pause", id));
    if (pause.to().isBefore(today)) {
      throw Refusal.of(ErrorCode.CONFLICT, "the pause is over");
    }
    if (pause.from().isBefore(today)) {
      tx.sql("achievements.end_pause")
          .bind("id", id)
          .bind("last_day", today.minusDays(1).toString())
          .run();
    } else {
      tx.sql("achievements.delete_pause").bind("id", id).run();
    }
    changed(tx);
  }

  private AchievementStats changed(Tx tx) {
    events.emit(tx, new Event.UserStreakUpdated(tx.userId()));
    return achievements.recompute(tx);
  }

  /** The days to show, ascending: at most 35, from the first completion on. */
  static List<LocalDate> shown(AchievementStats stats) {
    LocalDate first = stats.completions().days().first();
    LocalDate today = stats.today();
    LocalDate from = today.minusDays(AchievementStats.DAYS_SHOWN - 1);
    if (first == null || first.isAfter(today)) {
      from = today;
    } else if (first.isAfter(from)) {
      from = first;
    }
    return from.datesUntil(today.plusDays(1)).toList();
  }

  /** Whether a pause is too long or ends before it begins. */
  static boolean isLength(LocalDate from, LocalDate to) {
    long days = ChronoUnit.DAYS.between(from, to) + 1;
    return days >= 1 && days <= MAX_PAUSE;
  }
}
