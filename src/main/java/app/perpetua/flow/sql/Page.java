package app.perpetua.flow.sql;

import java.util.List;

/**
 * One page of a list (FR-060).
 *
 * @param total number of items on all pages
 */
public record Page<T>(PageRequest request, List<T> items, int total) {
  /** Whether items follow after this page. */
  public boolean hasMore() {
    return (long) request.offset() + items.size() < total;
  }
}
