package app.perpetua.flow.quickadd.parser;

import app.perpetua.flow.recurrence.Anchor;
import java.time.LocalDate;
import java.time.LocalTime;
import org.jspecify.annotations.Nullable;

/**
 * A recurrence.
 *
 * @param rrule a rule that a template can have
 * @param start the first occurrence
 * @param time of each occurrence, in the user's zone; null if they are all-day
 */
public record Repeat(String rrule, Anchor anchor, LocalDate start, @Nullable LocalTime time) {}
