package app.perpetua.flow.recurrence;

import app.perpetua.flow.tasks.AllDay;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.dmfs.rfc5545.DateTime;
import org.dmfs.rfc5545.recur.InvalidRecurrenceRuleException;
import org.dmfs.rfc5545.recur.RecurrenceRule;
import org.dmfs.rfc5545.recur.RecurrenceRuleIterator;
import org.jspecify.annotations.Nullable;

/**
 * A rule with its start and time zone (FR-015). If it is anchored to completions, the rule says
 * only how long after a day the next occurrence is (FR-201). The occurrences of a rule for days
 * (FR-200) are the last milliseconds of these; one on a day that the zone skips is that of the day
 * before.
 *
 * <p>The lib-recur engine computes the days; the local time of day is that of the start. A local
 * time in a daylight-saving gap moves forward by the gap; of a time that occurs twice, the first
 * counts. A search ends after five years or a thousand steps. Immutable.
 *
 * @param startsAt the first occurrence is the first match at or after it; if {@code allDay}, the
 *     end of a day
 */
record Recurrence(Rrule rule, Instant startsAt, ZoneId zone, boolean allDay, Anchor anchor) {
  /** Five years, two of them leap years. */
  static final Duration LOOKAHEAD = Duration.ofDays(5 * 365 + 2);

  private static final DateTimeFormatter UTC =
      DateTimeFormatter.ofPattern("uuuuMMdd'T'HHmmss'Z'").withZone(ZoneOffset.UTC);

  private static final int MAX_STEPS = 1_000;

  /** Days to start before the search, so that no zone transition hides an occurrence. */
  private static final int MARGIN_DAYS = 2;

  /** A rule for times, anchored to its start. */
  Recurrence(Rrule rule, Instant startsAt, ZoneId zone) {
    this(rule, startsAt, zone, false, Anchor.SCHEDULE);
  }

  /**
   * The result of a search.
   *
   * @param found in ascending order
   * @param ended whether the rule is known to have no further occurrence
   */
  private record Search(List<Instant> found, boolean ended) {
    Optional<Instant> first() {
      return found.stream().findFirst();
    }
  }

  /**
   * The recurrence that starts with the rule's next occurrence: days and local time are those of a
   * start now, but now itself, already past when the answer arrives, is no occurrence and does not
   * count for {@code COUNT}. Empty if there is no such occurrence within five years.
   */
  static Optional<Recurrence> startingAfter(Rrule rule, Instant now, ZoneId zone, Anchor anchor) {
    return new Recurrence(rule.uncounted(), now, zone)
        .next(now)
        .map(next -> new Recurrence(rule, next, zone, false, anchor));
  }

  /** The day of an occurrence or of the start. */
  LocalDate day(Instant occurrence) {
    return LocalDate.ofInstant(occurrence, zone);
  }

  Optional<Instant> first() {
    return search(startsAt, 1).first();
  }

  /**
   * The first occurrence after an instant; empty if there is none within five years. If anchored to
   * completions, as if a task were completed on the day of that instant.
   */
  Optional<Instant> next(Instant after) {
    return anchor == Anchor.COMPLETION && !after.isBefore(startsAt)
        ? afterCompletion(day(after), after)
        : searchNext(after).first();
  }

  /**
   * The occurrence that follows a completion: one or, if that is not later than {@code after},
   * several intervals after its day, at the time of day of the start. A day that its month does not
   * have is the last of the month. Empty after {@code UNTIL}, or if there is none within five
   * years; {@code COUNT} is the caller's to apply.
   */
  Optional<Instant> afterCompletion(LocalDate completed, Instant after) {
    LocalDateTime start = startsAt.atZone(zone).toLocalDateTime();
    Instant bound = after.plus(LOOKAHEAD);
    for (long periods = rule.interval(); ; periods += rule.interval()) {
      LocalDate day = rule.freq().plus(completed, periods);
      Instant occurrence = on(day, start);
      if (occurrence.isAfter(end()) || occurrence.isAfter(bound)) {
        return Optional.empty();
      }
      if (occurrence.isAfter(after)) {
        return Optional.of(occurrence);
      }
    }
  }

