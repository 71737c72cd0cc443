package app.perpetua.flow.sql;

import java.util.UUID;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** The part of a list that a request selects. */
public sealed interface PageRequest {
  /** Maximum number of items, 1 or more. */
  int limit();

  /**
   * A page by number of items (FR-060).
   *
   * @param offset number of items to skip, 0 or more
   */
  record ByOffset(int offset, int limit) implements PageRequest {}

  /**
   * A page that continues after an item (FR-118).
   *
   * @param after null for the first page
   * @param cursors renders the cursor of a position
   */
  record ByCursor(@Nullable Position after, int limit, Function<Position, String> cursors)
      implements PageRequest {}

  /**
   * The place of a row in the order of its list.
   *
   * @param key the value that the list is sorted by, as the server writes it in text, so that no
   *     precision is lost
   * @param id breaks ties
   */
  record Position(String key, UUID id) {
    private static final UUID LOWEST = new UUID(0, 0);
    private static final UUID HIGHEST = new UUID(-1, -1);

    /** Precedes every row of a list in ascending order, whose least key this is. */
    public static Position beforeAscending(String key) {
      return new Position(key, LOWEST);
    }

    /** Precedes every row of a list in descending order, whose greatest key this is. */
    public static Position beforeDescending(String key) {
      return new Position(key, HIGHEST);
    }
  }
}
