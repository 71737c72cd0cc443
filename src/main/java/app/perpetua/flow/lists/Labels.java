package app.perpetua.flow.lists;

import static java.util.Objects.requireNonNullElse;

import app.perpetua.flow.base.ErrorCode;
import app.perpetua.flow.base.Ids;
import app.perpetua.flow.base.Refusal;
import app.perpetua.flow.events.Event;
import app.perpetua.flow.events.Events;
import app.perpetua.flow.sql.Query;
import app.perpetua.flow.sql.Tx;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * The rules of labels (FR-194). Methods that write require the owner's lock. Thread-safe.
 *
 * <p>Methods that take an id refuse another user's row with {@code FORBIDDEN} and a missing one
 * with {@code NOT_FOUND}; methods that list refuse a deleted account with {@code UNAUTHORIZED}.
 */
public final class Labels {
  private final ListConfig config;
  private final Ids ids;
  private final Events events;

  Labels(ListConfig config, Ids ids, Events events) {
    this.config = config;
    this.ids = ids;
    this.events = events;
  }

  /** The user's labels by name. */
  List<Label> list(Tx tx) {
    return tx.sql("lists.list_labels").oneToMany(_ -> true, Label::of).many();
  }

  Label get(Tx tx, UUID id) {
    return tx.sql("lists.find_label")
        .bind("id", id)
        .one(Label::of)
        .orElseThrow(() -> tx.missing("lists.find_label_owner", "label", id));
  }

  /**
   * Creates a label.
   *
   * @throws Refusal {@code CONFLICT} if the name is that of another label; {@code LIMIT_EXCEEDED}
   *     if the user has as many labels as the tier allows
   */
  Label create(Tx tx, String name, @Nullable String colour) {
    checkName(tx, name, null);
    Label label =
        prepare(tx, List.of(name))
            .getFirst()
            .with(name, requireNonNullElse(colour, Label.DEFAULT_COLOUR));
    insert(tx, label);
    return label;
  }

  /**
   * Makes labels that {@link #insert} stores.
   *
   * @param names of no labels of the user
   * @throws Refusal {@code LIMIT_EXCEEDED} if the user would have more labels than the tier allows
   */
  public List<Label> prepare(Tx tx, List<String> names) {
    if (names.isEmpty()) {
      return List.of();
    }
    int limit = config.maxLabels(tx.owner().tier());
    int existing = tx.sql("lists.count_labels").one(row -> row.integer("labels")).orElseThrow();
    if (existing + names.size() > limit) {
      throw Refusal.limitExceeded("at most " + limit + " labels may exist", limit, existing);
    }
    return names.stream()
        .map(
            name ->
                new Label(
                    ids.next(), tx.userId(), name, Label.DEFAULT_COLOUR, 1, tx.now(), tx.now()))
        .toList();
  }

  /** Stores a new label at the commit. */
  public void insert(Tx tx, Label label) {
    bind(tx.sql("lists.insert_label"), label).atCommit();
    events.emit(tx, new Event.LabelCreated(label.id()));
  }

  /**
   * Changes a label. Its version stays if nothing changes.
   *
   * @throws Refusal {@code CONFLICT} if the version is stale, or the name is that of another label
   */
  Label patch(Tx tx, UUID id, Label.Patch patch) {
    Label old = get(tx, id);
    Refusal.checkVersion("label", patch.version(), old.version());
    Label changed =
        old.with(
            requireNonNullElse(patch.name(), old.name()),
            requireNonNullElse(patch.colour(), old.colour()));
    if (changed.equals(old)) {
      return old;
    }
    if (!changed.name().equals(old.name())) {
      checkName(tx, changed.name(), id);
    }
    Label stored = changed.nextVersion(tx.now());
    bind(tx.sql("lists.store_label"), stored)
        .bind("version", stored.version())
        .bind("updated_at", stored.updatedAt())
        .atCommit();
    events.emit(tx, new Event.LabelUpdated(id));
    return stored;
  }

  /** Deletes a label; tasks and templates lose it. */
  void delete(Tx tx, UUID id) {
    get(tx, id);
    tx.sql("lists.delete_label").bind("id", id).atCommit();
    events.emit(tx, new Event.LabelDeleted(id));
  }

  private static void checkName(Tx tx, String name, @Nullable UUID id) {
    tx.sql("lists.find_label_of_name")
        .bind("name", name)
        .bind("id", id)
        .one(row -> row.text("name"))
        .ifPresent(
            taken -> {
              throw Refusal.of(ErrorCode.CONFLICT, "a label with the name " + taken + " exists");
            });
  }

  private static Query bind(Query statement, Label label) {
    return statement
        .bind("id", label.id())
        .bind("name", label.name())
        .bind("colour", label.colour());
  }
}
