package app.perpetua.flow.recovery;

import java.time.Instant;
import java.util.UUID;

/** The response to a deletion, which can be undone until its tombstone expires. */
public record Tombstone(UUID tombstoneId, Instant recoverableUntil) {}
