package app.perpetua.flow.tasks;

import app.perpetua.flow.sql.PageRequest;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Which tasks a list shows, and how; null means any.
 *
 * @param completed done or not
 * @param priority this one
 * @param hidden only hidden ones, or none of them
 * @param archived only archived ones, or none of them
 * @param dueBefore due earlier than this
 * @param dueAfter due at this time or later
 * @param templateId instances of this recurrence
 * @param words each stands somewhere in title or description
 * @param order by what
 * @param descending the largest or latest first
 * @param page the part of the list
 */
public record TaskFilter(
    @Nullable Boolean completed,
    @Nullable Priority priority,
    boolean hidden,
    boolean archived,
    @Nullable Instant dueBefore,
    @Nullable Instant dueAfter,
    @Nullable UUID templateId,
    List<String> words,
    String order,
    boolean descending,
    PageRequest page) {}
