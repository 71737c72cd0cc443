package app.perpetua.flow.sql;

import java.util.List;

/**
 * One page of a list (FR-060).
 *
 * @param request the part that was selected
 * @param items the items on this page
 * @param total number of items on all pages
 */
public record Page<T>(PageRequest request, List<T> items, int total) {
  /** True if items follow behind this page. */
  public boolean hasMore() {
    return (long) request.offset() + items.size() < total;
  }
}
