package app.perpetua.flow.provider.openai;

import org.jspecify.annotations.Nullable;

/**
 * The text of a response. It arrives in deltas and again in full when a part, a message and the
 * response end; some servers leave the deltas out. Each method returns what is new, sanitized;
 * empty if nothing is. A full text that contradicts the deltas adds nothing, because the user may
 * have read them. Not thread-safe.
 */
final class AnswerText {
  private final StringBuilder text = new StringBuilder();
  private TextSanitizer sanitizer = new TextSanitizer();
  private int messageStart;
  private int partStart;
  private @Nullable String completePart;

  String delta(String delta) {
    if (completePart != null) {
      beginPart();
    }
    return append(sanitizer.next(delta));
  }

  /** The full text of a part; the API sends it in two events. */
  String part(String full) {
    String clean = TextSanitizer.whole(full);
    if (clean.equals(completePart)) {
      return "";
    }
    if (completePart != null) {
      beginPart();
    }
    completePart = clean;
    return rest(partStart, clean);
  }

  /** The full text of the current message. */
  String message(String full) {
    return rest(messageStart, TextSanitizer.whole(full));
  }

  /** The full text of all messages. */
  String response(String full) {
    return rest(0, TextSanitizer.whole(full));
  }

  /** Ends the current message and returns its text. */
  String endMessage() {
    String message = text.substring(messageStart);
    messageStart = text.length();
    beginPart();
    return message;
  }

  int length() {
    return text.length();
  }

  private void beginPart() {
    partStart = text.length();
    completePart = null;
  }

  private String rest(int start, String full) {
    String known = text.substring(start);
    if (!full.startsWith(known)) {
      return "";
    }
    // Half of a surrogate pair that a delta left over is part of the full text.
    sanitizer = new TextSanitizer();
    return append(full.substring(known.length()));
  }

  private String append(String more) {
    text.append(more);
    return more;
  }
}
