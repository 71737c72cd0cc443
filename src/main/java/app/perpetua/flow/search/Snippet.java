package app.perpetua.flow.search;

import java.util.List;

/**
 * A part of a longer text in which words were found.
 *
 * @param highlights where, in {@code text}, in order and apart from each other
 */
record Snippet(String text, List<Span> highlights) {}
