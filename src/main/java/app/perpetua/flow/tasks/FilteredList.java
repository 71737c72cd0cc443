package app.perpetua.flow.tasks;

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
