package app.perpetua.flow.activity;

import app.perpetua.flow.sql.Actor;
import app.perpetua.flow.sql.PageRequest;
import java.time.Instant;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Selects entries of the log, {@code since} inclusive; null matches any. */
record ActivityFilter(
    @Nullable String entityType,
    @Nullable UUID entityId,
    @Nullable String action,
    Actor.@Nullable Source source,
    @Nullable Instant since,
    PageRequest page) {}
