package app.perpetua.flow.parsing;

import java.util.ArrayList;
import java.util.List;

/**
 * White space and visibility of text by the properties of Unicode (UAX #44), where {@code
 * String.strip} and {@code isBlank} know only Java's white space: without no-break spaces and
 * characters that have no glyph.
 */
public final class UnicodeText {
  private UnicodeText() {}

  /** Without white space at both ends. Format characters stay, as emoji and scripts need them. */
  public static String trim(String text) {
    int begin = 0;
    int end = text.length();
    // No white space is outside of the basic plane.
    while (begin < end && isWhiteSpace(text.charAt(begin))) {
      begin++;
    }
    while (end > begin && isWhiteSpace(text.charAt(end - 1))) {
      end--;
    }
    return text.substring(begin, end);
  }

  /** Whether no character can be seen; true of the empty text. */
  public static boolean isBlank(String text) {
    return text.codePoints().allMatch(UnicodeText::isInvisible);
  }

  /** The parts between white space, in order, without those that are blank. */
  public static List<String> words(String text) {
    List<String> words = new ArrayList<>();
    int begin = 0;
    for (int i = 0; i <= text.length(); i++) {
      if (i == text.length() || isWhiteSpace(text.charAt(i))) {
        String word = text.substring(begin, i);
        if (!isBlank(word)) {
          words.add(word);
        }
        begin = i + 1;
      }
    }
    return words;
  }

  /** Unicode's property White_Space. */
  public static boolean isWhiteSpace(int c) {
    return (c >= '\t' && c <= '\r') || c == 0x85 || Character.isSpaceChar(c);
  }

  private static boolean isInvisible(int c) {
    return switch (Character.getType(c)) {
      case Character.CONTROL,
          Character.SPACE_SEPARATOR,
          Character.LINE_SEPARATOR,
          Character.PARAGRAPH_SEPARATOR ->
          true;
      case Character.FORMAT -> !isPrepended(c);
      default -> isIgnorable(c) || c == 0x2800 || c == 0x1d159;
    };
  }

  /** Prepended_Concatenation_Mark: signs that enclose the digits after them, and are visible. */
  private static boolean isPrepended(int c) {
    return (c >= 0x600 && c <= 0x605)
        || c == 0x6dd
        || c == 0x70f
        || c == 0x890
        || c == 0x891
        || c == 0x8e2
        || c == 0x110bd
        || c == 0x110cd;
  }

  /** Default_Ignorable_Code_Point, except those that are format characters. */
  private static boolean isIgnorable(int c) {
    return c == 0x34f
        || c == 0x115f
        || c == 0x1160
        || (c >= 0x17b4 && c <= 0x17b5)
        || (c >= 0x180b && c <= 0x180f)
        || c == 0x2065
        || c == 0x3164
        || (c >= 0xfe00 && c <= 0xfe0f)
        || c == 0xffa0
        || (c >= 0xfff0 && c <= 0xfff8)
        || (c >= 0xe0000 && c <= 0xe0fff);
  }
}
