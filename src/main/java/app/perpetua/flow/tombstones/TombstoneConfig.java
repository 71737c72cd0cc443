package app.perpetua.flow.tombstones;

import java.time.Duration;

/**
 * How deletions are kept (FR-062).
 *
 * @param kept how many per user can be undone, tasks and notes together
 * @param life for how long
 */
public record TombstoneConfig(int kept, Duration life) {}
