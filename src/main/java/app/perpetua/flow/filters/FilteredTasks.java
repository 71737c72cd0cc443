package app.perpetua.flow.filters;

import app.perpetua.flow.base.Json;
import app.perpetua.flow.base.Refusal;
import app.perpetua.flow.filters.Clause.Field;
import app.perpetua.flow.filters.Expression.Reference;
import app.perpetua.flow.filters.Values.Interval;
import app.perpetua.flow.filters.Values.Ranges;
import app.perpetua.flow.sql.PageRequest.Position;
import app.perpetua.flow.sql.Query;
import app.perpetua.flow.sql.Tx;
import java.time.Instant;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Finds the tasks that match a filter (FR-211). Reads at most a bounded number of tasks for a page.
 * Thread-safe.
 */
public final class FilteredTasks {
  private static final Bounds BOUNDS = new Bounds(4_000, 10_000, 500);

  /**
   * Bounds of the work for a page.
   *
   * @param candidates how many tasks indexes may find; if there are more, tasks are examined in
   *     order
   * @param examined how many tasks are examined in order, divided by the number of clauses
   * @param leastExamined how many are examined if there are many clauses
   */
  record Bounds(int candidates, int examined, int leastExamined) {}

  /**
   * An order of tasks.
   *
   * @param column {@code created_at}, {@code updated_at}, {@code due_date} or {@code priority}; the
   *     last three only if {@link Selection#onlyOpen}
   */
  public record Order(String column, boolean descending) {
    private boolean byCreation() {
      return column.equals("created_at");
    }
  }

  /**
   * A page.
   *
   * @param tasks positions of tasks that match, in order
   * @param next the position after which further tasks may match; null if there are none. The page
   *     may have fewer tasks than asked for and a next position, even if it is empty
   */
  public record Found(List<Position> tasks, @Nullable Position next) {}

  private final Json json;
  private final Bounds bounds;

  public FilteredTasks(Json json) {
    this(json, BOUNDS);
  }

  FilteredTasks(Json json, Bounds bounds) {
    this.json = json;
    this.bounds = bounds;
  }

  /**
   * Finds out what a filter means at the transaction's time: the user's time zone, lists and labels
   * of the names in it. It does not match hidden or archived tasks unless it has a condition on
   * that, nor tasks of archived lists that it does not name.
   *
   * @param known whether every name must be one of the user's; otherwise, a condition on another
   *     one matches no task, nor does its negation, so that a list that was renamed does not show
   *     the tasks of {@code list != name}
   * @throws FilterException if the filter has an unknown name, or is too complex
   * @throws Refusal {@code UNAUTHORIZED} if the account was deleted
   */
  public Selection select(Tx tx, Filter filter, boolean known) throws FilterException {
    Terms terms = Terms.of(filter.expression());
    Set<UUID> archived = new HashSet<>();
    Meaning meaning = meaning(tx, terms, archived);
    if (known) {
      requireKnown(Terms.named(terms.lists()), meaning.lists(), "the name of a list");
      requireKnown(Terms.named(terms.labels()), meaning.labels(), "the name of a label");
    }
    List<Expression> parts = new ArrayList<>(List.of(filter.expression()));
    for (Expression.State state : List.of(Expression.State.HIDDEN, Expression.State.ARCHIVED)) {
      if (!terms.states().contains(state)) {
        parts.add(new Expression.Not(new Expression.Is(state)));
      }
    }
    for (Reference list : terms.lists()) {
      switch (list) {
        case Reference.ById(UUID id) -> archived.remove(id);
        case Reference.ByName(String name, _) ->
            archived.removeAll(meaning.lists().getOrDefault(name, Set.of()));
      }
    }
    archived.stream()
        .map(id -> new Expression.Not(new Expression.InList(new Reference.ById(id))))
        .forEach(parts::add);
    return new Selection(Clauses.of(new Expression.All(parts), meaning));
  }

  /**
   * Checks that the user can use a filter.
   *
   * @param field of the request that has the filter
   * @throws Refusal {@code VALIDATION_ERROR} for the field if the filter has an unknown name, or is
   *     too complex
   */
  public void requireUsable(Tx tx, Filter filter, String field) {
    try {
      select(tx, filter, true);
    } catch (FilterException e) {
      throw e.refusal(field);
    }
  }

