package app.perpetua.flow.quickadd.parser;

import app.perpetua.flow.parsing.UnicodeText;

/**
 * The title that remains of a text. White space before a removed part is removed as well if white
 * space, the end or closing punctuation follows that part; white space after it is, if nothing
 * precedes the part. Used once, by one thread.
 */
final class TitleText {
  private final String text;
  private final StringBuilder title = new StringBuilder();
  private int at;

  TitleText(String text) {
    this.text = text;
  }

  /**
   * Removes a part after all parts removed before.
   *
   * @param spaced whether white space around it is removed as well
   */
  void remove(int begin, int end, boolean spaced) {
    title.append(text, at, begin);
    at = end;
    if (!spaced) {
      return;
    }
    if (end == text.length()
        || UnicodeText.isWhiteSpace(text.charAt(end))
        || TextScanner.isClosing(text.charAt(end))) {
      while (!title.isEmpty() && UnicodeText.isWhiteSpace(title.charAt(title.length() - 1))) {
        title.setLength(title.length() - 1);
      }
    }
    if (title.isEmpty()) {
      while (at < text.length() && UnicodeText.isWhiteSpace(text.charAt(at))) {
        at++;
      }
    }
  }

  /** What is left, without white space at its ends. */
  String rest() {
    return UnicodeText.trim(title.append(text, at, text.length()).toString());
  }
}
