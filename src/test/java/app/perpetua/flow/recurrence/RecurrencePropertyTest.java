package app.perpetua.flow.recurrence;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.time.DayOfWeek;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalTime;
import java.time.YearMonth;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.time.temporal.TemporalAdjusters;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Compares the engine with a day-by-day implementation of the table of RFC 5545. */
class RecurrencePropertyTest {
  private static final int RULES = 4_000;
  private static final List<ZoneId> ZONES =
      Stream.of(
              "UTC",
              "America/New_York",
              "Pacific/Auckland",
              "America/Santiago",
              "Australia/Lord_Howe",
              "Asia/Kathmandu")
          .map(ZoneId::of)
          .toList();

  private final Random random = new Random(5545);

  @Test
  void promise_14_occurrences_match_the_definition() {
    int compared = 0;
    for (int i = 0; i < RULES; i++) {
      String text = rule();
      if (!(RruleParser.parse(text) instanceof Rrule.Parsed.Valid(Rrule rule))) {
        continue;
      }
      ZoneId zone = ZONES.get(random.nextInt(ZONES.size()));
      LocalDate begin = LocalDate.of(2020 + random.nextInt(8), 1, 1).plusDays(random.nextInt(366));
      LocalTime time = LocalTime.of(random.nextInt(24), random.nextInt(60));
      Instant start = begin.atTime(time).atZone(zone).toInstant();
      Recurrence recurrence = new Recurrence(rule, start, zone);
      // A start in a daylight-saving gap is shifted.
      begin = start.atZone(zone).toLocalDate();
      time = start.atZone(zone).toLocalTime();
      if (recurrence.problem() != null) {
        assertEquals(
            true, defined(rule, begin, 2).size() < 2 || rare(rule, begin), text + " " + begin);
        continue;
      }
      List<Instant> expected = new ArrayList<>();
      for (LocalDate day : defined(rule, begin, 60)) {
        Instant at = day.equals(begin) ? start : day.atTime(time).atZone(zone).toInstant();
        boolean within = rule.until() == null || !at.isAfter(rule.until().in(zone));
        if (within && !at.isAfter(start.plus(Recurrence.LOOKAHEAD))) {
          expected.add(at);
        }
      }
      assertEquals(expected, recurrence.upcoming(start, 60), text + " " + start + " " + zone);
      for (int k = 1; k < expected.size(); k++) {
        Instant before = expected.get(k).minusMillis(1 + random.nextInt(1_000));
        Instant after = before.isBefore(expected.get(k - 1)) ? expected.get(k - 1) : before;
        assertEquals(
            Optional.of(expected.get(k)), recurrence.next(after), text + " " + start + " " + zone);
      }
      compared++;
    }
    assertEquals(true, compared > RULES / 4, "compared " + compared);
  }

  @Test
  void FR_182_a_rule_can_begin_with_each_of_its_occurrences() {
    int compared = 0;
    for (int i = 0; i < RULES / 4; i++) {
      String text = rule();
      if (!(RruleParser.parse(text) instanceof Rrule.Parsed.Valid(Rrule rule))) {
        continue;
      }
      ZoneId zone = ZONES.get(random.nextInt(ZONES.size()));
      LocalDate begin = LocalDate.of(2020 + random.nextInt(8), 1, 1).plusDays(random.nextInt(366));
      LocalTime time =
          LocalTime.of(random.nextInt(24), random.nextInt(60), 0, 500_000_000 * random.nextInt(2));
      Recurrence recurrence =
          new Recurrence(rule, begin.atTime(time).atZone(zone).toInstant(), zone);
      List<Instant> all = recurrence.upcoming(recurrence.startsAt(), 60);
      if (recurrence.problem() != null) {
        continue;
      }
      Instant first = all.get(random.nextInt(all.size()));
      Recurrence.Pattern pattern = recurrence.from(first);
      Instant start = pattern.start().atZone(zone).toInstant();
      if (!start.atZone(zone).toLocalDateTime().equals(pattern.start())) {
        // As a start of its own, a time in a gap would be another time of day.
        continue;
      }
      if (!(RruleParser.parse(pattern.rrule()) instanceof Rrule.Parsed.Valid(Rrule same))) {
        throw new AssertionError(text + " became " + pattern.rrule());
      }
      assertEquals(
          recurrence.upcoming(first, 40).stream()
              .map(at -> at.truncatedTo(ChronoUnit.SECONDS))
              .toList(),
          new Recurrence(same, start, zone).upcoming(start, 40),
          text + " became " + pattern.rrule() + " " + first + " " + zone);
      compared++;
    }
    assertEquals(true, compared > RULES / 16, "compared " + compared);
  }

