package app.perpetua.flow.achievements;

import app.perpetua.flow.base.WireName;
import app.perpetua.flow.http.Reply;
import app.perpetua.flow.http.Request;
import app.perpetua.flow.parsing.JsonReader;
import app.perpetua.flow.sql.Tx;
import java.time.DateTimeException;
import java.time.DayOfWeek;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.UUID;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Endpoints of the user's streak. */
final class StreakRoutes {
  private static final int MAX_REST_WEEKDAYS = 6;

  private enum Weekday implements WireName {
    MONDAY,
    TUESDAY,
    WEDNESDAY,
    THURSDAY,
    FRIDAY,
    SATURDAY,
    SUNDAY;

    /** 1 is Monday. */
    int number() {
      return DayOfWeek.valueOf(name()).getValue();
    }
  }

  /**
   * @param usedOn recent days, ascending
   */
  record Freezes(int available, List<String> usedOn) {
    static Freezes of(AchievementStats stats) {
      return new Freezes(
          stats.streak().freezes(),
          stats.recentlyFrozen().days().map(LocalDate::toString).toList());
    }
  }

  private record Day(String date, Streaks.DayState state) {}

  private record ShownPause(UUID id, String from, String to) {
    static ShownPause of(Pause pause) {
      return new ShownPause(pause.id(), pause.from().toString(), pause.to().toString());
    }
  }

  private record ShownStreak(
      int current,
      int longest,
      Freezes freezes,
      Streaks.StreakDay streakDay,
      List<Weekday> restWeekdays,
      List<ShownPause> pauses,
      List<Day> days) {
    static ShownStreak of(AchievementStats stats) {
      StreakRules rules = stats.rules();
      LocalDate today = stats.today();
      Set<Integer> rest = rules.restWeekdays(today);
      List<Day> days = new ArrayList<>();
      for (LocalDate day : Streaks.shown(stats)) {
        Streaks.DayState state = Streaks.state(stats, day);
        if (state != null) {
          days.add(new Day(day.toString(), state));
        }
      }
      return new ShownStreak(
          stats.streak().current(),
          stats.streak().longest(),
          Freezes.of(stats),
          rules.local() ? Streaks.StreakDay.LOCAL : Streaks.StreakDay.UTC,
          Arrays.stream(Weekday.values())
              .filter(weekday -> rest.contains(weekday.number()))
              .toList(),
          rules.pauses().stream()
              .filter(pause -> !pause.to().isBefore(today))
              .map(ShownPause::of)
              .toList(),
          days);
    }
  }

  private final Streaks streaks;

  StreakRoutes(Streaks streaks) {
    this.streaks = streaks;
  }

  /** GET /streak. */
  Function<Tx, Reply> show(Request request) {
    return tx -> Reply.ok(ShownStreak.of(streaks.find(tx)));
  }

  /** PATCH /streak. */
  Function<Tx, Reply> update(Request request) {
    JsonReader body = request.body().notNull("rest_weekdays", "streak_day");
    List<Weekday> weekdays = body.atMost("rest_weekdays", MAX_REST_WEEKDAYS, Weekday.class);
    Streaks.StreakDay day = body.oneOf("streak_day", Streaks.StreakDay.class);
    body.validate();
    Set<Integer> rest =
        weekdays == null
            ? null
            : weekdays.stream().map(Weekday::number).collect(Collectors.toSet());
    return tx -> Reply.ok(ShownStreak.of(streaks.update(tx, rest, day)));
  }

  /** POST /streak/pauses. */
  Function<Tx, Reply> pause(Request request) {
    JsonReader body = request.body().required("from", "to");
    LocalDate from = date(body, "from");
    LocalDate to = date(body, "to");
    if (from != null && to != null && !Streaks.isLength(from, to)) {
      body.addError("to", "must be 0 to " + (Streaks.MAX_PAUSE - 1) + " days after from");
    }
    body.validate();
    return tx ->
        Reply.created(
            ShownPause.of(
                streaks.pause(tx, Objects.requireNonNull(from), Objects.requireNonNull(to))));
  }

  /** DELETE /streak/pauses/{id}. */
  Function<Tx, Reply> endPause(Request request) {
    UUID id = request.pathId("id");
    return tx -> {
      streaks.endPause(tx, id);
      return Reply.noContent();
    };
  }

  private static @Nullable LocalDate date(JsonReader body, String name) {
    String text = body.text(name, 10, 10);
    if (text == null) {
      return null;
    }
    try {
      return LocalDate.parse(text);
    } catch (DateTimeException e) {
      body.addError(name, "must be a date such as 2026-12-24");
      return null;
    }
  }
}
