package app.perpetua.flow.calendar;

import biweekly.component.DaylightSavingsTime;
import biweekly.component.Observance;
import biweekly.component.StandardTime;
import biweekly.component.VTimezone;
import biweekly.util.DateTimeComponents;
import biweekly.util.UtcOffset;
import java.time.DayOfWeek;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.time.temporal.TemporalAdjusters;
import java.time.zone.ZoneOffsetTransition;
import java.time.zone.ZoneOffsetTransitionRule;
import java.time.zone.ZoneRules;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * Builds {@code VTIMEZONE} from the rules of {@code java.time}, so that readers that have no time
 * zone database, or another version of it, compute the same instants. biweekly has no time zones of
 * its own.
 */
final class TimeZoneComponent {
  /** For how long changes are listed that no yearly rule describes, as those of Morocco. */
  private static final int LISTED_YEARS = 20;

  /** Weekdays and leap years repeat after this many years. */
  private static final int CYCLE = 28;

  private static final LocalDateTime EPOCH = LocalDateTime.of(1970, 1, 1, 0, 0);

  private TimeZoneComponent() {}

  /**
   * The component for times from an instant on.
   *
   * @param id the {@code TZID}
   */
  static VTimezone of(String id, ZoneId zone, Instant from) {
    VTimezone component = new VTimezone(id);
    ZoneRules rules = zone.getRules();
    ZoneOffsetTransition inForce = rules.previousTransition(from.plusMillis(1));
    if (inForce == null) {
      ZoneOffset offset = rules.getOffset(from);
      add(component, rules.isDaylightSavings(from), EPOCH, offset, offset);
    }
    Set<ZoneOffsetTransitionRule> described = new HashSet<>();
    int lastYear = from.atZone(zone).getYear() + LISTED_YEARS;
    ZoneOffsetTransition change = inForce != null ? inForce : rules.nextTransition(from);
    while (change != null && change.getDateTimeBefore().getYear() <= lastYear) {
      Optional<ZoneOffsetTransitionRule> rule = rule(rules, change);
      if (rule.isEmpty() || !described.contains(rule.get())) {
        int year = change.getDateTimeBefore().getYear();
        Optional<String> yearly = rule.flatMap(found -> yearly(found, year));
        Observance observance =
            add(
                component,
                rules.isDaylightSavings(change.getInstant()),
                change.getDateTimeBefore(),
                change.getOffsetBefore(),
                change.getOffsetAfter());
        yearly.ifPresent(
            rrule -> {
              observance.addExperimentalProperty("RRULE", rrule);
              described.add(rule.get());
            });
      }
      change = rules.nextTransition(change.getInstant());
    }
    return component;
  }

  private static Observance add(
      VTimezone component, boolean daylight, LocalDateTime start, ZoneOffset from, ZoneOffset to) {
    Observance observance = daylight ? new DaylightSavingsTime() : new StandardTime();
    observance.setDateStart(
        new DateTimeComponents(
            start.getYear(),
            start.getMonthValue(),
            start.getDayOfMonth(),
            start.getHour(),
            start.getMinute(),
            start.getSecond(),
            false));
    observance.setTimezoneOffsetFrom(offset(from));
    observance.setTimezoneOffsetTo(offset(to));
    component.addComponent(observance);
    return observance;
  }

  private static UtcOffset offset(ZoneOffset offset) {
    return new UtcOffset(offset.getTotalSeconds() * 1_000L);
  }

  private static Optional<ZoneOffsetTransitionRule> rule(
      ZoneRules rules, ZoneOffsetTransition change) {
    int year = change.getDateTimeBefore().getYear();
    return rules.getTransitionRules().stream()
        .filter(rule -> rule.createTransition(year).equals(change))
        .findFirst();
  }

  /**
   * A rule as {@code RRULE} for the years from this one on; empty if its local days or times are
   * irregular.
   */
  private static Optional<String> yearly(ZoneOffsetTransitionRule rule, int firstYear) {
    List<LocalDateTime> changes =
        IntStream.range(firstYear, firstYear + CYCLE)
            .mapToObj(year -> rule.createTransition(year).getDateTimeBefore())
            .toList();
    LocalDateTime first = changes.getFirst();
    DayOfWeek weekday = first.getDayOfWeek();
    boolean regular =
        changes.stream()
            .allMatch(
                change ->
                    change.getMonth() == first.getMonth()
                        && change.getDayOfWeek() == weekday
                        && change.toLocalTime().equals(first.toLocalTime()));
    if (!regular) {
      return Optional.empty();
    }
    String month = "FREQ=YEARLY;BYMONTH=" + first.getMonthValue() + ";BYDAY=";
    String day = weekday.name().substring(0, 2);
    return Stream.of(-1, 1, 2, 3, 4)
        .filter(
            ordinal ->
                changes.stream().allMatch(change -> isOrdinal(change.toLocalDate(), ordinal)))
        .map(ordinal -> month + ordinal + day)
        .findFirst()
        .or(() -> Optional.of(month + day + ";BYMONTHDAY=" + week(changes)));
  }

  private static boolean isOrdinal(LocalDate day, int ordinal) {
    return day.equals(day.with(TemporalAdjusters.dayOfWeekInMonth(ordinal, day.getDayOfWeek())));
  }

  /** The seven days of the month of which each change is one. */
  private static String week(List<LocalDateTime> changes) {
    int first = changes.stream().mapToInt(LocalDateTime::getDayOfMonth).min().orElseThrow();
    return IntStream.range(first, first + 7)
        .mapToObj(Integer::toString)
        .collect(Collectors.joining(","));
  }
}
