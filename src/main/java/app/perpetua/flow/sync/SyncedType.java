package app.perpetua.flow.sync;

import app.perpetua.flow.sql.Row;
import app.perpetua.flow.sql.Tx;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Reads the acting user's entities of one type for clients that keep a copy of them (FR-142).
 * Thread-safe.
 *
 * @param name as the triggers of migration V26 record it
 * @param byIds reads those of these ids that exist
 * @param after reads the entities that follow an id
 */
public record SyncedType(String name, ByIds byIds, After after) {
  /**
   * An entity in its present state.
   *
   * @param id the user's id for an entity that a user has one of
   * @param version null if entities of its type have none
   * @param data as the API shows it
   */
  public record Entity(UUID id, @Nullable Integer version, Object data) {}

  /** Reads entities by their ids; any order, without those that do not exist. */
  @FunctionalInterface
  public interface ByIds {
    List<Entity> read(Tx tx, Collection<UUID> ids);
  }

  /** Reads the first {@code limit} entities with greater ids, in the order of their ids. */
  @FunctionalInterface
  public interface After {
    List<Entity> read(Tx tx, UUID id, int limit);
  }

  /**
   * A type whose entities are rows.
   *
   * @param byIds name of a statement that takes {@code :ids}
   * @param after name of a statement that takes {@code :after} and {@code :limit}
   */
  public static SyncedType ofRows(
      String name, String byIds, String after, Function<Row, Entity> mapper) {
    return new SyncedType(
        name,
        (tx, ids) -> tx.sql(byIds).bind("ids", ids).list(mapper),
        (tx, id, limit) -> tx.sql(after).bind("after", id).bind("limit", limit).list(mapper));
  }

  /** A type of which a user has at most one entity at a time. */
  public static SyncedType ofOne(String name, Function<Tx, Optional<Entity>> read) {
    return new SyncedType(
        name,
        (tx, ids) -> read.apply(tx).filter(entity -> ids.contains(entity.id())).stream().toList(),
        (tx, id, _) -> read.apply(tx).filter(entity -> follows(entity.id(), id)).stream().toList());
  }

  /** A type of which every user has one entity, with the user's id. */
  public static SyncedType ofUser(String name, Function<Tx, Object> read) {
    return ofOne(name, tx -> Optional.of(new Entity(tx.userId(), null, read.apply(tx))));
  }

  /** As PostgreSQL orders them: by their bytes. */
  private static boolean follows(UUID id, UUID other) {
    int high = Long.compareUnsigned(id.getMostSignificantBits(), other.getMostSignificantBits());
    return high > 0
        || (high == 0
            && Long.compareUnsigned(id.getLeastSignificantBits(), other.getLeastSignificantBits())
                > 0);
  }
}
