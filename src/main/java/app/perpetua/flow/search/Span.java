package app.perpetua.flow.search;

/**
 * A part of a text, in code points of it.
 *
 * @param start of the first one
 * @param end after the last one
 */
record Span(int start, int end) {}
