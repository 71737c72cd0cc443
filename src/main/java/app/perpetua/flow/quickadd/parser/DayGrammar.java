package app.perpetua.flow.quickadd.parser;

import java.time.DateTimeException;
import java.time.DayOfWeek;
import java.time.LocalDate;
import java.time.YearMonth;
import java.time.temporal.TemporalAdjusters;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Reads days (docs/decisions/quick-add.md). Every method returns null, and may have moved the
 * cursor, if no such day follows.
 *
 * @param today in the user's zone
 */
record DayGrammar(Cursor cursor, LocalDate today) {
  /** No year above 2999, so that 999 units later are still before the year 10000. */
  private static final Pattern ISO = Pattern.compile("[12][0-9]{3}-[0-9]{2}-[0-9]{2}");

  private static final Pattern YEAR = Pattern.compile("[12][0-9]{3}");
  private static final Pattern DAY_OF_MONTH = Pattern.compile("0?[1-9]|[12][0-9]|3[01]");

  /** A leap day is at most eight years after another. */
  private static final int MAX_YEARS = 8;

  /**
   * A day of a month.
   *
   * @param ordinal whether it is written as one
   */
  record DayNumber(int value, boolean ordinal) {}

  /**
   * A day of a year.
   *
   * @param weak whether it may mean something else
   */
  record DayOfYear(int month, int day, boolean weak) {}

  @FunctionalInterface
  private interface Form {
    @Nullable Day read();
  }

  /**
   * Reads a day; nothing is read if none follows.
   *
   * @param introduced whether a preposition precedes, after which a mere 15th is a day
   */
  @Nullable Day read(boolean introduced) {
    int mark = cursor.at();
    Day day = first(mark, this::word, this::relative, this::dated, this::weekday);
    return day == null && introduced ? first(mark, this::ordinalOfMonth) : day;
  }

  private @Nullable Day first(int mark, Form... forms) {
    for (Form form : forms) {
      Day day = form.read();
      if (day != null) {
        return day;
      }
      cursor.reset(mark);
    }
    return null;
  }

  private @Nullable Day word() {
    Vocabulary.Term term = cursor.accept(Word.TODAY);
    if (term != null) {
      return Day.of(today, cursor.vocabulary().isWeak(term.words().getFirst()));
    }
    if (cursor.skip(Word.DAY_AFTER_TOMORROW)) {
      return Day.sure(today.plusDays(2));
    }
    if (cursor.skip(Word.TOMORROW)) {
      return Day.sure(today.plusDays(1));
    }
    Vocabulary.Term tonight = cursor.accept(Word.TONIGHT);
    return tonight == null ? null : partOfToday(tonight);
  }

  private Day partOfToday(Vocabulary.Term term) {
    return new Day(
        today, Day.Strength.SURE, new TimeOfDay(term.time(), TimeOfDay.Strength.SURE, false, true));
  }

  private @Nullable Day relative() {
    if (cursor.skip(Word.THIS)) {
      return thisDay();
    }
    if (cursor.skip(Word.NEXT)) {
      return next();
    }
    if (cursor.skip(Word.IN)) {
      return later();
    }
    if (cursor.skip(Word.END_OF_MONTH)) {
      return Day.sure(today.with(TemporalAdjusters.lastDayOfMonth()));
    }
    if (cursor.skip(Word.END_OF_YEAR)) {
      return Day.sure(today.with(TemporalAdjusters.lastDayOfYear()));
    }
    return cursor.skip(Word.END_OF) ? endOfMonth() : fromNow();
  }

  private @Nullable Day thisDay() {
    Vocabulary.Term part = cursor.accept(Word.DAY_PART);
    if (part != null) {
      return partOfToday(part);
    }
    if (cursor.skip(Word.WEEKEND)) {
      return Day.sure(
          today.getDayOfWeek() == DayOfWeek.SUNDAY
              ? today
              : today.with(TemporalAdjusters.nextOrSame(DayOfWeek.SATURDAY)));
    }
    Vocabulary.Term weekday = cursor.accept(Word.WEEKDAY);
    return weekday == null
        ? null
        : Day.sure(today.with(TemporalAdjusters.nextOrSame(DayOfWeek.of(weekday.value()))));
  }

  private LocalDate nextWeek(DayOfWeek day) {
    return today
        .with(TemporalAdjusters.next(DayOfWeek.MONDAY))
        .with(TemporalAdjusters.nextOrSame(day));
  }

  private @Nullable Day next() {
    if (cursor.skip(Word.WEEKEND)) {
      return Day.sure(nextWeek(DayOfWeek.SATURDAY));
    }
    Vocabulary.Term weekday = cursor.accept(Word.WEEKDAY);
    if (weekday != null) {
      return Day.sure(nextWeek(DayOfWeek.of(weekday.value())));
    }
    Vocabulary.Term unit = cursor.accept(Word.UNIT);
    if (unit == null) {
      return null;
    }
    return switch (unit.unit()) {
      case WEEK -> dayOfNextWeek();
      case MONTH -> Day.sure(today.with(TemporalAdjusters.firstDayOfNextMonth()));
      case YEAR -> Day.sure(today.with(TemporalAdjusters.firstDayOfNextYear()));
      case MINUTE, HOUR, DAY, QUARTER -> null;
    };
  }

  private Day dayOfNextWeek() {
    int mark = cursor.at();
    cursor.skip(Word.ON);
    Vocabulary.Term weekday = cursor.accept(Word.WEEKDAY);
    if (weekday == null) {
      cursor.reset(mark);
      return Day.sure(nextWeek(DayOfWeek.MONDAY));
    }
    return Day.sure(nextWeek(DayOfWeek.of(weekday.value())));
  }

