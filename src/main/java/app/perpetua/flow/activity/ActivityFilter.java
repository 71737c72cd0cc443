package app.perpetua.flow.activity;

import app.perpetua.flow.sql.Actor;
import app.perpetua.flow.sql.PageRequest;
import java.time.Instant;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Which entries a list shows; null means any.
 *
 * @param entityType of things of this type
 * @param entityId of this thing
 * @param action this one
 * @param source decided by
 * @param since at this time or later
 * @param page the part of the list
 */
public record ActivityFilter(
    @Nullable String entityType,
    @Nullable UUID entityId,
    @Nullable String action,
    Actor.@Nullable Source source,
    @Nullable Instant since,
    PageRequest page) {}
