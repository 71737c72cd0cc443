package app.perpetua.flow.recurrence;

import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.dmfs.rfc5545.DateTime;
import org.dmfs.rfc5545.recur.InvalidRecurrenceRuleException;
import org.dmfs.rfc5545.recur.RecurrenceRule;
import org.dmfs.rfc5545.recur.RecurrenceRuleIterator;
import org.jspecify.annotations.Nullable;

/**
 * A rule with where it begins and whose clocks count (FR-015). The engine finds the days; the time
 * of day is the start's, read from the zone's clocks: a time that does not exist that day moves
 * forward by the gap, one that comes twice is the first. Never looks further than five years or a
 * thousand steps. Immutable.
 *
 * @param rule the rule
 * @param startsAt the first occurrence is the first match at or after it
 * @param zone whose clocks count
 */
record Recurrence(Rrule rule, Instant startsAt, ZoneId zone) {
  /** Five years, two of them leap years. */
  static final Duration REACH = Duration.ofDays(5 * 365 + 2);

  private static final int MAX_STEPS = 1_000;

  /** Far enough back that no zone's clocks hide an occurrence. */
  private static final int DAYS_BACK = 2;

  /**
   * Some occurrences.
   *
   * @param found in their order
   * @param ended true if the rule has no further one; false if nobody looked
   */
  private record Stretch(List<Instant> found, boolean ended) {
    Optional<Instant> first() {
      return found.stream().findFirst();
    }
  }

  /** The first one. */
  Optional<Instant> first() {
    return stretch(startsAt, startsAt.plus(REACH), 1).first();
  }

  /** The first one after that moment; none if COUNT or UNTIL is used up, or it is out of reach. */
  Optional<Instant> next(Instant after) {
    return following(after).first();
  }

  private Stretch following(Instant after) {
    Instant from = after.isBefore(startsAt) ? startsAt : after.plusMillis(1);
    return stretch(from, from.plus(REACH), 1);
  }

  /** At most so many, from that moment (or the start, if that is later) within five years. */
  List<Instant> upcoming(Instant from, int count) {
    Instant begin = from.isBefore(startsAt) ? startsAt : from;
    return stretch(begin, begin.plus(REACH), count).found();
  }

  /**
   * Why it cannot be saved; null if it can. Saving must show what the engine would only find out
   * later: a rule that never occurs, or once and then not for ages.
   */
  @Nullable String fault() {
    Stretch beginning = stretch(startsAt, startsAt.plus(REACH), 1);
    if (beginning.first().isEmpty()) {
      return beginning.ended()
          ? "never occurs: it ends before it begins"
          : "never occurs within five years of its start";
    }
    Stretch second = following(beginning.first().get());
    return second.first().isEmpty() && !second.ended() ? "must come again within five years" : null;
  }

  private Stretch stretch(Instant from, Instant bound, int most) {
    List<Instant> found = new ArrayList<>();
    try {
      return new Stretch(found, collect(found, from, bound, most));
    } catch (InvalidRecurrenceRuleException | IllegalArgumentException | IllegalStateException e) {
      // The engine gives up on rules whose next match is thousands of periods away.
      return new Stretch(found, false);
    }
  }

  /** True if the rule ends with what was found. */
  private boolean collect(List<Instant> found, Instant from, Instant bound, int most)
      throws InvalidRecurrenceRuleException {
    LocalDateTime start = startsAt.atZone(zone).toLocalDateTime();
    RecurrenceRuleIterator days = engine(start.toLocalDate());
    if (rule.count() == null) {
      days.fastForward(midnight(from.atZone(zone).toLocalDate().minusDays(DAYS_BACK)));
    }
    Instant end = rule.until() == null ? Instant.MAX : rule.until().in(zone);
    for (int step = 0; days.hasNext(); step++) {
      Instant occurrence = at(days.nextDateTime(), start);
      if (occurrence.isAfter(end)) {
        return true;
      }
      if (occurrence.isAfter(bound) || step == MAX_STEPS) {
        return false;
      }
      // A zone that skips a day puts that day's occurrence upon the next one's.
      boolean repeated = !found.isEmpty() && !occurrence.isAfter(found.getLast());
      if (!occurrence.isBefore(from) && !repeated) {
        found.add(occurrence);
      }
      if (found.size() == most) {
        return false;
      }
    }
    return true;
  }

  private RecurrenceRuleIterator engine(LocalDate start) throws InvalidRecurrenceRuleException {
    return new RecurrenceRule(rule.engineText(), RecurrenceRule.RfcMode.RFC5545_STRICT)
        .iterator(midnight(start));
  }

  /** A day as the engine counts them: its months begin with 0. */
  private static DateTime midnight(LocalDate day) {
    return new DateTime(
        DateTime.UTC, day.getYear(), day.getMonthValue() - 1, day.getDayOfMonth(), 0, 0, 0);
  }

  /** The start is itself, also where its time of day comes twice and it is the second. */
  private Instant at(DateTime found, LocalDateTime start) {
    LocalDate day = LocalDate.of(found.getYear(), found.getMonth() + 1, found.getDayOfMonth());
    return day.equals(start.toLocalDate())
        ? startsAt
        : day.atTime(start.toLocalTime()).atZone(zone).toInstant();
  }

  /** In plain words, such as "every 2 weeks on Monday and Friday, 10 times". */
  String words() {
    return new RruleWords(rule, zone).text();
  }
}
