package app.perpetua.flow.search;

import java.time.Instant;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * An item that a search has found, as defined by the API contract.
 *
 * @param taskId the task of a subtask; null for other types
 * @param title of a note, the beginning of its first line with text
 * @param titleHighlights where words occur in the title, in order and apart from each other
 * @param snippets parts of the description or of the note, which contain words that the title does
 *     not
 * @param hidden of a subtask, whether its task is
 * @param archived of a subtask, whether its task is
 */
record Result(
    ResultType type,
    UUID id,
    @Nullable UUID taskId,
    String title,
    List<Span> titleHighlights,
    List<Snippet> snippets,
    boolean completed,
    boolean hidden,
    boolean archived,
    Instant updatedAt) {}
