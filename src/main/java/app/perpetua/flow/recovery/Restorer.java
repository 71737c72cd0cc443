package app.perpetua.flow.recovery;

import app.perpetua.flow.base.Refusal;
import app.perpetua.flow.events.Event;
import app.perpetua.flow.sql.Tx;
import java.util.UUID;

/**
 * Restores the deleted entities of one type. The features that delete them implement it, so that
 * this package depends on none of them.
 */
public interface Restorer {
  /**
   * A restored entity.
   *
   * @param entity serialized as the response
   * @param event the event to emit
   */
  record Restored(Object entity, Event event) {}

  /**
   * Restores an entity as it was when it was deleted, regardless of limits (FR-063). The caller
   * holds the owner's lock and removes the tombstone.
   *
   * @param tombstoneId a tombstone of the acting user, of this type of entity
   * @throws Refusal {@code CONFLICT} if the entity's id is in use again
   */
  Restored restore(Tx tx, UUID tombstoneId);
}
