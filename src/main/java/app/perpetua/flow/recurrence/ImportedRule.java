package app.perpetua.flow.recurrence;

import app.perpetua.flow.base.TimeZoneNames;
import java.time.Instant;
import java.time.ZoneId;
import org.jspecify.annotations.Nullable;

/** What a rule of another program means here. */
public sealed interface ImportedRule {
  /**
   * A rule that a template can have.
   *
   * @param rrule in the form in which rules are stored
   * @param next the first occurrence after the start and after {@code now}; null if there is none
   */
  record Usable(String rrule, @Nullable Instant next) implements ImportedRule {}

  /**
   * A rule that a template cannot have.
   *
   * @param reason completes "the rule …"
   */
  record Unusable(String reason) implements ImportedRule {}

  /**
   * Checks a rule that counts from its start.
   *
   * @param rrule as in a calendar file (RFC 5545), with or without {@code RRULE:}
   */
  static ImportedRule of(String rrule, Instant startsAt, ZoneId zone, Instant now) {
    return of(rrule, false, startsAt, false, zone, now);
  }

  /**
   * Checks a rule.
   *
   * @param rrule as in a calendar file (RFC 5545), with or without {@code RRULE:}
   * @param afterCompletion whether it counts from completions
   * @param allDay whether occurrences are days; {@code startsAt} is then the end of one
   */
  static ImportedRule of(
      String rrule,
      boolean afterCompletion,
      Instant startsAt,
      boolean allDay,
      ZoneId zone,
      Instant now) {
    return switch (RruleParser.parse(rrule)) {
      case Rrule.Parsed.Invalid(String reason) -> new Unusable(reason);
      case Rrule.Parsed.Valid(Rrule rule) -> {
        Recurrence recurrence =
            new Recurrence(
                rule,
                startsAt,
                zone,
                allDay,
                afterCompletion ? Anchor.COMPLETION : Anchor.SCHEDULE);
        String problem = recurrence.problem();
        yield problem == null
            ? new Usable(rule.text(), recurrence.next(Template.later(startsAt, now)).orElse(null))
            : new Unusable(problem);
      }
    };
  }

  /** The first occurrence from a time on; that time if the rule is unusable. */
  static Instant first(String rrule, Instant from, ZoneId zone) {
    return RruleParser.parse(rrule) instanceof Rrule.Parsed.Valid(Rrule rule)
        ? new Recurrence(rule, from, zone).first().orElse(from)
        : from;
  }

  /**
   * Why a stored template cannot be restored; null if it can.
   *
   * @param timezone an IANA name
   */
  static @Nullable String problem(String rrule, String timezone) {
    if (!TimeZoneNames.contains(timezone)) {
      return "timezone must be an IANA time zone";
    }
    return RruleParser.parse(rrule) instanceof Rrule.Parsed.Invalid(String reason)
        ? "rrule " + reason
        : null;
  }
}