  private @Nullable Day later() {
    Vocabulary.Term article = cursor.accept(Word.ARTICLE);
    Integer count = article == null ? cursor.number() : Integer.valueOf(article.value());
    Vocabulary.Term unit = count == null ? null : cursor.accept(Word.UNIT);
    return count == null || unit == null || unit.unit().isOfTime()
        ? null
        : Day.of(unit.unit().after(today, count), article != null);
  }

  private @Nullable Day fromNow() {
    Integer count = cursor.number();
    Vocabulary.Term unit = count == null ? null : cursor.accept(Word.UNIT);
    return count == null || unit == null || unit.unit().isOfTime() || !cursor.skip(Word.FROM_NOW)
        ? null
        : Day.sure(unit.unit().after(today, count));
  }

  private @Nullable Day endOfMonth() {
    Vocabulary.Term month = cursor.accept(Word.MONTH);
    if (month == null) {
      return null;
    }
    Integer year = year();
    YearMonth end = YearMonth.of(year == null ? today.getYear() : year, month.value());
    return Day.sure(
        (year == null && end.atEndOfMonth().isBefore(today) ? end.plusYears(1) : end)
            .atEndOfMonth());
  }

  private @Nullable Day dated() {
    Token token = cursor.peek();
    if (token != null && ISO.matcher(token.word()).matches()) {
      cursor.advance();
      try {
        return Day.sure(LocalDate.parse(token.word()));
      } catch (DateTimeException e) {
        // Such as 30 February.
        return null;
      }
    }
    DayOfYear day = dayOfYear();
    if (day == null) {
      return null;
    }
    Integer year = year();
    LocalDate date = year == null ? coming(day) : date(year, day);
    return date == null ? null : Day.of(date, day.weak() && year == null);
  }

  /** Reads a day and a month in either order. */
  @Nullable DayOfYear dayOfYear() {
    int mark = cursor.at();
    Token word = cursor.peek();
    Vocabulary.Term month = cursor.accept(Word.MONTH);
    if (word != null && month != null) {
      cursor.skip(Word.THE);
      return dayOfYear(word, month, dayNumber());
    }
    cursor.skip(Word.THE);
    DayNumber day = dayNumber();
    cursor.skip(Word.OF);
    Token name = cursor.peek();
    Vocabulary.Term later = cursor.accept(Word.MONTH);
    if (name == null || later == null) {
      cursor.reset(mark);
      return null;
    }
    return dayOfYear(name, later, day);
  }

  private @Nullable DayOfYear dayOfYear(
      Token word, Vocabulary.Term month, @Nullable DayNumber day) {
    return day == null
        ? null
        : new DayOfYear(
            month.value(),
            day.value(),
            cursor.vocabulary().isWeak(word.word()) && !word.capital() && !day.ordinal());
  }

  /** Reads a day of a month as number or ordinal. */
  private @Nullable DayNumber dayNumber() {
    Token token = cursor.peek();
    if (token != null && DAY_OF_MONTH.matcher(token.word()).matches()) {
      cursor.advance();
      return new DayNumber(Integer.parseInt(token.word()), false);
    }
    Integer ordinal = cursor.ordinal();
    return ordinal == null || ordinal < 1 ? null : new DayNumber(ordinal, true);
  }

  /** Reads a year, also after a comma; nothing is read if none follows. */
  private @Nullable Integer year() {
    int mark = cursor.at();
    cursor.skipComma();
    Token token = cursor.peek();
    if (token != null && YEAR.matcher(token.word()).matches()) {
      cursor.advance();
      return Integer.valueOf(token.word());
    }
    cursor.reset(mark);
    return null;
  }

  private static @Nullable LocalDate date(int year, DayOfYear day) {
    return YearMonth.of(year, day.month()).isValidDay(day.day())
        ? LocalDate.of(year, day.month(), day.day())
        : null;
  }

  /** The next such day from today on; null if no year has it. */
  private @Nullable LocalDate coming(DayOfYear day) {
    for (int year = today.getYear(); year <= today.getYear() + MAX_YEARS; year++) {
      LocalDate date = date(year, day);
      if (date != null && !date.isBefore(today)) {
        return date;
      }
    }
    return null;
  }

  private @Nullable Day weekday() {
    Vocabulary.Term term = cursor.accept(Word.WEEKDAY);
    if (term == null) {
      return null;
    }
    DayOfWeek weekday = DayOfWeek.of(term.value());
    int mark = cursor.at();
    if (cursor.skip(Word.NEXT)) {
      Vocabulary.Term unit = cursor.accept(Word.UNIT);
      if (unit != null && unit.unit() == Unit.WEEK) {
        return Day.sure(nextWeek(weekday));
      }
    }
    cursor.reset(mark);
    cursor.skipComma();
    Day date = dated();
    if (date != null && date.date().getDayOfWeek() == weekday) {
      return Day.sure(date.date());
    }
    cursor.reset(mark);
    return Day.of(
        today.with(TemporalAdjusters.next(weekday)),
        cursor.vocabulary().isWeak(term.words().getFirst()));
  }

  /** A mere 15th, with or without its article. */
  private @Nullable Day ordinalOfMonth() {
    cursor.skip(Word.THE);
    Integer day = cursor.numericOrdinal();
    if (day == null) {
      return null;
    }
    YearMonth month = YearMonth.from(today);
    while (!month.isValidDay(day) || month.atDay(day).isBefore(today)) {
      month = month.plusMonths(1);
    }
    return new Day(month.atDay(day), Day.Strength.WEAKER, null);
  }
}
