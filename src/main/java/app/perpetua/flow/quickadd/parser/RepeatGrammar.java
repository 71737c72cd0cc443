package app.perpetua.flow.quickadd.parser;

import app.perpetua.flow.recurrence.Anchor;
import java.time.LocalDate;
import java.time.LocalTime;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Reads recurrences (docs/decisions/quick-add.md). Used once, by one thread. Methods return null,
 * and may have moved the cursor, if nothing of the kind follows.
 */
final class RepeatGrammar {
  private static final List<String> WEEKDAYS = List.of("MO", "TU", "WE", "TH", "FR", "SA", "SU");
  private static final String WORKDAYS = "BYDAY=MO,TU,WE,TH,FR";
  private static final String MONTHLY = "FREQ=MONTHLY;";
  private static final String WEEKLY = "FREQ=WEEKLY;";

  /** Beyond it the rule would have more occurrences than one may count. */
  private static final int MAX_INTERVAL = 999;

  /**
   * What was read.
   *
   * @param weak whether its words may mean something else
   */
  record Read(RepeatPattern pattern, boolean weak) {}

  private final Cursor cursor;
  private final DayGrammar days;
  private String rule = "";
  private int interval = 1;
  private boolean weak;
  private Anchor anchor = Anchor.SCHEDULE;
  private @Nullable LocalTime time;
  private @Nullable LocalDate start;
  private RepeatPattern.@Nullable End end;

  RepeatGrammar(Cursor cursor, LocalDate today) {
    this.cursor = cursor;
    this.days = new DayGrammar(cursor, today);
  }

  @Nullable Read read() {
    if (!adverb() && !every() && !afterCompletion()) {
      return null;
    }
    boolean more = tail();
    while (more) {
      weak = false;
      more = tail();
    }
    return interval > MAX_INTERVAL
        ? null
        : new Read(new RepeatPattern(rule, interval, anchor, time, start, end), weak);
  }

  private boolean adverb() {
    Vocabulary.Term adverb = cursor.accept(Word.ADVERB);
    if (adverb == null) {
      return false;
    }
    weak = cursor.vocabulary().isWeak(adverb.words().getFirst());
    period(adverb.unit(), 1);
    return true;
  }

  private boolean afterCompletion() {
    if (!cursor.skip(Word.AFTER)) {
      return false;
    }
    Integer count = cursor.number();
    Vocabulary.Term unit = count == null ? null : cursor.accept(Word.UNIT);
    if (count == null || unit == null || unit.unit().isOfTime()) {
      return false;
    }
    weak = true;
    anchor = Anchor.COMPLETION;
    period(unit.unit(), count);
    return true;
  }

  private void period(Unit unit, int count) {
    rule = "FREQ=" + unit.freq();
    interval = count * unit.factor();
  }

  private boolean every() {
    if (!cursor.skip(Word.EVERY)) {
      return false;
    }
    if (cursor.skipBang()) {
      anchor = Anchor.COMPLETION;
    }
    int mark = cursor.at();
    if (cursor.skip(Word.OTHER)) {
      interval = 2;
      return unit(2) || weekdays();
    }
    return attempt(mark, this::workdays)
        || attempt(mark, this::weekdays)
        || attempt(mark, this::yearly)
        || attempt(mark, this::counted)
        || attempt(mark, () -> monthly(true))
        || attempt(mark, () -> unit(1))
        || attempt(mark, this::part);
  }

  private boolean attempt(int mark, Supplier<Boolean> form) {
    cursor.reset(mark);
    return form.get();
  }

  private boolean workdays() {
    if (cursor.skip(Word.WORKDAY)) {
      rule = WEEKLY + WORKDAYS;
      return true;
    }
    if (cursor.skip(Word.WEEKEND)) {
      rule = WEEKLY + "BYDAY=SA,SU";
      return true;
    }
    return false;
  }

  private boolean weekdays() {
    List<String> codes = weekdayCodes();
    if (codes.isEmpty()) {
      return false;
    }
    rule = WEEKLY + "BYDAY=" + String.join(",", codes);
    return true;
  }

  private List<String> weekdayCodes() {
    return list(
        () -> {
          Vocabulary.Term weekday = cursor.accept(Word.WEEKDAY);
          return weekday == null ? null : WEEKDAYS.get(weekday.value() - 1);
        });
  }

  /** Reads items with commas and "and" between them, without repetitions. */
  private <T> List<T> list(Supplier<@Nullable T> item) {
    List<T> items = new ArrayList<>();
    T next = item.get();
    while (next != null) {
      if (!items.contains(next)) {
        items.add(next);
      }
      int mark = cursor.at();
      boolean comma = cursor.skipComma();
      next = cursor.skip(Word.AND) || comma ? item.get() : null;
      if (next == null) {
        cursor.reset(mark);
      }
    }
    return items;
  }

