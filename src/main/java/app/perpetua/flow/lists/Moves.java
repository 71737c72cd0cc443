package app.perpetua.flow.lists;

import app.perpetua.flow.base.ErrorCode;
import app.perpetua.flow.base.Refusal;
import app.perpetua.flow.parsing.Positions;
import app.perpetua.flow.sql.Tx;
import app.perpetua.flow.tasks.Placement;
import app.perpetua.flow.tasks.Task;
import app.perpetua.flow.tasks.Tasks;
import java.util.Objects;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Moves tasks between lists and within them (FR-192). Requires the owner's lock, so that moves of
 * several clients follow one another. Thread-safe.
 */
final class Moves {
  /** Sorts before every position. */
  private static final String BEGINNING = "";

  /** Sorts after every position. */
  private static final String END = "~";

  private static final UUID LOWEST = new UUID(0, 0);
  private static final UUID HIGHEST = new UUID(-1, -1);

  /**
   * A move.
   *
   * @param version the version that the client read; null accepts every version
   * @param setsList whether the task is to be in {@code listId}; otherwise it stays in its list
   * @param listId null for the inbox
   */
  record Move(
      @Nullable Integer version,
      boolean setsList,
      @Nullable UUID listId,
      Destination destination) {}

  private final Tasks tasks;

  Moves(Tasks tasks) {
    this.tasks = tasks;
  }

  /**
   * Moves a task. A neighbour counts where it is now. Changes nothing if the task is there already.
   *
   * @throws Refusal {@code FORBIDDEN}, {@code NOT_FOUND}, {@code ARCHIVED}; {@code CONFLICT} if the
   *     version is stale, or the neighbour is not in the list; {@code VALIDATION_ERROR} if the list
   *     does not exist, or the neighbour is the task itself
   */
  Task move(Tx tx, UUID id, Move move) {
    Task task = tasks.get(tx, id);
    Tasks.checkChangeable(task);
    Refusal.checkVersion("task", move.version(), task.version());
    Placement old = task.fields().placement();
    UUID listId = move.setsList() ? move.listId() : old.listId();
    tasks.checkList(tx, listId);
    Destination destination = move.destination();
    if (id.equals(destination.neighbour())) {
      throw Refusal.invalid(
          destination.before() ? "before" : "after", "must not be the task itself");
    }
    Neighbours neighbours = neighbours(tx, id, listId, destination);
    String position =
        old.position() == null ? Positions.of(task.revision().createdAt()) : old.position();
    if (Objects.equals(listId, old.listId()) && neighbours.enclose(position)) {
      return task;
    }
    String last = Positions.of(tx.now());
    String place =
        neighbours
            .between(last)
            .orElseGet(
                () -> {
                  tx.sql("lists.renumber_tasks")
                      .bind("place", place(listId))
                      .bind("moved", id)
                      .run();
                  return neighbours(tx, id, listId, destination).between(last).orElseThrow();
                });
    return tasks.place(tx, task, listId, place);
  }

  private static Neighbours neighbours(
      Tx tx, UUID id, @Nullable UUID listId, Destination destination) {
    UUID neighbour = destination.neighbour();
    if (neighbour == null) {
      return destination.before()
          ? new Neighbours(null, around(tx, id, listId, BEGINNING, LOWEST).next())
          : new Neighbours(around(tx, id, listId, END, HIGHEST).previous(), null);
    }
    String key =
        tx.sql("lists.find_position")
            .bind("place", place(listId))
            .bind("id", neighbour)
            .one(row -> row.text("key"))
            .orElseThrow(() -> elsewhere("task"));
    Neighbours around = around(tx, id, listId, key, neighbour);
    return destination.before()
        ? new Neighbours(around.previous(), key)
        : new Neighbours(key, around.next());
  }

  private static Neighbours around(
      Tx tx, UUID id, @Nullable UUID listId, String key, UUID neighbour) {
    return tx.sql("lists.find_neighbours")
        .bind("place", place(listId))
        .bind("moved", id)
        .bind("key", key)
        .bind("neighbour", neighbour)
        .one(Neighbours::of)
        .orElseThrow();
  }

  /** What stands for the list in the index of positions. */
  private static UUID place(@Nullable UUID listId) {
    return listId == null ? LOWEST : listId;
  }

  /** The refusal of a neighbour that is not where the client supposes it. */
  static Refusal elsewhere(String noun) {
    return Refusal.of(ErrorCode.CONFLICT, "the neighbouring " + noun + " is not in that list");
  }
}
