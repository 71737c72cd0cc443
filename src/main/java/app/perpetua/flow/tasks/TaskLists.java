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
      query = search(tx, filter).bind("words", filter.words().toArray(String[]::new));
    } else if (filter.hidden() || filter.archived()) {
      query = putAway(tx, filter);
    } else if (filter.order().column().equals(TaskFilter.Order.POSITION)) {
      query = byPosition(tx, filter);
    } else if (Boolean.FALSE.equals(filter.completed())) {
      query = open(tx, filter);
    } else {
      query = shown(tx, filter);
    }
    return query.page(filter.page(), first(filter), Task::of);
  }

  private static Query search(Tx tx, TaskFilter filter) {
    return inAnyState(
        tx.sql(
            filter.order().descending()
                ? "tasklists.search_descending"
                : "tasklists.search_ascending"),
        filter);
  }

  private static Query putAway(Tx tx, TaskFilter filter) {
    return inAnyState(
        tx.sql(
            filter.order().descending()
                ? "tasklists.list_put_away_descending"
                : "tasklists.list_put_away_ascending"),
        filter);
  }

  private static Query byPosition(Tx tx, TaskFilter filter) {
    Query query =
        filter.completed() == null
            ? tx.sql("tasklists.list_all_by_position")
            : tx.sql("tasklists.list_by_position").bind("completed", filter.completed());
    return narrowed(query, filter).bind("filtered", filter.isNarrowedInList());
  }

  private static Query open(Tx tx, TaskFilter filter) {
    TaskFilter.Order order = filter.order();
    if (order.equals(TaskFilter.Order.SOONEST_DUE)) {
      return filter.isNarrowed()
          ? countedNarrowed(tx.sql("tasklists.list_open_by_due_narrowed"), filter)
          : tx.sql("tasklists.list_open_by_due");
    }
    return countedNarrowed(
        tx.sql(
                order.descending()
                    ? "tasklists.list_open_descending"
                    : "tasklists.list_open_ascending")
            .bind("order", order.column()),
        filter);
  }

  private static Query shown(Tx tx, TaskFilter filter) {
    TaskFilter.Order order = filter.order();
    boolean byCreation = order.column().equals("created_at");
    if (byCreation && filter.completed() == null && !filter.isNarrowed()) {
      return tx.sql(order.descending() ? "tasklists.list_newest" : "tasklists.list_oldest");
    }
    return countedNarrowed(
        tx.sql(
                switch (order.column()) {
                  case "due_date" ->
                      order.descending()
                          ? "tasklists.list_latest_due"
                          : "tasklists.list_soonest_due";
                  case "priority" ->
                      order.descending()
                          ? "tasklists.list_lowest_priority"
                          : "tasklists.list_highest_priority";
                  case "updated_at" ->
                      order.descending()
                          ? "tasklists.list_latest_updated"
                          : "tasklists.list_earliest_updated";
                  default ->
                      order.descending()
                          ? "tasklists.list_newest_narrowed"
                          : "tasklists.list_oldest_narrowed";
                })
            .bind("completed", filter.completed()),
        filter);
  }

  private static Query inAnyState(Query query, TaskFilter filter) {
    return narrowed(query, filter)
        .bind("order", filter.order().column())
        .bind("hidden", filter.hidden())
        .bind("archived", filter.archived())
        .bind("completed", filter.completed());
  }

  private static Query countedNarrowed(Query query, TaskFilter filter) {
    return narrowed(query, filter).bind("filtered", filter.isNarrowed());
  }

  private static Query narrowed(Query query, TaskFilter filter) {
    return query
        .bind("priority", filter.priority())
        .bind("due_before", filter.due().before())
        .bind("due_after", filter.due().from())
        .bind("template_id", filter.templateId())
        .bind("list_id", filter.place().listId())
        .bind("label_id", filter.place().labelId());
  }

  /** Precedes every row: the key of most statements is a time, of two a number, of two a text. */
  private static Position first(TaskFilter filter) {
    if (filter.order().column().equals(TaskFilter.Order.POSITION)) {
      return Position.beforeAscending("");
    }
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
