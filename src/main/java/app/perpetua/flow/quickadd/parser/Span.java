package app.perpetua.flow.quickadd.parser;

import app.perpetua.flow.base.WireName;

/**
 * A part of a text that was understood, and is not in the title.
 *
 * @param start its first code point in the text, from 0
 * @param end the code point after it
 * @param text the part as it was written
 * @param value what it means: the name of a list or label, a priority, a due date or time in ISO
 *     8601, a rule of RFC 5545, a duration before the due date or a local time of a reminder; empty
 *     for an escape
 */
public record Span(int start, int end, Kind kind, String text, String value) {
  /** What a part determines. */
  public enum Kind implements WireName {
    LIST,
    LABEL,
    PRIORITY,
    DUE,
    /** The day until which the task is hidden. */
    START,
    RECURRENCE,
    REMINDER,
    /** A backslash, by which what follows it stays in the title. */
    ESCAPE
  }
}