  /**
   * The filter that the user saved.
   *
   * @return empty if the user has no filter with this id
   * @throws FilterException if the text is not a filter, as of another release
   */
  public Optional<Filter> saved(Tx tx, UUID id) throws FilterException {
    Optional<String> query =
        tx.sql("savedfilters.find_filter").bind("id", id).one(row -> row.text("query"));
    return query.isEmpty() ? Optional.empty() : Optional.of(Filter.parse(query.get()));
  }

  /**
   * Checks that the user can use a saved filter.
   *
   * @param field of the request that has the id
   * @throws Refusal {@code NOT_FOUND} or {@code FORBIDDEN} if the user does not have it; {@code
   *     VALIDATION_ERROR} for the field if the filter can no longer be used
   */
  public void requireUsable(Tx tx, UUID id, String field) {
    try {
      Filter filter =
          saved(tx, id)
              .orElseThrow(() -> tx.missing("savedfilters.find_filter_owner", "filter", id));
      requireUsable(tx, filter, field);
    } catch (FilterException e) {
      throw e.refusal(field);
    }
  }

  /**
   * A page of tasks.
   *
   * @param after null for the first page
   */
  public Found page(Tx tx, Selection selection, Order order, @Nullable Position after, int limit) {
    if (selection.clauses().isEmpty()) {
      return new Found(List.of(), null);
    }
    Position from =
        after != null
            ? after
            : order.descending
                ? Position.beforeDescending("infinity")
                : Position.beforeAscending("-infinity");
    Optional<Found> found =
        Drivers.of(selection.clauses())
            .flatMap(drivers -> candidates(tx, selection, drivers, order, from, limit));
    return found.orElseGet(() -> walk(tx, selection, order, from, limit));
  }

  /** Those of these tasks that match. */
  public Set<UUID> matching(Tx tx, Selection selection, Collection<UUID> ids) {
    return selection.clauses().isEmpty()
        ? Set.of()
        : Set.copyOf(
            tx.sql("filters.select_matching")
                .bind("clauses", clauses(selection))
                .bind("ids", ids)
                .list(row -> row.uuid("id")));
  }

  private static void requireKnown(
      List<Reference.ByName> names, Map<String, Set<UUID>> known, String what)
      throws FilterException {
    for (Reference.ByName reference : names) {
      if (!known.containsKey(reference.name())) {
        throw new FilterException(reference.position(), "expected " + what + " that exists");
      }
    }
  }

  private static Meaning meaning(Tx tx, Terms terms, Set<UUID> archived) {
    Map<String, Set<UUID>> lists = new HashMap<>();
    Map<String, Set<UUID>> labels = new HashMap<>();
    Map<String, Meaning.Folded> words = new HashMap<>();
    List<String> zones = new ArrayList<>();
    tx.sql("filters.find_meaning")
        .bind("lists", names(terms.lists()))
        .bind("labels", names(terms.labels()))
        .bind("words", terms.words().toArray(String[]::new))
        .list(
            row -> {
              String name = row.text("name");
              return switch (row.text("kind")) {
                case "zone" -> zones.add(name);
                case "list" ->
                    lists.computeIfAbsent(name, _ -> new HashSet<>()).add(row.uuid("id"));
                case "label" ->
                    labels.computeIfAbsent(name, _ -> new HashSet<>()).add(row.uuid("id"));
                case "archived_list" -> archived.add(row.uuid("id"));
                default ->
                    words.put(name, new Meaning.Folded(row.text("folded"), row.bool("indexed")))
                        == null;
              };
            });
    if (zones.isEmpty()) {
      throw Refusal.accountDeleted();
    }
    return new Meaning(ZoneId.of(zones.getFirst()), tx.now(), lists, labels, words);
  }

  private static String[] names(List<Reference> references) {
    return Terms.named(references).stream()
        .map(Reference.ByName::name)
        .distinct()
        .toArray(String[]::new);
  }

