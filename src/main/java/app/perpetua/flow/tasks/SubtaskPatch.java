package app.perpetua.flow.tasks;

import org.jspecify.annotations.Nullable;

/**
 * A partial update of a subtask; null keeps the old value.
 *
 * @param version the version that the client read; null accepts every version
 * @param title 1 to 200 characters
 * @param orderIndex the new position, from 0
 */
public record SubtaskPatch(
    @Nullable Integer version,
    @Nullable String title,
    @Nullable Boolean completed,
    @Nullable Integer orderIndex) {}
