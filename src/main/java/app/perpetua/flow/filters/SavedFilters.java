package app.perpetua.flow.filters;

import static java.util.Objects.requireNonNullElse;

import app.perpetua.flow.base.Ids;
import app.perpetua.flow.base.Refusal;
import app.perpetua.flow.events.Event;
import app.perpetua.flow.events.Events;
import app.perpetua.flow.parsing.Positions;
import app.perpetua.flow.sql.Query;
import app.perpetua.flow.sql.Tx;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * The rules of saved filters (FR-213). Methods that write require the owner's lock. Thread-safe.
 *
 * <p>Methods that take an id refuse another user's row with {@code FORBIDDEN} and a missing one
 * with {@code NOT_FOUND}; methods that list refuse a deleted account with {@code UNAUTHORIZED}.
 */
final class SavedFilters {
  private final FilterConfig config;
  private final Ids ids;
  private final Events events;
  private final FilteredTasks filtered;

  SavedFilters(FilterConfig config, Ids ids, Events events, FilteredTasks filtered) {
    this.config = config;
    this.ids = ids;
    this.events = events;
    this.filtered = filtered;
  }

  /** The user's filters by position. */
  List<SavedFilter> list(Tx tx) {
    return tx.sql("savedfilters.list_filters").oneToMany(_ -> true, SavedFilter::of).many();
  }

  SavedFilter get(Tx tx, UUID id) {
    return tx.sql("savedfilters.find_filter")
        .bind("id", id)
        .one(SavedFilter::of)
        .orElseThrow(() -> tx.missing("savedfilters.find_filter_owner", "filter", id));
  }

  /**
   * Stores a filter.
   *
   * @param position null for the last
   * @throws Refusal {@code VALIDATION_ERROR} if the query has an unknown name, or is too complex;
   *     {@code LIMIT_EXCEEDED} if the user has as many filters as the tier allows
   */
  SavedFilter create(Tx tx, String name, Filter query, @Nullable String position) {
    filtered.requireUsable(tx, query, "query");
    int limit = config.max(tx.owner().tier());
    int existing =
        tx.sql("savedfilters.count_filters").one(row -> row.integer("filters")).orElseThrow();
    if (existing >= limit) {
      throw Refusal.limitExceeded("at most " + limit + " filters may exist", limit, existing);
    }
    SavedFilter filter =
        new SavedFilter(
            ids.next(),
            tx.userId(),
            name,
            query.text(),
            position == null ? Positions.of(tx.now()) : position,
            1,
            tx.now(),
            tx.now());
    bind(tx.sql("savedfilters.insert_filter"), filter).atCommit();
    events.emit(tx, new Event.FilterCreated(filter.id()));
    return filter;
  }

  /**
   * Changes a filter. Its version stays if nothing changes.
   *
   * @throws Refusal {@code CONFLICT} if the version is stale; {@code VALIDATION_ERROR} if a new
   *     query has an unknown name, or is too complex
   */
  SavedFilter patch(Tx tx, UUID id, SavedFilter.Patch patch) {
    SavedFilter old = get(tx, id);
    Refusal.checkVersion("filter", patch.version(), old.version());
    SavedFilter changed =
        old.with(
            requireNonNullElse(patch.name(), old.name()),
            patch.query() == null ? old.query() : patch.query().text(),
            requireNonNullElse(patch.position(), old.position()));
    if (changed.equals(old)) {
      return old;
    }
    if (patch.query() != null && !changed.query().equals(old.query())) {
      filtered.requireUsable(tx, patch.query(), "query");
    }
    SavedFilter stored = changed.nextVersion(tx.now());
    bind(tx.sql("savedfilters.store_filter"), stored)
        .bind("version", stored.version())
        .bind("updated_at", stored.updatedAt())
        .atCommit();
    events.emit(tx, new Event.FilterUpdated(id));
    return stored;
  }

  void delete(Tx tx, UUID id) {
    get(tx, id);
    tx.sql("savedfilters.delete_filter").bind("id", id).atCommit();
    events.emit(tx, new Event.FilterDeleted(id));
  }

  private static Query bind(Query statement, SavedFilter filter) {
    return statement
        .bind("id", filter.id())
        .bind("name", filter.name())
        .bind("query", filter.query())
        .bind("position", filter.position());
  }
}
