package app.perpetua.flow.recovery;

import java.time.Duration;

/**
 * How long deletions can be undone (FR-062).
 *
 * @param kept tombstones per user, tasks and notes together; the oldest are dropped
 * @param life how long a tombstone lasts
 */
public record TombstoneConfig(int kept, Duration life) {}