  @Test
  void FR_089_positions_within_a_year_match_the_definition() {
    int compared = 0;
    for (int i = 0; i < RULES / 8; i++) {
      List<String> parts = new ArrayList<>(List.of("FREQ=YEARLY"));
      maybe(parts, 3, "INTERVAL=" + (1 + random.nextInt(3)));
      maybe(parts, 4, "COUNT=" + (2 + random.nextInt(9)));
      String months = pick("1", "2", "11", "2,3", "1,6,12", "4,6,9,11");
      boolean hasMonths = random.nextInt(3) > 0;
      if (hasMonths) {
        parts.add("BYMONTH=" + months);
      }
      boolean hasDays = random.nextInt(4) > 0;
      if (hasDays) {
        parts.add("BYDAY=" + pick("TH", "MO,TU,WE,TH,FR", "SA,SU", "1MO,-1FR", "2TU", "5SU,MO"));
      }
      if (hasMonths && (!hasDays || random.nextInt(3) == 0)) {
        maybe(parts, 2, "BYMONTHDAY=" + pick("1", "29", "-1", "13,14", "8,9,10,11,12,13,14"));
      }
      maybe(parts, 3, "WKST=" + pick("SU", "MO", "WE"));
      parts.add("BYSETPOS=" + pick("1", "-1", "4", "-2", "1,-1", "2,3", "10", "-52", "100,-100"));
      String text = String.join(";", parts);
      if (!(RruleParser.parse(text) instanceof Rrule.Parsed.Valid(Rrule rule))) {
        assertEquals(false, hasMonths || hasDays, text);
        continue;
      }
      LocalDate begin = LocalDate.of(2020 + random.nextInt(8), 1, 1).plusDays(random.nextInt(366));
      Instant start = begin.atTime(9, 0).toInstant(ZoneOffset.UTC);
      Recurrence recurrence = new Recurrence(rule, start, ZoneOffset.UTC);
      if (recurrence.problem() != null) {
        assertEquals(
            true, defined(rule, begin, 2).size() < 2 || rare(rule, begin), text + " " + begin);
        continue;
      }
      List<Instant> expected =
          defined(rule, begin, 30).stream()
              .map(day -> day.atTime(9, 0).toInstant(ZoneOffset.UTC))
              .filter(at -> !at.isAfter(start.plus(Recurrence.LOOKAHEAD)))
              .toList();
      assertEquals(expected, recurrence.upcoming(start, 30), text + " " + begin);
      for (int k = 1; k < expected.size(); k++) {
        assertEquals(
            Optional.of(expected.get(k)), recurrence.next(expected.get(k - 1)), text + " " + begin);
      }
      compared++;
    }
    assertEquals(true, compared > RULES / 16, "compared " + compared);
  }

  /** Whether two occurrences are further apart than the search reaches. */
  private static boolean rare(Rrule rule, LocalDate begin) {
    List<LocalDate> two = defined(rule, begin, 2);
    return two.getFirst().isAfter(begin.plusYears(5).minusDays(3))
        || two.getLast().isAfter(two.getFirst().plusYears(5).minusDays(3))
        // days() ignores UNTIL.
        || rule.until() != null;
  }

  private String rule() {
    List<String> parts = new ArrayList<>();
    String freq = pick("DAILY", "WEEKLY", "MONTHLY", "YEARLY");
    parts.add("FREQ=" + freq);
    maybe(parts, 2, "INTERVAL=" + (1 + random.nextInt(4)));
    if (random.nextInt(3) == 0) {
      parts.add(random.nextBoolean() ? "COUNT=" + (1 + random.nextInt(20)) : until());
    }
    maybe(parts, 3, "BYMONTH=" + (1 + random.nextInt(12)) + "," + (1 + random.nextInt(12)));
    maybe(parts, 3, "BYMONTHDAY=" + pick("1", "13", "29", "31", "-1", "-31", "1,15", "7,8,9,-2"));
    boolean numbered = freq.equals("MONTHLY") || freq.equals("YEARLY");
    maybe(
        parts,
        2,
        "BYDAY="
            + (numbered
                ? pick("MO", "1MO", "-1FR", "2TU,SU", "5WE,-5WE", "FR")
                : pick("MO", "TU,TH", "SA,SU", "MO,WE,FR", "SU")));
    maybe(parts, 4, "BYSETPOS=" + pick("1", "-1", "2", "1,-1", "4", "-2,-5", "53", "-30,2"));
    maybe(parts, 3, "WKST=" + pick("SU", "MO", "WE"));
    return String.join(";", parts);
  }

