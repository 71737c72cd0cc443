package app.perpetua.flow.quickadd.parser;

/**
 * A word of a text, without the punctuation around it.
 *
 * @param word in lower case
 * @param begin its first UTF-16 unit in the text
 * @param end the UTF-16 unit after it
 * @param gap what is between it and the token before it
 * @param capital whether it begins in upper case
 */
record Token(String word, int begin, int end, Gap gap, boolean capital) {
  /** What separates two tokens. */
  enum Gap {
    SPACE,
    COMMA,
    /** An exclamation mark and white space. */
    BANG,
    /** Anything else, also the begin of the text: no expression crosses it. */
    OTHER
  }
}
