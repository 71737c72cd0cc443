package app.perpetua.flow.provider.openai;

/**
 * Removes what UTF-8 and PostgreSQL cannot store from a text in chunks: NUL and unpaired
 * surrogates. A surrogate pair may span two chunks. Not thread-safe.
 */
final class TextSanitizer {
  private String pendingSurrogate = "";

  /** Sanitizes the next chunk; keeps a trailing high surrogate for the one after it. */
  String next(String chunk) {
    String text = pendingSurrogate + chunk;
    int end = text.length();
    pendingSurrogate = "";
    if (end > 0 && Character.isHighSurrogate(text.charAt(end - 1))) {
      pendingSurrogate = text.substring(end - 1);
      end--;
    }
    return text.substring(0, end)
        .codePoints()
        .filter(c -> c != 0 && Character.getType(c) != Character.SURROGATE)
        .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
        .toString();
  }

  /** Sanitizes a complete text. */
  static String whole(String text) {
    return new TextSanitizer().next(text);
  }
}
