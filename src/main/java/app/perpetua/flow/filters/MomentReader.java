package app.perpetua.flow.filters;

import app.perpetua.flow.filters.Expression.Moment;
import app.perpetua.flow.filters.Expression.Unit;
import app.perpetua.flow.parsing.InstantFormat;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Reads the days and instants that times are compared with. */
final class MomentReader {
  private static final Pattern PERIOD = Pattern.compile("([0-9]{1,3})([hdwm])");

  private final Tokens tokens;

  MomentReader(Tokens tokens) {
    this.tokens = tokens;
  }

  /** Null, with nothing read, if there is no time. */
  @Nullable Moment read(Token token) throws FilterException {
    if (token.kind() == Token.Kind.TIME) {
      tokens.skip();
      return time(token);
    }
    if (token.kind() != Token.Kind.WORD) {
      return null;
    }
    return switch (Tokens.lowerCase(token.text())) {
      case "yesterday" -> day(-1);
      case "tomorrow" -> day(1);
      case "today" -> {
        Period period = period(false);
        yield new Moment.Today(period.amount, period.unit);
      }
      case "now" -> {
        Period period = period(true);
        yield new Moment.Now(period.amount, period.unit);
      }
      default -> null;
    };
  }

  private Moment day(int amount) {
    tokens.skip();
    return new Moment.Today(amount, Unit.DAYS);
  }

  private record Period(int amount, Unit unit) {}

  private Period period(boolean hours) throws FilterException {
    tokens.skip();
    boolean plus = tokens.accept("+");
    if (!plus && !tokens.accept("-")) {
      return new Period(0, Unit.DAYS);
    }
    Token token = tokens.peek();
    Matcher matcher = PERIOD.matcher(Tokens.lowerCase(token.text()));
    if (token.kind() != Token.Kind.WORD
        || !matcher.matches()
        || (!hours && matcher.group(2).equals("h"))) {
      throw tokens.expected(
          hours
              ? "hours, days, weeks or months such as 36h, 7d, 2w or 1m"
              : "days, weeks or months such as 7d, 2w or 1m");
    }
    tokens.skip();
    int amount = Integer.parseInt(matcher.group(1));
    return new Period(
        plus ? amount : -amount,
        switch (matcher.group(2)) {
          case "h" -> Unit.HOURS;
          case "d" -> Unit.DAYS;
          case "w" -> Unit.WEEKS;
          default -> Unit.MONTHS;
        });
  }

  private static Moment time(Token token) throws FilterException {
    Instant instant = InstantFormat.parse(token.text());
    if (instant != null) {
      return new Moment.At(instant);
    }
    try {
      LocalDate date = LocalDate.parse(token.text());
      if (date.getYear() > 0) {
        return new Moment.Day(date);
      }
    } catch (DateTimeException e) {
      // Falls through to the error, which says more of the language.
    }
    throw new FilterException(
        token.position(),
        "expected a date such as 2026-01-19 or an instant such as 2026-01-19T10:30:00Z, in the"
            + " years 0001 to 9999");
  }
}