  private String until() {
    return "UNTIL="
        + (2021 + random.nextInt(10))
        + pick("0101", "0630", "1231", "0329T120000Z", "1101T055959Z");
  }

  private void maybe(List<String> parts, int oneIn, String part) {
    if (random.nextInt(oneIn) == 0) {
      parts.add(part);
    }
  }

  private String pick(String... choices) {
    return choices[random.nextInt(choices.length)];
  }

  /** The days of a rule without UNTIL, as RFC 5545 defines each part. */
  private static List<LocalDate> defined(Rrule rule, LocalDate start, int most) {
    List<LocalDate> days = new ArrayList<>();
    int wanted = rule.count() == null ? most : Math.min(most, rule.count());
    LocalDate end = start.plusYears(12);
    for (int period = 0; days.size() < wanted; period++) {
      LocalDate first = period(rule, start, (long) period * rule.interval());
      if (first.isAfter(end)) {
        break;
      }
      List<LocalDate> set = new ArrayList<>();
      for (LocalDate day = first; day.isBefore(after(rule, first)); day = day.plusDays(1)) {
        if (belongs(rule, start, day)) {
          set.add(day);
        }
      }
      chosen(rule, set).filter(day -> !day.isBefore(start)).forEach(days::add);
    }
    return days.stream().limit(wanted).toList();
  }

  private static LocalDate period(Rrule rule, LocalDate start, long number) {
    return switch (rule.freq()) {
      case DAILY -> start.plusDays(number);
      case WEEKLY ->
          start.with(TemporalAdjusters.previousOrSame(rule.weekStart())).plusWeeks(number);
      case MONTHLY -> start.withDayOfMonth(1).plusMonths(number);
      case YEARLY -> start.withDayOfYear(1).plusYears(number);
    };
  }

  private static LocalDate after(Rrule rule, LocalDate first) {
    return switch (rule.freq()) {
      case DAILY -> first.plusDays(1);
      case WEEKLY -> first.plusWeeks(1);
      case MONTHLY -> first.plusMonths(1);
      case YEARLY -> first.plusYears(1);
    };
  }

  private static Stream<LocalDate> chosen(Rrule rule, List<LocalDate> set) {
    if (rule.bySetPos().isEmpty()) {
      return set.stream();
    }
    return rule.bySetPos().stream()
        .map(place -> place > 0 ? place - 1 : set.size() + place)
        .filter(index -> index >= 0 && index < set.size())
        .distinct()
        .sorted()
        .map(set::get);
  }

  private static boolean belongs(Rrule rule, LocalDate start, LocalDate day) {
    if (!rule.byMonth().isEmpty() && !rule.byMonth().contains(day.getMonthValue())) {
      return false;
    }
    int length = day.lengthOfMonth();
    if (!rule.byMonthDay().isEmpty()
        && !rule.byMonthDay().contains(day.getDayOfMonth())
        && !rule.byMonthDay().contains(day.getDayOfMonth() - length - 1)) {
      return false;
    }
    if (!rule.byDay().isEmpty()) {
      return rule.byDay().stream().anyMatch(wanted -> is(rule, wanted, day));
    }
    if (!rule.byMonthDay().isEmpty()) {
      return true;
    }
    return switch (rule.freq()) {
      case DAILY -> true;
      case WEEKLY -> day.getDayOfWeek() == start.getDayOfWeek();
      case MONTHLY -> day.getDayOfMonth() == start.getDayOfMonth();
      case YEARLY ->
          day.getDayOfMonth() == start.getDayOfMonth()
              && (!rule.byMonth().isEmpty() || day.getMonth() == start.getMonth());
    };
  }

  private static boolean is(Rrule rule, Rrule.Day wanted, LocalDate day) {
    DayOfWeek weekday = wanted.weekday();
    if (day.getDayOfWeek() != weekday) {
      return false;
    }
    if (wanted.ordinal() == 0) {
      return true;
    }
    boolean ofMonth = rule.freq() == Rrule.Freq.MONTHLY || !rule.byMonth().isEmpty();
    LocalDate first = ofMonth ? day.withDayOfMonth(1) : day.withDayOfYear(1);
    LocalDate last =
        ofMonth ? YearMonth.from(day).atEndOfMonth() : day.with(TemporalAdjusters.lastDayOfYear());
    long fromStart = ChronoUnit.DAYS.between(first, day) / 7 + 1;
    long fromEnd = -(ChronoUnit.DAYS.between(day, last) / 7 + 1);
    return wanted.ordinal() == fromStart || wanted.ordinal() == fromEnd;
  }
}