  /** Empty if indexes find too many tasks. */
  private Optional<Found> candidates(
      Tx tx, Selection selection, Drivers drivers, Order order, Position after, int limit) {
    if (!order.byCreation() && !selection.onlyOpen()) {
      throw new IllegalArgumentException("only open tasks have the order " + order.column);
    }
    Query query =
        tx.sql(
                order.descending
                    ? "filters.list_candidates_descending"
                    : "filters.list_candidates_ascending")
            .bind("clauses", clauses(selection))
            .bind("order", order.column)
            .bind("open", drivers.open())
            .bind("patterns", array(drivers.patterns()))
            .bind("lists", drivers.lists())
            .bind("labels", drivers.labels())
            // Open tasks are limited, and have no other way than this.
            .bind("max", selection.onlyOpen() ? Integer.MAX_VALUE : bounds.candidates);
    query
        .bind("completed_from", from(drivers.completed()))
        .bind("completed_before", before(drivers.completed()))
        .bind("due_from", from(drivers.due()))
        .bind("due_before", before(drivers.due()));
    List<Optional<Position>> rows =
        page(query, after, limit)
            .list(row -> row.isNull("id") ? Optional.empty() : Optional.of(position(row)));
    if (rows.contains(Optional.<Position>empty())) {
      return Optional.empty();
    }
    return Optional.of(found(rows.stream().flatMap(Optional::stream).toList(), limit));
  }

  private Found walk(Tx tx, Selection selection, Order order, Position after, int limit) {
    int budget = Math.max(bounds.leastExamined, bounds.examined / selection.clauses().size());
    Found found =
        found(
            page(
                    walk(
                            tx.sql(
                                order.descending ? "filters.walk_newest" : "filters.walk_oldest"),
                            selection,
                            after,
                            budget)
                        .bind("clauses", clauses(selection)),
                    after,
                    limit)
                .list(FilteredTasks::position),
            limit);
    if (found.next != null) {
      return found;
    }
    Position end =
        walk(
                tx.sql(
                    order.descending
                        ? "filters.find_end_of_walk_newest"
                        : "filters.find_end_of_walk_oldest"),
                selection,
                after,
                budget)
            .one(FilteredTasks::position)
            .orElse(null);
    return new Found(found.tasks, end);
  }

  private static Query walk(Query query, Selection selection, Position after, int budget) {
    List<Clause> clauses = selection.clauses();
    List<Interval> created =
        clauses.stream()
            .map(clause -> clause.values().get(Field.CREATED))
            .map(values -> values == null ? Interval.ALL : Drivers.hull((Ranges) values))
            .toList();
    long from = created.stream().mapToLong(Interval::from).min().orElseThrow();
    long before = created.stream().mapToLong(Interval::before).max().orElseThrow();
    query
        .bind("after_key", after.key())
        .bind("after_id", after.id())
        .bind("shown", !clauses.stream().allMatch(FilteredTasks::isPutAway))
        .bind("put_away", !clauses.stream().allMatch(Drivers::isShown))
        .bind("budget", budget);
    Interval period = new Interval(from, before);
    return query.bind("created_from", from(period)).bind("created_before", before(period));
  }

  private static boolean isPutAway(Clause clause) {
    return Drivers.is(clause, Field.HIDDEN, true) || Drivers.is(clause, Field.ARCHIVED, true);
  }

  /** One more than the page shows whether tasks follow. */
  private static Query page(Query query, Position after, int limit) {
    return query
        .bind("after_key", after.key())
        .bind("after_id", after.id())
        .bind("limit", limit + 1);
  }

  private static Found found(List<Position> tasks, int limit) {
    return tasks.size() <= limit
        ? new Found(tasks, null)
        : new Found(tasks.subList(0, limit), tasks.get(limit - 1));
  }

  private static Position position(app.perpetua.flow.sql.Row row) {
    return new Position(row.text("sort_key"), row.uuid("id"));
  }

  private static @Nullable String from(@Nullable Interval interval) {
    return interval == null ? null : time(interval.from());
  }

  private static @Nullable String before(@Nullable Interval interval) {
    return interval == null ? null : time(interval.before());
  }

  private static String time(long milli) {
    return milli == Long.MIN_VALUE
        ? "-infinity"
        : milli == Long.MAX_VALUE ? "infinity" : Instant.ofEpochMilli(milli).toString();
  }

  private static String @Nullable [] array(@Nullable Set<String> texts) {
    return texts == null ? null : texts.toArray(String[]::new);
  }

  private String clauses(Selection selection) {
    return json.text(selection.clauses().stream().map(ClauseRow::of).toList());
  }
}
