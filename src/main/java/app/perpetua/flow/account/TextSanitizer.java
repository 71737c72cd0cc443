package app.perpetua.flow.account;

/** Sanitizes text of clients and providers so that it can be stored and logged. */
final class TextSanitizer {
  private TextSanitizer() {}

  /**
   * Removes control characters, line separators and unpaired surrogates, and trims white space.
   *
   * @param max code points
   */
  static String singleLine(String text, int max) {
    int[] clean =
        text.codePoints()
            .filter(c -> !Character.isISOControl(c) && Character.getType(c) != Character.SURROGATE)
            .filter(c -> c != '\u2028' && c != '\u2029')
            .toArray();
    int start = 0;
    while (start < clean.length && isSpace(clean[start])) {
      start++;
    }
    int end = Math.min(clean.length, start + max);
    while (end > start && isSpace(clean[end - 1])) {
      end--;
    }
    return new String(clean, start, end - start);
  }

  /** True for a text that shows nothing: only white space, marks and ignorable characters. */
  static boolean isInvisible(String text) {
    return text.codePoints().noneMatch(TextSanitizer::isVisible);
  }

  private static boolean isSpace(int c) {
    return Character.isWhitespace(c) || Character.isSpaceChar(c);
  }

  private static boolean isVisible(int c) {
    return switch (Character.getType(c)) {
      case Character.CONTROL,
          Character.FORMAT,
          Character.SURROGATE,
          Character.SPACE_SEPARATOR,
          Character.LINE_SEPARATOR,
          Character.PARAGRAPH_SEPARATOR,
          Character.NON_SPACING_MARK,
          Character.COMBINING_SPACING_MARK,
          Character.ENCLOSING_MARK ->
          false;
      default ->
          // Hangul fillers and the empty braille pattern are letters and a symbol without a glyph.
          c != 0x115F && c != 0x1160 && c != 0x3164 && c != 0xFFA0 && c != 0x2800;
    };
  }
}
