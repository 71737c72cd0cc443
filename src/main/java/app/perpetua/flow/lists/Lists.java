package app.perpetua.flow.lists;

import static java.util.Objects.requireNonNullElse;

import app.perpetua.flow.base.Ids;
import app.perpetua.flow.base.Refusal;
import app.perpetua.flow.events.Event;
import app.perpetua.flow.events.Events;
import app.perpetua.flow.parsing.Positions;
import app.perpetua.flow.sql.Query;
import app.perpetua.flow.sql.Tx;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/**
 * The rules of lists (FR-190). Methods that write require the owner's lock. Thread-safe.
 *
 * <p>Methods that take an id refuse another user's row with {@code FORBIDDEN} and a missing one
 * with {@code NOT_FOUND}; methods that list refuse a deleted account with {@code UNAUTHORIZED}.
 */
final class Lists {
  private final ListConfig config;
  private final Ids ids;
  private final Events events;

  Lists(ListConfig config, Ids ids, Events events) {
    this.config = config;
    this.ids = ids;
    this.events = events;
  }

  /** The lists that are, or are not, archived, in their order. */
  List<TaskList.Counted> list(Tx tx, boolean archived) {
    return tx.sql("lists.list_lists")
        .bind("archived", archived)
        .oneToMany(_ -> true, TaskList.Counted::of)
        .many();
  }

  TaskList.Counted get(Tx tx, UUID id) {
    return tx.sql("lists.find_list")
        .bind("id", id)
        .one(TaskList.Counted::of)
        .orElseThrow(() -> missing(tx, id));
  }

  static Refusal missing(Tx tx, UUID id) {
    return tx.missing("lists.find_list_owner", "list", id);
  }

  /**
   * Creates a list after all others.
   *
   * @throws Refusal {@code LIMIT_EXCEEDED} if the user has as many lists as the tier allows
   */
  TaskList.Counted create(Tx tx, String name) {
    int limit = config.maxLists(tx.owner().tier());
    record Existing(int lists, Neighbours end) {}
    Existing existing =
        tx.sql("lists.find_end")
            .one(
                row ->
                    new Existing(
                        row.integer("lists"), new Neighbours(row.textOrNull("last"), null)))
            .orElseThrow();
    if (existing.lists() >= limit) {
      throw Refusal.limitExceeded("at most " + limit + " lists may exist", limit, existing.lists());
    }
    TaskList list =
        new TaskList(
            ids.next(),
            tx.userId(),
            name,
            position(tx, existing.end()).orElseGet(() -> afterRenumbering(tx)),
            false,
            1,
            tx.now(),
            tx.now());
    bind(tx.sql("lists.insert_list"), list).atCommit();
    events.emit(tx, new Event.ListCreated(list.id()));
    return list.counted(0);
  }

  /**
   * Changes a list. Its version stays if nothing changes.
   *
   * @throws Refusal {@code CONFLICT} if the version is stale
   */
  TaskList.Counted patch(Tx tx, UUID id, TaskList.Patch patch) {
    TaskList.Counted found = get(tx, id);
    TaskList old = found.list();
    Refusal.checkVersion("list", patch.version(), old.version());
    TaskList changed =
        old.with(
            requireNonNullElse(patch.name(), old.name()),
            requireNonNullElse(patch.position(), old.position()),
            requireNonNullElse(patch.archived(), old.archived()));
    return store(tx, old, changed).counted(found.openCount());
  }

  /**
   * Moves a list in the order of the user's lists, archived ones included.
   *
   * @throws Refusal {@code CONFLICT} if the neighbour does not exist; {@code VALIDATION_ERROR} if
   *     it is the list itself
   */
  TaskList.Counted move(Tx tx, UUID id, Destination destination) {
    TaskList.Counted found = get(tx, id);
    if (id.equals(destination.neighbour())) {
      throw Refusal.invalid(
          destination.before() ? "before" : "after", "must not be the list itself");
    }
    Neighbours neighbours = neighbours(tx, id, destination);
    if (neighbours.enclose(found.position())) {
      return found;
    }
    String position =
        position(tx, neighbours)
            .orElseGet(
                () -> {
                  tx.sql("lists.renumber_lists").bind("moved", id).run();
                  return position(tx, neighbours(tx, id, destination)).orElseThrow();
                });
    TaskList old = found.list();
    return store(tx, old, old.with(old.name(), position, old.archived()))
        .counted(found.openCount());
  }

  private static Optional<String> position(Tx tx, Neighbours neighbours) {
    return neighbours.between(Positions.of(tx.now()));
  }

  private static String afterRenumbering(Tx tx) {
    tx.sql("lists.renumber_lists").bind("moved", null).run();
    return tx.sql("lists.find_end")
        .one(row -> new Neighbours(row.textOrNull("last"), null))
        .flatMap(end -> position(tx, end))
        .orElseThrow();
  }

  private static Neighbours neighbours(Tx tx, UUID id, Destination destination) {
    return tx.sql("lists.find_neighbouring_lists")
        .bind("moved", id)
        .bind("neighbour", destination.neighbour())
        .bind("before", destination.before())
        .one(Neighbours::of)
        .orElseThrow(() -> Moves.elsewhere("list"));
  }

  private TaskList store(Tx tx, TaskList old, TaskList changed) {
    if (changed.equals(old)) {
      return old;
    }
    TaskList stored = changed.nextVersion(tx.now());
    bind(tx.sql("lists.store_list"), stored)
        .bind("version", stored.version())
        .bind("updated_at", stored.updatedAt())
        .atCommit();
    events.emit(tx, new Event.ListUpdated(stored.id()));
    return stored;
  }

  private static Query bind(Query statement, TaskList list) {
    return statement
        .bind("id", list.id())
        .bind("name", list.name())
        .bind("position", list.position())
        .bind("archived", list.archived());
  }
}
