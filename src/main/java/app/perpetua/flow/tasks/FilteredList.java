package app.perpetua.flow.tasks;

import app.perpetua.flow.base.Refusal;
import app.perpetua.flow.filters.Filter;
import app.perpetua.flow.filters.FilterException;
import app.perpetua.flow.filters.FilteredTasks;
import app.perpetua.flow.sql.Page;
import app.perpetua.flow.sql.PageRequest;
import app.perpetua.flow.sql.PageRequest.Position;
import app.perpetua.flow.sql.Tx;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * The list of the tasks that match a filter (FR-211), by cursor. Finds ids first, then reads the
 * rows of the page. Thread-safe.
 */
final class FilteredList {
  private final FilteredTasks filtered;

  FilteredList(FilteredTasks filtered) {
    this.filtered = filtered;
  }

  /**
   * A page of the tasks of a saved filter, as {@link #page} for the filter itself.
   *
   * @throws Refusal {@code VALIDATION_ERROR} if the user has no filter with this id
   * @throws FilterException as {@link #page} does
   */
  Page<Task> saved(Tx tx, UUID id, TaskFilter.Order order, PageRequest.ByCursor page)
      throws FilterException {
    Filter filter =
        filtered
            .saved(tx, id)
            .orElseThrow(
                () -> Refusal.invalid("filter_id", "must be the id of a filter of the user"));
    requireOrder(filter, order);
    return page(tx, filter, order, page);
  }

  /**
   * Refuses an order that no index serves.
   *
   * @throws Refusal {@code VALIDATION_ERROR} if it is that of a list, and unless it is by creation
   *     or the filter is {@link Filter#onlyOpen}
   */
  static void requireOrder(Filter filter, TaskFilter.Order order) {
    if (order.column().equals(TaskFilter.Order.POSITION)
        || (!order.column().equals("created_at") && !filter.onlyOpen())) {
      throw Refusal.invalid(
          "sort",
          "must not be position, and must be created_at or -created_at unless the filter has open"
              + " tasks only: completed = false and …, with no condition on hidden and archived");
    }
  }

  /**
   * A page, which may have fewer tasks than its limit and a next cursor nevertheless.
   *
   * @param order by creation, unless the filter is {@link Filter#onlyOpen}
   * @throws FilterException if the filter has an unknown name, or is too complex
   */
  Page<Task> page(Tx tx, Filter filter, TaskFilter.Order order, PageRequest.ByCursor page)
      throws FilterException {
    FilteredTasks.Found found =
        filtered.page(
            tx,
            filtered.select(tx, filter, true),
            new FilteredTasks.Order(order.column(), order.descending()),
            page.after(),
            page.limit());
    List<UUID> ids = found.tasks().stream().map(Position::id).toList();
    Map<UUID, Task> tasks =
        ids.isEmpty()
            ? Map.of()
            : tx.sql("tasks.find_by_ids").bind("ids", ids).list(Task::of).stream()
                .collect(Collectors.toMap(Task::id, Function.identity()));
    return new Page.ByCursor<>(
        page.limit(),
        // A task that was deleted in between is left out.
        ids.stream().filter(tasks::containsKey).map(tasks::get).toList(),
        found.next() == null ? null : page.cursors().apply(found.next()));
  }
}
