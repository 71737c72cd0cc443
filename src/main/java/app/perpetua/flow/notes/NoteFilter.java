package app.perpetua.flow.notes;

import java.util.List;

/**
 * Which notes a list shows.
 *
 * @param archived only archived ones, or none of them
 * @param words each stands somewhere in the content
 * @param offset how many to pass over
 * @param limit how many at most
 */
public record NoteFilter(boolean archived, List<String> words, int offset, int limit) {}
