package app.perpetua.flow.recurrence;

import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.util.List;
import java.util.Optional;

/** The service's own parser and search, for {@code ./fuzz}. Stateless; thread-safe. */
public final class RuleProbe {
  /** How far a search reaches from its start. */
  public static final Duration LOOKAHEAD = Recurrence.LOOKAHEAD;

  /** Characters of a rule, at most. */
  public static final int MAX_LENGTH = RruleParser.MAX_LENGTH;

  private RuleProbe() {}

  /** Why the parser refuses a text; empty if it accepts it. */
  public static Optional<String> refusal(String rule) {
    return RruleParser.parse(rule) instanceof Rrule.Parsed.Invalid invalid
        ? Optional.of(invalid.reason())
        : Optional.empty();
  }

  /**
   * The first occurrences within {@link #LOOKAHEAD} of the start.
   *
   * @throws IllegalArgumentException if the parser refuses the rule
   */
  public static List<Instant> occurrences(String rule, Instant start, ZoneId zone, int most) {
    return recurrence(rule, start, zone).upcoming(start, most);
  }

  /** The first occurrence after an instant, at most {@link #LOOKAHEAD} later. */
  public static Optional<Instant> next(String rule, Instant start, ZoneId zone, Instant after) {
    return recurrence(rule, start, zone).next(after);
  }

  /** Why a template with this rule is refused; empty if it is not. */
  public static Optional<String> problem(String rule, Instant start, ZoneId zone) {
    return Optional.ofNullable(recurrence(rule, start, zone).problem());
  }

  /** Its text in English. */
  public static String description(String rule, Instant start, ZoneId zone) {
    return recurrence(rule, start, zone).description();
  }

  private static Recurrence recurrence(String rule, Instant start, ZoneId zone) {
    return switch (RruleParser.parse(rule)) {
      case Rrule.Parsed.Valid valid -> new Recurrence(valid.rule(), start, zone);
      case Rrule.Parsed.Invalid invalid -> throw new IllegalArgumentException(invalid.reason());
    };
  }
}
