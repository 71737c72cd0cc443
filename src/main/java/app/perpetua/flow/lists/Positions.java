package app.perpetua.flow.lists;

import org.jspecify.annotations.Nullable;

/**
 * Computes positions: fractions between 0 and 1, of which the digits after the point are {@code
 * 0-9}, {@code A-Z}, {@code a-z} and the last is not 0. So positions are ordered bytewise, and
 * between any two there is a third.
 */
final class Positions {
  /** Digits of the longest position that is stored. */
  static final int MAX_LENGTH = 200;

  private static final String DIGITS =
      "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
  private static final int BASE = DIGITS.length();

  /** Of a position by creation, the digits that are milliseconds. */
  private static final int TIME_DIGITS = 12;

  /** The middle digit. */
  private static final char MIDDLE = 'V';

  private Positions() {}

  /**
   * A position after the last one. It has no more digits than one by creation, unless all of those
   * are used up.
   */
  static String after(String last) {
    String next = step(last, 1);
    return next == null ? between(last, null) : next;
  }

  /** A position before the first one, as {@link #after}. */
  static String before(String first) {
    String previous = step(first, -1);
    return previous == null ? between(null, first) : previous;
  }

  /**
   * A position between two, about in the middle. It has at most one digit more than the longer of
   * them.
   *
   * @param low null for the lower end
   * @param high greater than {@code low}; null for the upper end
   */
  static String between(@Nullable String low, @Nullable String high) {
    String least = low == null ? "" : low;
    if (high != null && least.compareTo(high) >= 0) {
      throw new IllegalArgumentException(least + " is not before " + high);
    }
    int same = 0;
    while (high != null && same < high.length() && digit(least, same) == digit(high, same)) {
      same++;
    }
    String prefix = high == null ? "" : high.substring(0, same);
    int floor = digit(least, same);
    int ceiling = high == null ? BASE : digit(high, same);
    if (ceiling - floor > 1) {
      return prefix + DIGITS.charAt((floor + ceiling) / 2);
    }
    if (high != null && high.length() > same + 1) {
      return high.substring(0, same + 1);
    }
    StringBuilder position = new StringBuilder(prefix).append(DIGITS.charAt(floor));
    int place = same + 1;
    while (digit(least, place) == BASE - 1) {
      position.append(DIGITS.charAt(BASE - 1));
      place++;
    }
    return position.append(DIGITS.charAt((digit(least, place) + BASE) / 2)).toString();
  }

  private static int digit(String position, int place) {
    return place < position.length() ? DIGITS.indexOf(position.charAt(place)) : 0;
  }

  /**
   * The position whose leading digits are by one greater or less; null if there is none.
   *
   * @param change 1 or -1
   */
  private static @Nullable String step(String position, int change) {
    char[] digits = new char[TIME_DIGITS];
    int carry = change;
    for (int place = TIME_DIGITS - 1; place >= 0; place--) {
      int value = digit(position, place) + carry;
      carry = Math.floorDiv(value, BASE);
      digits[place] = DIGITS.charAt(Math.floorMod(value, BASE));
    }
    return carry == 0 ? new String(digits) + MIDDLE : null;
  }
}
