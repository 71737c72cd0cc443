package app.perpetua.flow.quickadd.parser;

import app.perpetua.flow.tasks.Priority;
import java.time.LocalDate;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a text means. Immutable.
 *
 * @param title what was not understood, without white space at its ends; may be empty
 * @param spans what was understood, in the order of the text; they do not overlap
 * @param list a name; null for the inbox
 * @param labels up to 10 names, of which no two are equal when folded
 * @param priority null if the text names none
 * @param due null if the text names none; the first occurrence if the task recurs
 * @param startOn null if the text names no day until which to hide the task
 * @param repeat null if the task does not recur
 * @param reminders up to 5, all different; none without a due date
 */
public record QuickText(
    String title,
    List<Span> spans,
    @Nullable String list,
    List<String> labels,
    @Nullable Priority priority,
    @Nullable Due due,
    @Nullable LocalDate startOn,
    @Nullable Repeat repeat,
    List<RemindAt> reminders) {}
