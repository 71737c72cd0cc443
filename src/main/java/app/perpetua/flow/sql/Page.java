package app.perpetua.flow.sql;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** One page of a list. */
public sealed interface Page<T> {
  List<T> items();

  /**
   * A page by number of items (FR-060).
   *
   * @param total number of items on all pages
   */
  record ByOffset<T>(PageRequest.ByOffset request, List<T> items, int total) implements Page<T> {
    /** Whether items follow after this page. */
    public boolean hasMore() {
      return (long) request.offset() + items.size() < total;
    }
  }

  /**
   * A page that continues after an item (FR-118).
   *
   * @param nextCursor of the following page; null if no items follow
   */
  record ByCursor<T>(int limit, List<T> items, @Nullable String nextCursor) implements Page<T> {}
}
