package app.perpetua.flow.notes;

import app.perpetua.flow.sql.PageRequest;
import java.util.List;

/**
 * Which notes a list shows.
 *
 * @param archived only archived ones, or none of them
 * @param words each stands somewhere in the content
 * @param page the part of the list
 */
public record NoteFilter(boolean archived, List<String> words, PageRequest page) {}
