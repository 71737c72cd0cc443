package app.perpetua.flow.base;

import java.time.ZoneId;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The time zone names of the IANA database, links included: those of the JDK, which follow the
 * database, {@link LinkedTimeZones} included. {@link ZoneId#of} accepts each. Immutable.
 */
public final class TimeZoneNames {
  /** {@link ZoneId#of} reads them as an offset, and returns GMT. */
  private static final Set<String> OFFSETS = Set.of("GMT+0", "GMT-0");

  /** Zones of the JDK that the IANA database gave up. */
  private static final String NOT_IANA = "SystemV/";

  private static final Set<String> ALL =
      Stream.of(ZoneId.getAvailableZoneIds(), OFFSETS)
          .flatMap(Set::stream)
          .filter(name -> !name.startsWith(NOT_IANA))
          .collect(Collectors.toUnmodifiableSet());

  private TimeZoneNames() {}

  /** Whether this is a name of the database, in its spelling. */
  public static boolean contains(String name) {
    return ALL.contains(name);
  }
}
