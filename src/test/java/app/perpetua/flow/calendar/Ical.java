package app.perpetua.flow.calendar;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.time.zone.ZoneRules;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.TreeMap;
import net.fortuna.ical4j.data.CalendarBuilder;
import net.fortuna.ical4j.data.ParserException;
import net.fortuna.ical4j.model.Calendar;
import net.fortuna.ical4j.model.Component;
import net.fortuna.ical4j.model.Period;
import net.fortuna.ical4j.model.Property;
import net.fortuna.ical4j.model.TimeZone;
import net.fortuna.ical4j.model.TimeZoneRegistry;
import net.fortuna.ical4j.model.TimeZoneRegistryImpl;
import net.fortuna.ical4j.model.component.CalendarComponent;
import net.fortuna.ical4j.model.component.Observance;
import net.fortuna.ical4j.model.component.VTimeZone;
import net.fortuna.ical4j.model.property.DtStart;
import net.fortuna.ical4j.model.property.RRule;
import net.fortuna.ical4j.model.property.TzOffsetFrom;
import net.fortuna.ical4j.model.property.TzOffsetTo;

/**
 * A calendar as ical4j reads it, which shares no code with the library that wrote it. What ical4j
 * makes of a {@code VTIMEZONE} is wrong: it takes the local times of its rules for UTC. So
 * recurrences are computed with the zones of {@code java.time}, and {@link #offset} follows the
 * definition.
 */
final class Ical {
  /** Delegates, except for zones. */
  private record Zones(TimeZoneRegistry ical4j) implements TimeZoneRegistry {
    @Override
    public void register(TimeZone timezone) {
      ical4j.register(timezone);
    }

    @Override
    public void register(TimeZone timezone, boolean update) {
      ical4j.register(timezone, update);
    }

    @Override
    public void clear() {
      ical4j.clear();
    }

    @Override
    public TimeZone getTimeZone(String id) {
      return ical4j.getTimeZone(id);
    }

    @Override
    public Map<String, ZoneRules> getZoneRules() {
      return ical4j.getZoneRules();
    }

    @Override
    public ZoneId getZoneId(String id) {
      return ZoneId.of(id);
    }

    @Override
    public String getTzId(String id) {
      return id;
    }
  }

  private final Calendar calendar;

  private Ical(Calendar calendar) {
    this.calendar = calendar;
  }

  /** Fails unless the calendar is valid and has lines of at most 75 octets that end with CRLF. */
  static Ical read(byte[] bytes) {
    String text = new String(bytes, StandardCharsets.UTF_8);
    for (String line : text.split("\r\n", -1)) {
      if (line.getBytes(StandardCharsets.UTF_8).length > 75
          || line.contains("\r")
          || line.contains("\n")) {
        throw new AssertionError("invalid line: " + line);
      }
    }
    try {
      Calendar calendar =
          new CalendarBuilder(new Zones(new TimeZoneRegistryImpl()))
              .build(new ByteArrayInputStream(bytes));
      // The whole calendar is valid without an organizer, whom iTIP requires of what it publishes.
      for (CalendarComponent component : calendar.<CalendarComponent>getComponents()) {
        if (component.validate().hasErrors()) {
          throw new AssertionError(component.validate() + "\n" + text);
        }
      }
      return new Ical(calendar);
    } catch (IOException | ParserException e) {
      throw new AssertionError(text, e);
    }
  }

  List<CalendarComponent> components(String name) {
    return calendar.getComponents(name);
  }

  /** The component with this UID. */
  CalendarComponent component(String uid) {
    return calendar.getComponents().stream()
        .filter(component -> value(component, Property.UID).equals(Optional.of(uid)))
        .map(CalendarComponent.class::cast)
        .reduce(
            (one, other) -> {
              throw new AssertionError("twice: " + uid);
            })
        .orElseThrow(() -> new AssertionError("no " + uid + " in\n" + calendar));
  }

  List<String> uids() {
    return calendar.getComponents().stream()
        .flatMap(component -> value(component, Property.UID).stream())
        .sorted()
        .toList();
  }

  Optional<String> value(String property) {
    return calendar.getProperty(property).map(Property::getValue);
  }

  static Optional<String> value(Component component, String property) {
    return component.getProperty(property).map(Property::getValue);
  }

  /** The offset of the calendar's only time zone: that of the latest onset (section 3.6.5). */
  ZoneOffset offset(Instant at) {
    VTimeZone zone = (VTimeZone) components(Component.VTIMEZONE).getFirst();
    NavigableMap<Instant, ZoneOffset> onsets = new TreeMap<>();
    for (Observance observance : zone.getObservances()) {
      LocalDateTime start =
          observance.<DtStart<LocalDateTime>>getRequiredProperty(Property.DTSTART).getDate();
      ZoneOffset from =
          observance.<TzOffsetFrom>getRequiredProperty(Property.TZOFFSETFROM).getOffset();
      ZoneOffset to = observance.<TzOffsetTo>getRequiredProperty(Property.TZOFFSETTO).getOffset();
      onsets.put(start.toInstant(from), to);
      observance
          .<RRule<LocalDateTime>>getProperty(Property.RRULE)
          .ifPresent(
              rule ->
                  rule.getRecur()
                      .getDates(start, start, start.plusYears(20))
                      .forEach(onset -> onsets.put(onset.toInstant(from), to)));
    }
    return onsets.floorEntry(at).getValue();
  }

  /**
   * The starts of a component's instances before {@code end}, earliest first. A local time that
   * occurs twice is the first one (section 3.3.5); ical4j keeps the offset from which it counts.
   */
  static List<Instant> starts(Component component, Instant begin, Instant end) {
    return component
        .calculateRecurrenceSet(
            new Period<>(begin.atZone(ZoneOffset.UTC), end.atZone(ZoneOffset.UTC)))
        .stream()
        .map(Period::getStart)
        .map(
            start ->
                start instanceof ZonedDateTime local
                    ? local.withEarlierOffsetAtOverlap().toInstant()
                    : Instant.from(start))
        .distinct()
        .sorted()
        .toList();
  }
}
