package app.perpetua.flow.filters;

import java.time.Instant;
import java.time.ZoneId;
import java.util.Map;
import java.util.Set;
import java.util.UUID;

/**
 * What the words of a filter mean for its user at a time.
 *
 * @param lists the lists of each name in the filter; several may have one name
 * @param labels likewise
 * @param words as the database compares them, of each word in the filter
 */
record Meaning(
    ZoneId zone,
    Instant now,
    Map<String, Set<UUID>> lists,
    Map<String, Set<UUID>> labels,
    Map<String, Folded> words) {
  /**
   * A word as the database compares it.
   *
   * @param indexed whether it has three letters or digits in a row, which an index of trigrams
   *     needs
   */
  record Folded(String text, boolean indexed) {}
}
