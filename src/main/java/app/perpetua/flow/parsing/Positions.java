package app.perpetua.flow.parsing;

import java.time.Instant;
import java.util.HexFormat;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Positions in an order that clients choose: fractions in digits {@code 0-9}, {@code A-Z}, {@code
 * a-z}, which are compared bytewise, so that there is one between any two.
 */
public final class Positions {
  private static final int MAX_LENGTH = 200;
  private static final Pattern FORMAT = Pattern.compile("[0-9A-Za-z]*[1-9A-Za-z]");
  private static final HexFormat HEX = HexFormat.of();
  private static final int DIGITS = 12;

  private Positions() {}

  /** Reads {@code position} of a body; null without a valid one, of which an error is added. */
  public static @Nullable String read(JsonReader body) {
    String position = body.text("position", 1, MAX_LENGTH);
    if (position != null && !isPosition(position)) {
      body.addError("position", "must be digits 0-9, A-Z and a-z, and not end in 0");
      return null;
    }
    return position;
  }

  /** Whether a text is a position. */
  public static boolean isPosition(String text) {
    return text.length() <= MAX_LENGTH && FORMAT.matcher(text).matches();
  }

  /**
   * The position of what the client has not placed: after what was created before. It is
   * milliseconds as twelve digits, and one more, because a position does not end in 0.
   */
  public static String of(Instant createdAt) {
    return HEX.toHexDigits(createdAt.toEpochMilli(), DIGITS) + 'V';
  }
}
