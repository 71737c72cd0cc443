package app.perpetua.flow.tasks;

import app.perpetua.flow.achievements.Achievements;
import app.perpetua.flow.base.Refusal;
import app.perpetua.flow.filters.Filter;
import app.perpetua.flow.filters.FilterException;
import app.perpetua.flow.http.Reply;
import app.perpetua.flow.http.Request;
import app.perpetua.flow.http.SearchWork;
import app.perpetua.flow.parsing.JsonReader;
import app.perpetua.flow.parsing.QueryParameters;
import app.perpetua.flow.sql.PageRequest;
import app.perpetua.flow.sql.Tx;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import java.util.function.Function;
import java.util.stream.Stream;

/** Endpoints of tasks. */
final class TaskRoutes {
  /** Ten years; the limit of due dates is usually nearer. */
  private static final int MAX_DAYS = 3_650;

  private static final String[] SORTS = {
    "created_at",
    "-created_at",
    "due_date",
    "-due_date",
    "priority",
    "-priority",
    "updated_at",
    "-updated_at",
    TaskFilter.Order.POSITION
  };

  private final Tasks tasks;
  private final TaskMoves moves;
  private final Achievements achievements;
  private final TaskForm form;
  private final FilteredList filtered;

  TaskRoutes(
      Tasks tasks,
      TaskMoves moves,
      Achievements achievements,
      TaskForm form,
      FilteredList filtered) {
    this.tasks = tasks;
    this.moves = moves;
    this.achievements = achievements;
    this.form = form;
    this.filtered = filtered;
  }

  /** GET /tasks. */
  Function<Tx, Reply> list(Request request) {
    QueryParameters query = request.query();
    if (query.has("filter")) {
      return filtered(query);
    }
    if (query.has("filter_id")) {
      return saved(query);
    }
    TaskFilter filter =
        new TaskFilter(
            query.bool("completed"),
            query.oneOf("priority", Priority.class),
            query.flag("hidden"),
            query.flag("archived"),
            new TaskFilter.DueRange(query.instant("due_after"), query.instant("due_before")),
            query.uuid("template_id"),
            new TaskFilter.Place(
                query.uuidOr("list_id", "inbox", TaskFilter.Place.INBOX), query.uuid("label_id")),
            query.words("q", TaskForm.TITLE),
            TaskFilter.Order.parse(query.choice("sort", SORTS)),
            query.pageOrCursor());
    query.validate();
    if (filter.order().column().equals(TaskFilter.Order.POSITION) && !filter.hasPositions()) {
      throw Refusal.invalid(
          "sort", "position requires list_id and excludes q, hidden and archived");
    }
    Function<Tx, Reply> list = tx -> Reply.page(tasks.list(tx, filter));
    return filter.words().isEmpty() ? list : new SearchWork(list);
  }

  /** GET /tasks with {@code filter}, which says all that other parameters can. */
  private Function<Tx, Reply> filtered(QueryParameters query) {
    String text = query.text("filter", Filter.MAX_LENGTH);
    TaskFilter.Order order = TaskFilter.Order.parse(query.choice("sort", SORTS));
    PageRequest.ByCursor page = query.pageByCursor();
    query.validate();
    Filter filter = Filter.of(text == null ? "" : text, "filter");
    FilteredList.requireOrder(filter, order);
    Function<Tx, Reply> list =
        tx -> {
          try {
            return Reply.page(filtered.page(tx, filter, order, page));
          } catch (FilterException e) {
            throw e.refusal("filter");
          }
        };
    // Open tasks are few; others may be years of tasks.
    return filter.onlyOpen() ? list : new SearchWork(list);
  }

  /** GET /tasks with {@code filter_id}; what it costs is not known before the filter is read. */
  private Function<Tx, Reply> saved(QueryParameters query) {
    UUID id = query.uuid("filter_id");
    TaskFilter.Order order = TaskFilter.Order.parse(query.choice("sort", SORTS));
    PageRequest.ByCursor page = query.pageByCursor();
    query.validate();
    return new SearchWork(
        tx -> {
          try {
            return Reply.page(filtered.saved(tx, Objects.requireNonNull(id), order, page));
          } catch (FilterException e) {
            throw e.refusal("filter_id");
          }
        });
  }

  /** GET /tasks/{id}. */
  Function<Tx, Reply> show(Request request) {
    UUID id = request.pathId("id");
    return tx -> Reply.ok(tasks.rendered(tx, id));
  }

  /** POST /tasks. */
  Function<Tx, Reply> create(Request request) {
    JsonReader body = request.body();
    TaskDraft draft = form.draft(body, request.now());
    body.validate();
    return tx -> {
      body.checkTime();
      return Reply.created(tasks.create(tx, Objects.requireNonNull(draft)));
    };
  }

  /** PATCH and PUT /tasks/{id}. */
  Function<Tx, Reply> patch(Request request) {
    UUID id = request.pathId("id");
    JsonReader body = request.body();
    TaskPatch patch = form.patch(body);
    body.validate();
    return tx -> {
      Tasks.Changed changed = tasks.patch(tx, id, patch);
      return Reply.data(
          200,
          changed.task(),
          changed.completedNow()
              ? Map.of("unlocked_achievements", achievements.unlocked(tx))
              : Map.of());
    };
  }

  /** POST /tasks/{id}/force-complete. */
  Function<Tx, Reply> forceComplete(Request request) {
    UUID id = request.pathId("id");
    JsonReader body = request.body().required("version");
    Integer version = body.version();
    body.validate();
    return tx -> {
      Task task = tasks.forceComplete(tx, id, Objects.requireNonNull(version));
      return Reply.ok(new Forced(task, achievements.unlocked(tx), achievements.streak(tx)));
    };
  }

  /** POST /tasks/{id}/skip. */
  Function<Tx, Reply> skip(Request request) {
    UUID id = request.pathId("id");
    JsonReader body = request.body().notNull("version");
    Integer version = body.version();
    body.validate();
    return tx -> Reply.ok(moves.skip(tx, id, version));
  }

  /** POST /tasks/{id}/postpone. */
  Function<Tx, Reply> postpone(Request request) {
    UUID id = request.pathId("id");
    JsonReader body = request.body().notNull("version", "due_date", "due_on", "days");
    TaskMoves.Postponement to =
        new TaskMoves.Postponement(
            body.version(),
            body.instant("due_date"),
            body.date("due_on"),
            body.integer("days", 1, MAX_DAYS));
    if (Stream.of("due_date", "due_on", "days").filter(body::has).count() != 1) {
      body.addError("days", "must be present if and only if due_date and due_on are absent");
    }
    body.validate();
    return tx -> Reply.ok(moves.postpone(tx, id, to));
  }

  /** DELETE /tasks/{id}. */
  Function<Tx, Reply> delete(Request request) {
    UUID id = request.pathId("id");
    return tx -> Reply.ok(tasks.delete(tx, id));
  }

  private record Forced(Task task, List<Achievements.Unlocked> unlockedAchievements, int streak) {}
}
