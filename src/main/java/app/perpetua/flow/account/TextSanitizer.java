package app.perpetua.flow.account;

import app.perpetua.flow.parsing.UnicodeText;

/** Sanitizes text of clients and providers so that it can be stored and logged. */
final class TextSanitizer {
  private TextSanitizer() {}

  /**
   * Removes control characters, line separators and unpaired surrogates.
   *
   * @param max code points
   */
  static String singleLine(String text, int max) {
    String line =
        text.codePoints()
            .filter(c -> !Character.isISOControl(c) && Character.getType(c) != Character.SURROGATE)
            .filter(c -> c != '\u2028' && c != '\u2029')
            .limit(max)
            .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
            .toString();
    return UnicodeText.trim(line);
  }
}
