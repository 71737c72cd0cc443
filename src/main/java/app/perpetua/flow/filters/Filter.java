package app.perpetua.flow.filters;

/**
 * A filter of tasks that has been parsed (FR-210). Immutable.
 *
 * @param text as the client wrote it
 */
public record Filter(String text, Expression expression) {
  /** Longest text, in code points. */
  public static final int MAX_LENGTH = 1_000;

  /**
   * Parses a filter.
   *
   * @throws FilterException with position and expectation if the text is not a filter
   */
  public static Filter parse(String text) throws FilterException {
    if (text.codePointCount(0, text.length()) > MAX_LENGTH) {
      throw new FilterException(MAX_LENGTH, "expected at most " + MAX_LENGTH + " characters");
    }
    return new Filter(text, Parser.parse(text));
  }
}
