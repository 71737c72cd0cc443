package app.perpetua.flow.search;

import app.perpetua.flow.sql.PageRequest;
import java.util.Comparator;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * The place of a result in a search. A group of results has the ids from {@code lower} on and
 * before {@code upper}; within it, results are in the order of their ranks, then newest first.
 *
 * @param upper excluded
 * @param lower included; null if the group is not determined yet
 * @param rank 0 or more
 */
record SearchPosition(UUID upper, @Nullable UUID lower, int rank, UUID id) {
  static final UUID LOWEST = new UUID(0, 0);
  private static final UUID HIGHEST = new UUID(-1, -1);

  /** Before every result. */
  static final SearchPosition FIRST = before(HIGHEST);

  /** As the database orders them: {@code UUID.compareTo} has another order. */
  static final Comparator<UUID> IDS =
      (a, b) -> {
        int high = Long.compareUnsigned(a.getMostSignificantBits(), b.getMostSignificantBits());
        return high != 0
            ? high
            : Long.compareUnsigned(a.getLeastSignificantBits(), b.getLeastSignificantBits());
      };

  /** Before the results whose ids are before this one. */
  static SearchPosition before(UUID upper) {
    return new SearchPosition(upper, null, -1, HIGHEST);
  }

  /** Reads what {@link #position} has written. */
  static SearchPosition of(PageRequest.Position signed) {
    String[] parts = signed.key().split(":", -1);
    return new SearchPosition(
        UUID.fromString(parts[0]),
        parts[1].isEmpty() ? null : UUID.fromString(parts[1]),
        Integer.parseInt(parts[2]),
        signed.id());
  }

  /** The form in which it is signed. */
  PageRequest.Position position() {
    return new PageRequest.Position(upper + ":" + (lower == null ? "" : lower) + ":" + rank, id);
  }
}
