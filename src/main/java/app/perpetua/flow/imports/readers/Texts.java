package app.perpetua.flow.imports.readers;

import app.perpetua.flow.base.Sha256;
import app.perpetua.flow.parsing.UnicodeText;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.regex.Pattern;

/** Fits texts of other programs into the columns that they go into, without losing any of them. */
public final class Texts {
  /** Longest title, in code points. */
  public static final int TITLE = 200;

  /** Longest description, in code points. */
  public static final int LONG_TEXT = 10_000;

  /** Longest name of a list, label or filter, in code points. */
  public static final int NAME = 100;

  /** Longer ones can be stored, but not edited. */
  static final int NOTE = 2_000;

  private static final int MAX_ID = 200;

  private static final Pattern WHITE_SPACE = Pattern.compile("\\s+");

  private static final String UNTITLED = "(no title)";

  private Texts() {}

  /** Without characters that PostgreSQL cannot store: NUL and unpaired surrogates. */
  public static String storable(String text) {
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c == 0 || Character.isSurrogate(c)) {
        return text.codePoints()
            .filter(point -> point != 0 && Character.getType(point) != Character.SURROGATE)
            .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
            .toString();
      }
    }
    return text;
  }

  /** On one line, without white space at both ends; a placeholder if nothing is left. */
  static String title(String text) {
    String line = UnicodeText.trim(WHITE_SPACE.matcher(text).replaceAll(" "));
    return UnicodeText.isBlank(line) ? UNTITLED : line;
  }

  /** Whether a text has at most so many code points. */
  public static boolean fits(String text, int max) {
    return text.length() <= max || text.codePointCount(0, text.length()) <= max;
  }

  /** The beginning of a text that is too long, with an ellipsis; otherwise the text. */
  public static String shortened(String text, int max) {
    return fits(text, max) ? text : text.substring(0, text.offsetByCodePoints(0, max - 1)) + "…";
  }

  /**
   * Splits a text into parts, which together are the text.
   *
   * @param first code points of the first part at most; the others are as long as a note
   */
  static List<String> split(String text, int first) {
    List<String> parts = new ArrayList<>();
    int from = 0;
    int max = first;
    while (text.length() - from > max) {
      int end =
          text.offsetByCodePoints(from, Math.min(max, text.codePointCount(from, text.length())));
      if (end == text.length()) {
        break;
      }
      parts.add(text.substring(from, end));
      from = end;
      max = NOTE;
    }
    parts.add(text.substring(from));
    return parts;
  }

  /** An id that can be stored: a long one is replaced by its hash. */
  static String id(String id) {
    String text = storable(id);
    return text.length() <= MAX_ID && !text.isEmpty() ? text : hash(text);
  }

  static String hash(String text) {
    return "sha256-" + HexFormat.of().formatHex(Sha256.hash(text));
  }
}
