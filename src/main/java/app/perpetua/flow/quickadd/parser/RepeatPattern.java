package app.perpetua.flow.quickadd.parser;

import app.perpetua.flow.recurrence.Anchor;
import app.perpetua.flow.recurrence.ImportedRule;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalTime;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import org.jspecify.annotations.Nullable;

/**
 * A recurrence as a text describes it, before its first occurrence is known.
 *
 * @param rule {@code FREQ} and the parts that select days
 * @param interval in periods of {@code FREQ}
 * @param time null if the text names none
 * @param start the day from which it counts; null if the text names none
 * @param end null if it does not end
 */
record RepeatPattern(
    String rule,
    int interval,
    Anchor anchor,
    @Nullable LocalTime time,
    @Nullable LocalDate start,
    @Nullable End end) {
  private static final LocalTime NOON = LocalTime.NOON;

  /** When it ends. */
  sealed interface End {
    /** On a day, inclusive. */
    record Until(LocalDate day) implements End {}

    record Times(int count) implements End {}

    /** After a time from its first occurrence. */
    record Lasting(int count, Unit unit) implements End {}
  }

  RepeatPattern withTime(@Nullable LocalTime other) {
    return other == null ? this : new RepeatPattern(rule, interval, anchor, other, start, end);
  }

  RepeatPattern withStart(@Nullable LocalDate other) {
    return other == null || start != null
        ? this
        : new RepeatPattern(rule, interval, anchor, time, other, end);
  }

  /** The rule for RFC 5545, given the first day. */
  String rrule(LocalDate first) {
    String text = interval == 1 ? rule : rule + ";INTERVAL=" + interval;
    return switch (end) {
      case null -> text;
      case End.Until(LocalDate day) -> text + ";UNTIL=" + basic(day);
      case End.Times(int count) -> text + ";COUNT=" + count;
      case End.Lasting(int count, Unit unit) ->
          text + ";UNTIL=" + basic(unit.after(first, count).minusDays(1));
    };
  }

  private static String basic(LocalDate day) {
    return day.format(DateTimeFormatter.BASIC_ISO_DATE);
  }

  /**
   * Determines the first occurrence: the first that fits the rule without its interval, from the
   * start or, if there is none, from now on. Null if a template cannot have the rule.
   */
  @Nullable Repeat resolve(Instant now, ZoneId zone) {
    LocalDate today = now.atZone(zone).toLocalDate();
    // The time only has to be one that the zone has on most days.
    LocalTime at = time == null ? NOON : time;
    Instant from = (start == null ? today : start).atTime(at).atZone(zone).toInstant();
    Instant first = ImportedRule.first(rule, from, zone);
    if (start == null && time != null && !first.isAfter(now)) {
      first =
          ImportedRule.of(rule, from, zone, now)
                      instanceof ImportedRule.Usable(String text, Instant next)
                  && next != null
              ? next
              : first;
    }
    LocalDate day = first.atZone(zone).toLocalDate();
    return ImportedRule.of(rrule(day), first, zone, now)
            instanceof ImportedRule.Usable(String rrule, Instant next)
        ? new Repeat(rrule, anchor, day, time)
        : null;
  }
}
