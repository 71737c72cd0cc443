package app.perpetua.flow.tasks;

import app.perpetua.flow.sql.Page;
import app.perpetua.flow.sql.PageRequest.Position;
import app.perpetua.flow.sql.Query;
import app.perpetua.flow.sql.Tx;

/** Chooses the statement of a list of tasks (docs/decisions/list-orders.md). */
final class TaskLists {
  private TaskLists() {}

  static Page<Task> list(Tx tx, TaskFilter filter) {
    Query query;
    if (!filter.words().isEmpty()) {
      query = inAnyState(search(tx, filter.order()), filter);
      query.bind("words", filter.words().toArray(String[]::new));
    } else if (filter.hidden() || filter.archived()) {
      query = inAnyState(putAway(tx, filter.order()), filter);
    } else if (Boolean.FALSE.equals(filter.completed())) {
      query = open(tx, filter.order()).bind("filtered", filter.isNarrowed());
    } else {
      query = shown(tx, filter.order()).bind("filtered", filter.isNarrowed());
      query.bind("completed", filter.completed());
    }
    return query
        .bind("priority", filter.priority())
        .bind("due_before", filter.due().before())
        .bind("due_after", filter.due().from())
        .bind("template_id", filter.templateId())
        .page(filter.page(), first(filter), Task::of);
  }

  private static Query inAnyState(Query query, TaskFilter filter) {
    return query
        .bind("order", filter.order().column())
        .bind("hidden", filter.hidden())
        .bind("archived", filter.archived())
        .bind("completed", filter.completed());
  }

  private static Query search(Tx tx, TaskFilter.Order order) {
    return tx.sql(
        order.descending() ? "tasklists.search_descending" : "tasklists.search_ascending");
  }

  private static Query putAway(Tx tx, TaskFilter.Order order) {
    return tx.sql(
        order.descending()
            ? "tasklists.list_put_away_descending"
            : "tasklists.list_put_away_ascending");
  }

  private static Query open(Tx tx, TaskFilter.Order order) {
    if (order.equals(TaskFilter.Order.SOONEST_DUE)) {
      return tx.sql("tasklists.list_open_by_due");
    }
    return tx.sql(
            order.descending()
                ? "tasklists.list_open_descending"
                : "tasklists.list_open_ascending")
        .bind("order", order.column());
  }

  private static Query shown(Tx tx, TaskFilter.Order order) {
    return tx.sql(
        switch (order.column()) {
          case "due_date" ->
              order.descending() ? "tasklists.list_latest_due" : "tasklists.list_soonest_due";
          case "priority" ->
              order.descending()
                  ? "tasklists.list_lowest_priority"
                  : "tasklists.list_highest_priority";
          case "updated_at" ->
              order.descending()
                  ? "tasklists.list_latest_updated"
                  : "tasklists.list_earliest_updated";
          default -> order.descending() ? "tasklists.list_newest" : "tasklists.list_oldest";
        });
  }

  /** Precedes every row: the key of most statements is a time, that of two a small number. */
  private static Position first(TaskFilter filter) {
    boolean byNumber =
        filter.order().column().equals("priority")
            && filter.words().isEmpty()
            && !filter.hidden()
            && !filter.archived()
            && !Boolean.FALSE.equals(filter.completed());
    return filter.order().descending()
        ? Position.beforeDescending(byNumber ? "3" : "infinity")
        : Position.beforeAscending(byNumber ? "-1" : "-infinity");
  }
}
