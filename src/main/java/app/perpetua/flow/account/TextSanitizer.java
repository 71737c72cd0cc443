package app.perpetua.flow.account;

import app.perpetua.flow.parsing.UnicodeText;
import java.util.function.IntPredicate;

/** Sanitizes text of clients and providers so that it can be stored and logged. */
final class TextSanitizer {
  private TextSanitizer() {}

  /**
   * Removes control characters, line separators and unpaired surrogates, and trims white space.
   *
   * @param max code points
   */
  static String singleLine(String text, int max) {
    String clean =
        UnicodeText.trim(
            kept(text, c -> !isLineControl(c) && Character.getType(c) != Character.SURROGATE));
    int length = Math.min(max, clean.codePointCount(0, clean.length()));
    return UnicodeText.trim(clean.substring(0, clean.offsetByCodePoints(0, length)));
  }

  /** False for a text with control characters or line separators. */
  static boolean isSingleLine(String text) {
    return text.codePoints().noneMatch(TextSanitizer::isLineControl);
  }

  private static boolean isLineControl(int c) {
    return Character.isISOControl(c) || c == '\u2028' || c == '\u2029';
  }

  /** True for a text that shows nothing, or only marks without a letter. */
  static boolean isInvisible(String text) {
    return UnicodeText.isBlank(kept(text, c -> !isMark(c)));
  }

  private static boolean isMark(int c) {
    return switch (Character.getType(c)) {
      case Character.NON_SPACING_MARK, Character.COMBINING_SPACING_MARK, Character.ENCLOSING_MARK ->
          true;
      default -> false;
    };
  }

  private static String kept(String text, IntPredicate condition) {
    return text.codePoints()
        .filter(condition)
        .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
        .toString();
  }
}
