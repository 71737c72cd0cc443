package app.perpetua.flow.quickadd.parser;

import java.time.Instant;
import java.time.ZoneId;
import java.util.function.Predicate;

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
}
