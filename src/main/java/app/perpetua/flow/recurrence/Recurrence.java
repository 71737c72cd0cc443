package app.perpetua.flow.recurrence;

import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.dmfs.rfc5545.DateTime;
import org.dmfs.rfc5545.recur.InvalidRecurrenceRuleException;
import org.dmfs.rfc5545.recur.RecurrenceRule;
import org.dmfs.rfc5545.recur.RecurrenceRuleIterator;
import org.jspecify.annotations.Nullable;

/**
 * A rule with its start and time zone (FR-015). The lib-recur engine computes the days; the local
 * time of day is that of the start. A local time in a daylight-saving gap moves forward by the gap;
 * of a time that occurs twice, the first counts. A search ends after five years or a thousand
 * steps. Immutable.
 *
 * @param startsAt the first occurrence is the first match at or after it
 */
record Recurrence(Rrule rule, Instant startsAt, ZoneId zone) {
  /** Five years, two of them leap years. */
  static final Duration LOOKAHEAD = Duration.ofDays(5 * 365 + 2);

  private static final int MAX_STEPS = 1_000;

  /** Days to start before the search, so that no zone transition hides an occurrence. */
  private static final int MARGIN_DAYS = 2;

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
  static Optional<Recurrence> startingAfter(Rrule rule, Instant now, ZoneId zone) {
    return new Recurrence(rule.uncounted(), now, zone)
        .next(now)
        .map(next -> new Recurrence(rule, next, zone));
  }

  Optional<Instant> first() {
    return search(startsAt, 1).first();
  }

  /** The first occurrence after an instant; empty if there is none within five years. */
  Optional<Instant> next(Instant after) {
    return searchNext(after).first();
  }

  private Search searchNext(Instant after) {
    return search(after.isBefore(startsAt) ? startsAt : after.plusMillis(1), 1);
  }

  /**
   * Up to {@code count} occurrences within five years from an instant, or from the start if later.
   */
  List<Instant> upcoming(Instant from, int count) {
    return search(from.isBefore(startsAt) ? startsAt : from, count).found();
  }

  /**
   * Why the recurrence is invalid; null if it is valid. A rule that never occurs, or not again for
   * years, is refused when it is stored, not when an instance is due.
   */
  @Nullable String problem() {
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
    Instant end = rule.until() == null ? Instant.MAX : rule.until().in(zone);
    int matches = 0;
    for (int step = 0; days.hasNext(); step++) {
      Instant occurrence = at(day(days.nextDateTime()), start);
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
    LocalDateTime start = startsAt.atZone(zone).toLocalDateTime();
    int preceding = 0;
    try {
      RecurrenceRuleIterator days = days(occurrence);
      while (days.hasNext()) {
        LocalDate day = day(days.nextDateTime());
        Instant found = at(day, start);
        if (!found.isBefore(occurrence)) {
          return new Pattern(
              day.atTime(start.toLocalTime()).truncatedTo(ChronoUnit.SECONDS),
              rule.beginningOn(day, remaining(preceding), lastSecond(start)));
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

  /** The end for occurrences that have lost their fractions of a second; null without an end. */
  private @Nullable Instant lastSecond(LocalDateTime start) {
    if (rule.until() == null) {
      return null;
    }
    Duration fraction = Duration.between(start.truncatedTo(ChronoUnit.SECONDS), start);
    return rule.until().in(zone).minus(fraction).truncatedTo(ChronoUnit.SECONDS);
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
  private Instant at(LocalDate day, LocalDateTime start) {
    return day.equals(start.toLocalDate())
        ? startsAt
        : day.atTime(start.toLocalTime()).atZone(zone).toInstant();
  }

  /** Such as "every 2 weeks on Monday and Friday, 10 times". */
  String description() {
    return new RruleDescription(rule, zone).text();
  }
}
