package app.perpetua.flow.quickadd.parser;

import app.perpetua.flow.parsing.UnicodeText;
import java.time.Instant;
import java.time.ZoneId;
import java.util.List;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Reads a task from a text in words (FR-205). Stateless; thread-safe.
 *
 * <p>Every text has a result: what is not understood is in the title.
 */
public final class QuickParser {
  private static final String LANGUAGE = "en";

  private final Vocabulary vocabulary;

  /** Loads the vocabulary. */
  public QuickParser() {
    this.vocabulary = Vocabulary.load(LANGUAGE);
  }

  /**
   * Reads a text.
   *
   * @param zone in which its dates and times are
   * @param isList whether a list with a name exists; the names of others stay in the title
   */
  public QuickText parse(String text, Instant now, ZoneId zone, Predicate<String> isList) {
    return new Reading(text, new CandidateReader(text, vocabulary, now, zone), now, zone)
        .read(isList);
  }

  /**
   * Reads a recurrence; null if the text is none as a whole.
   *
   * @param zone in which its dates and times are
   */
  public @Nullable Repeat recurrence(String text, Instant now, ZoneId zone) {
    CandidateReader reader = new CandidateReader(text, vocabulary, now, zone);
    List<Candidate> candidates = reader.candidates();
    if (candidates.isEmpty()) {
      return null;
    }
    Candidate first = candidates.getFirst();
    boolean whole = first.end() - first.begin() == UnicodeText.trim(text).length();
    return whole && first.meaning() instanceof Candidate.Meaning.Repeats(RepeatPattern pattern)
        ? pattern.resolve(now, zone)
        : null;
  }
}
