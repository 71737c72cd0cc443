package app.perpetua.flow.recovery;

import java.time.Instant;
import java.util.UUID;

/**
 * The response to a deletion.
 *
 * @param tombstoneId identifies the deletion to undo
 * @param recoverableUntil when the tombstone expires
 */
public record Tombstone(UUID tombstoneId, Instant recoverableUntil) {}
