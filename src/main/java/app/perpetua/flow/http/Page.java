package app.perpetua.flow.http;

import app.perpetua.flow.base.Fault;
import java.util.List;

/**
 * Which part of a list is asked for (FR-060).
 *
 * @param offset how many items to pass over, 0 or more
 * @param limit how many items at most, 1 to 100
 */
public record Page(int offset, int limit) {
  private static final int DEFAULT_LIMIT = 25;
  private static final int MAX_LIMIT = 100;

  /**
   * A part of a list.
   *
   * @param items the page's items
   * @param total how many there are in all
   */
  public record Slice<T>(List<T> items, int total) {}

  /** The contract's {@code pagination} object. */
  public record Pagination(int offset, int limit, int total, boolean hasMore) {}

  /** Reads {@code offset} and {@code limit}, noting what is out of bounds. */
  static Page of(Query query) {
    int offset = query.integer("offset", 0, 0, Integer.MAX_VALUE);
    int limit = query.integer("limit", DEFAULT_LIMIT, 1, MAX_LIMIT);
    return new Page(offset, limit);
  }

  Pagination of(Slice<?> slice) {
    return new Pagination(
        offset, limit, slice.total(), (long) offset + slice.items().size() < slice.total());
  }

  static Fault outside(String name, int min, int max) {
    return new Fault(
        name,
        max == Integer.MAX_VALUE
            ? "must be a whole number of at least " + min
            : "must be a whole number from " + min + " to " + max);
  }
}
