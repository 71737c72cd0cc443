package app.perpetua.flow.base;

import java.time.ZoneId;
import java.time.zone.ZoneRules;
import java.time.zone.ZoneRulesException;
import java.time.zone.ZoneRulesProvider;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Set;
import java.util.TreeMap;

/**
 * Names of the IANA database that the JDK lacks, each with the rules of the zone to which it links
 * since version 2024b of the database. {@code java.time} finds this provider in {@code
 * META-INF/services}. Immutable.
 */
public final class LinkedTimeZones extends ZoneRulesProvider {
  // java.time is not ready while this class is initialized.
  private static final Map<String, String> LINKS =
      Map.of(
          "EST", "America/Panama",
          "MST", "America/Phoenix",
          "HST", "Pacific/Honolulu",
          "ROC", "Asia/Taipei",
          // A zone of its own, for a computer whose zone is not set; its offset is 0.
          "Factory", "Etc/UTC");

  /** For {@code java.time}. */
  public LinkedTimeZones() {}

  @Override
  protected Set<String> provideZoneIds() {
    return LINKS.keySet();
  }

  @Override
  protected ZoneRules provideRules(String name, boolean forCaching) {
    return ZoneId.of(target(name)).getRules();
  }

  @Override
  protected NavigableMap<String, ZoneRules> provideVersions(String name) {
    return new TreeMap<>(ZoneRulesProvider.getVersions(target(name)));
  }

  private static String target(String name) {
    String target = LINKS.get(name);
    if (target == null) {
      throw new ZoneRulesException("unknown time zone");
    }
    return target;
  }
}
