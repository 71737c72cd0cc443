package app.perpetua.flow.filters;

/**
 * A part of a filter's text.
 *
 * @param text of a quoted text without quotes and escapes
 * @param position code points before it
 */
record Token(Kind kind, String text, int position) {
  /** What a token is. */
  enum Kind {
    /** Letters, digits and underscores: keywords, fields, numbers, periods, simple names. */
    WORD,
    QUOTED,
    /** A date, or an instant of RFC 3339. */
    TIME,
    UUID,
    SYMBOL,
    END
  }

  boolean is(Kind expected, String lowerCase) {
    return kind == expected && text.equals(lowerCase);
  }

  boolean isSymbol(String symbol) {
    return is(Kind.SYMBOL, symbol);
  }
}
