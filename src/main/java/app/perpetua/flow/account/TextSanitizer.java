package app.perpetua.flow.account;

/** Foreign text made fit to be stored and logged. */
final class TextSanitizer {
  private TextSanitizer() {}

  /** Without control characters and unpaired surrogates, stripped, at most {@code max} long. */
  static String singleLine(String text, int max) {
    return text.codePoints()
        .filter(c -> !Character.isISOControl(c) && Character.getType(c) != Character.SURROGATE)
        .filter(c -> c != '\u2028' && c != '\u2029')
        .limit(max)
        .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
        .toString()
        .strip();
  }
}
