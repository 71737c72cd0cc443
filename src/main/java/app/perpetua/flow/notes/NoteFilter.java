package app.perpetua.flow.notes;

import app.perpetua.flow.sql.PageRequest;
import java.util.List;

/**
 * Filter and page of a list of notes.
 *
 * @param archived whether to return archived notes only, or none of them
 * @param words substrings of the content, all of which must occur
 */
record NoteFilter(boolean archived, List<String> words, PageRequest page) {}