  /** Reads a number or ordinal of units: 2 weeks, second week. */
  private boolean counted() {
    int mark = cursor.at();
    Integer count = cursor.number();
    if (count == null) {
      Integer ordinal = cursor.ordinal();
      count = ordinal != null && ordinal > 1 ? ordinal : null;
    }
    if (count == null || !unit(count)) {
      cursor.reset(mark);
      return false;
    }
    // "every 2nd day of the month" is a day of the month.
    return !cursor.skip(Word.OF_MONTH);
  }

  private boolean unit(int count) {
    Vocabulary.Term unit = cursor.accept(Word.UNIT);
    if (unit == null || unit.unit().isOfTime()) {
      return false;
    }
    period(unit.unit(), count);
    int mark = cursor.at();
    if (!cursor.skip(Word.ON) || !selected(unit.unit())) {
      cursor.reset(mark);
      period(unit.unit(), count);
    }
    return true;
  }

  /** Reads the days of a period; keeps the interval. */
  private boolean selected(Unit unit) {
    cursor.skip(Word.THE);
    return switch (unit) {
      case WEEK -> workdays() || weekdays();
      case MONTH, QUARTER -> monthly(false);
      case YEAR -> yearly();
      case MINUTE, HOUR, DAY -> false;
    };
  }

  private boolean yearly() {
    DayGrammar.DayOfYear day = days.dayOfYear();
    if (day == null) {
      return false;
    }
    rule = "FREQ=YEARLY;BYMONTH=" + day.month() + ";BYMONTHDAY=" + day.day();
    return true;
  }

  /**
   * Reads days of a month.
   *
   * @param daily whether "2nd day" is not one of them
   */
  private boolean monthly(boolean daily) {
    int mark = cursor.at();
    List<Integer> ordinals = list(cursor::ordinal);
    if (ordinals.isEmpty()) {
      return false;
    }
    int afterOrdinals = cursor.at();
    List<String> codes = weekdayCodes();
    if (!codes.isEmpty()) {
      rule =
          MONTHLY
              + "BYDAY="
              + ordinals.stream()
                  .flatMap(ordinal -> codes.stream().map(code -> ordinal + code))
                  .collect(Collectors.joining(","));
    } else if (cursor.skip(Word.WORKDAY)) {
      rule = MONTHLY + WORKDAYS + ";BYSETPOS=" + joined(ordinals);
    } else if (dayOfMonth(daily, ordinals) || numeric(mark, afterOrdinals)) {
      rule = MONTHLY + "BYMONTHDAY=" + joined(ordinals);
    } else {
      return false;
    }
    cursor.skip(Word.OF_MONTH);
    return true;
  }

  private static String joined(List<Integer> numbers) {
    return numbers.stream().map(String::valueOf).collect(Collectors.joining(","));
  }

  private boolean dayOfMonth(boolean daily, List<Integer> ordinals) {
    Vocabulary.Term unit = cursor.accept(Word.UNIT);
    return unit != null
        && unit.unit() == Unit.DAY
        && (!daily || ordinals.equals(List.of(-1)) || cursor.skip(Word.OF_MONTH));
  }

  /** Whether ordinals are all in digits, so that they are days without a noun. */
  private boolean numeric(int begin, int end) {
    cursor.reset(begin);
    list(cursor::numericOrdinal);
    return cursor.at() == end;
  }

  private boolean part() {
    Vocabulary.Term part = cursor.accept(Word.DAY_PART);
    if (part == null) {
      return false;
    }
    rule = "FREQ=DAILY";
    time = part.time();
    return true;
  }

  /** Reads one of the additions, also after a comma; nothing is read if none follows. */
  private boolean tail() {
    int mark = cursor.at();
    cursor.skipComma();
    if ((time == null && timed()) || (start == null && starting()) || (end == null && ending())) {
      return true;
    }
    cursor.reset(mark);
    return false;
  }

  private boolean timed() {
    TimeOfDay read = TimeOfDay.read(cursor, null);
    if (read == null) {
      return false;
    }
    time = read.time();
    return true;
  }

  private boolean starting() {
    int mark = cursor.at();
    if (cursor.skip(Word.STARTING) || cursor.skip(Word.FROM)) {
      cursor.skip(Word.ON);
      Day day = days.read(true);
      if (day != null) {
        start = day.date();
        return true;
      }
    }
    cursor.reset(mark);
    return false;
  }

  private boolean ending() {
    int mark = cursor.at();
    end = cursor.skip(Word.UNTIL) ? until() : times();
    if (end == null) {
      cursor.reset(mark);
    }
    return end != null;
  }

  private RepeatPattern.@Nullable End until() {
    cursor.skip(Word.ON);
    Day day = days.read(true);
    return day == null ? null : new RepeatPattern.End.Until(day.date());
  }

  private RepeatPattern.@Nullable End times() {
    boolean lasting = cursor.skip(Word.FOR);
    Integer count = cursor.number();
    if (count == null) {
      return null;
    }
    if (cursor.skip(Word.TIMES)) {
      return new RepeatPattern.End.Times(count);
    }
    Vocabulary.Term unit = lasting ? cursor.accept(Word.UNIT) : null;
    return unit == null || unit.unit().isOfTime()
        ? null
        : new RepeatPattern.End.Lasting(count, unit.unit());
  }
}
