package app.perpetua.flow.recurrence;

import static java.util.Objects.requireNonNullElse;

import app.perpetua.flow.tasks.AllDay;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneId;
import org.jspecify.annotations.Nullable;

/**
 * What a request says about a rule; null leaves it as it is, or to its default.
 *
 * @param startsAt null for the next occurrence after now
 * @param startsOn the first day of a rule for days; null for one for times
 * @param timezone null for the user's time zone
 * @param anchor null for {@link Anchor#SCHEDULE}
 */
public record Timing(
    @Nullable Instant startsAt,
    @Nullable LocalDate startsOn,
    @Nullable String timezone,
    @Nullable Anchor anchor) {
  boolean isGiven() {
    return startsAt != null || startsOn != null || timezone != null || anchor != null;
  }

  @Nullable ZoneId zone() {
    return timezone == null ? null : ZoneId.of(timezone);
  }

  Anchor anchorOr(Anchor other) {
    return requireNonNullElse(anchor, other);
  }

  /** A rule with these values; it starts now if neither is given. */
  Recurrence recurrence(Rrule rule, Instant now, ZoneId defaultZone) {
    ZoneId there = requireNonNullElse(zone(), defaultZone);
    Anchor chosen = anchorOr(Anchor.SCHEDULE);
    return startsOn != null
        ? new Recurrence(rule, AllDay.end(startsOn, there), there, true, chosen)
        : new Recurrence(rule, requireNonNullElse(startsAt, now), there, false, chosen);
  }

  /**
   * A changed rule. A client that does not know {@code starts_on} may repeat the {@code starts_at}
   * that it has read, which keeps a rule for days one.
   */
  Recurrence applyTo(Recurrence old, Rrule rule) {
    ZoneId there = requireNonNullElse(zone(), old.zone());
    Anchor chosen = anchorOr(old.anchor());
    if (startsOn != null) {
      return new Recurrence(rule, AllDay.end(startsOn, there), there, true, chosen);
    }
    if (startsAt != null && !startsAt.equals(old.startsAt())) {
      return new Recurrence(rule, startsAt, there, false, chosen);
    }
    Instant start = old.allDay() ? AllDay.end(old.day(old.startsAt()), there) : old.startsAt();
    return new Recurrence(rule, start, there, old.allDay(), chosen);
  }
}
