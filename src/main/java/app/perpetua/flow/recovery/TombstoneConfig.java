package app.perpetua.flow.recovery;

import java.time.Duration;

/**
 * How long deletions can be undone (FR-062).
 *
 * @param max tombstones per user, of tasks and notes together; the oldest are dropped
 * @param lifetime time after which a tombstone expires
 */
public record TombstoneConfig(int max, Duration lifetime) {}