  /** The time of day of the start, on another day. */
  Instant on(LocalDate day) {
    return on(day, startsAt.atZone(zone).toLocalDateTime());
  }

  /** How many more tasks to create after so many, by a {@code COUNT} of completions. */
  int left(int created) {
    return anchor == Anchor.COMPLETION && rule.count() != null
        ? Math.max(0, rule.count() - created)
        : Integer.MAX_VALUE;
  }

  private Search searchNext(Instant after) {
    return search(after.isBefore(startsAt) ? startsAt : after.plusMillis(1), 1);
  }

  /**
   * Up to {@code count} occurrences within five years from an instant, or from the start if later.
   */
  List<Instant> upcoming(Instant from, int count) {
    if (anchor == Anchor.SCHEDULE) {
      return search(from.isBefore(startsAt) ? startsAt : from, count).found();
    }
    return chain(next(from.isAfter(startsAt) ? from : startsAt.minusMillis(1)), count);
  }

  /** An occurrence and those that follow it within five years, at most {@code count}. */
  List<Instant> chain(Optional<Instant> first, int count) {
    Instant bound = first.map(occurrence -> occurrence.plus(LOOKAHEAD)).orElse(Instant.MAX);
    return Stream.iterate(first, Optional::isPresent, found -> found.flatMap(this::next))
        .map(Optional::orElseThrow)
        .takeWhile(occurrence -> !occurrence.isAfter(bound))
        .limit(count)
        .toList();
  }

  /**
   * Why the recurrence is invalid; null if it is valid. A rule that never occurs, or not again for
   * years, is refused when it is stored, not when an instance is due.
   */
  @Nullable String problem() {
    if (anchor == Anchor.COMPLETION && !rule.isInterval()) {
      return "must have no part that begins with BY if anchor is completion";
    }
    Search initial = search(startsAt, 1);
    if (initial.first().isEmpty()) {
      return initial.ended()
          ? "has no occurrence: it ends before it begins"
          : "has no occurrence within five years of its start";
    }
    Search second = searchNext(initial.first().get());
    return second.first().isEmpty() && !second.ended()
        ? "must have a second occurrence within five years"
        : null;
  }

  private Search search(Instant from, int limit) {
    List<Instant> found = new ArrayList<>();
    try {
      return new Search(found, collect(found, from, limit));
    } catch (InvalidRecurrenceRuleException | IllegalArgumentException | IllegalStateException e) {
      // The engine throws if the next match is thousands of periods away.
      return new Search(found, false);
    }
  }

  /** Adds occurrences to {@code found}; returns whether the rule ends with the last one. */
  private boolean collect(List<Instant> found, Instant from, int limit)
      throws InvalidRecurrenceRuleException {
    LocalDateTime start = startsAt.atZone(zone).toLocalDateTime();
    RecurrenceRuleIterator days = days(from);
    Instant bound = from.plus(LOOKAHEAD);
    Instant end = end();
    int matches = 0;
    for (int step = 0; days.hasNext(); step++) {
      LocalDate day = day(days.nextDateTime());
      Instant occurrence = on(day, start);
      if (!occurrence.isBefore(startsAt)) {
        matches++;
      }
      boolean counted = rule.count() != null && matches > rule.count();
      if (counted || occurrence.isAfter(end)) {
        return true;
      }
      if (occurrence.isAfter(bound) || step == MAX_STEPS) {
        return false;
      }
      // Where a zone skips a whole day, its occurrence coincides with the next day's.
      boolean repeated = !found.isEmpty() && !occurrence.isAfter(found.getLast());
      if (!occurrence.isBefore(from) && !repeated) {
        found.add(occurrence);
      }
      if (found.size() == limit) {
        return false;
      }
    }
    return true;
  }

