package app.perpetua.flow.provider.openai;

/**
 * Lets through of a text what UTF-8 and PostgreSQL can hold: neither NUL nor unpaired surrogates. A
 * pair may come in two pieces. Not thread-safe.
 */
final class Storable {
  private String half = "";

  /** What can be passed on by now; half a pair at the end waits for the next piece. */
  String next(String piece) {
    String text = half + piece;
    int end = text.length();
    half = "";
    if (end > 0 && Character.isHighSurrogate(text.charAt(end - 1))) {
      half = text.substring(end - 1);
      end--;
    }
    return text.substring(0, end)
        .codePoints()
        .filter(c -> c != 0 && Character.getType(c) != Character.SURROGATE)
        .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
        .toString();
  }

  /** The same for a text that is whole. */
  static String whole(String text) {
    return new Storable().next(text);
  }
}