  private Instant end() {
    if (rule.until() == null) {
      return Instant.MAX;
    }
    Instant until = rule.until().in(zone);
    return allDay ? AllDay.end(day(until), zone) : until;
  }

  /** The engine's days, from the start or, if none need be counted, from shortly before. */
  private RecurrenceRuleIterator days(Instant from) throws InvalidRecurrenceRuleException {
    LocalDate first = startsAt.atZone(zone).toLocalDate();
    RecurrenceRuleIterator days =
        new RecurrenceRule(rule.engineText(first), RecurrenceRule.RfcMode.RFC5545_STRICT)
            .iterator(midnight(rule.hasYearlyPositions() ? first.withDayOfYear(1) : first));
    if (rule.count() == null) {
      days.fastForward(midnight(from.atZone(zone).toLocalDate().minusDays(MARGIN_DAYS)));
    }
    return days;
  }

  /**
   * The same occurrences from one of them on, as a rule that begins with it, in local time: a
   * reader of RFC 5545 expands it to the same instants, because it treats gaps and overlaps of
   * local time as this class does.
   *
   * @param occurrence as found by a search
   */
  Pattern from(Instant occurrence) {
    if (anchor == Anchor.COMPLETION) {
      return new Pattern(
          occurrence.atZone(zone).toLocalDateTime().truncatedTo(ChronoUnit.SECONDS),
          "FREQ=DAILY;COUNT=1");
    }
    LocalDateTime start = startsAt.atZone(zone).toLocalDateTime();
    int preceding = 0;
    try {
      RecurrenceRuleIterator days = days(occurrence);
      while (days.hasNext()) {
        LocalDate day = day(days.nextDateTime());
        Instant found = on(day, start);
        if (!found.isBefore(occurrence)) {
          return new Pattern(
              day.atTime(start.toLocalTime()).truncatedTo(ChronoUnit.SECONDS),
              rule.beginningOn(day, remaining(preceding), lastOccurrence(start)));
        }
        preceding += found.isBefore(startsAt) ? 0 : 1;
      }
    } catch (InvalidRecurrenceRuleException e) {
      throw new IllegalStateException("the rule has been searched before", e);
    }
    throw new IllegalArgumentException("no such occurrence");
  }

  /**
   * A rule with its first occurrence.
   *
   * @param start local, in whole seconds; may be in a gap
   * @param rrule a rule of RFC 5545
   */
  record Pattern(LocalDateTime start, String rrule) {}

  private @Nullable Integer remaining(int preceding) {
    return rule.count() == null ? null : rule.count() - preceding;
  }

  /**
   * {@code UNTIL} for occurrences that have lost their fractions of a second, or their time; null
   * without an end.
   */
  private @Nullable String lastOccurrence(LocalDateTime start) {
    if (rule.until() == null) {
      return null;
    }
    if (allDay) {
      return DateTimeFormatter.BASIC_ISO_DATE.format(day(end()));
    }
    Duration fraction = Duration.between(start.truncatedTo(ChronoUnit.SECONDS), start);
    return UTC.format(rule.until().in(zone).minus(fraction).truncatedTo(ChronoUnit.SECONDS));
  }

  /** The engine's months begin with 0. */
  private static DateTime midnight(LocalDate day) {
    return new DateTime(
        DateTime.UTC, day.getYear(), day.getMonthValue() - 1, day.getDayOfMonth(), 0, 0, 0);
  }

  private static LocalDate day(DateTime found) {
    return LocalDate.of(found.getYear(), found.getMonth() + 1, found.getDayOfMonth());
  }

  /** The start itself may be the second of two equal local times. */
  private Instant on(LocalDate day, LocalDateTime start) {
    if (allDay) {
      return AllDay.end(day, zone);
    }
    return day.equals(start.toLocalDate())
        ? startsAt
        : day.atTime(start.toLocalTime()).atZone(zone).toInstant();
  }

  /** Such as "every 2 weeks on Monday and Friday, 10 times". */
  String description() {
    return new RruleDescription(rule, zone).text(anchor);
  }
}
