package app.perpetua.flow.achievements;

import java.util.Locale;

/**
 * What an achievement adds to a limit, for good (FR-044, FR-046).
 *
 * @param type which limit
 * @param value how much, above zero
 */
public record Perk(Type type, int value) {
  /** The limits that perks raise. */
  public enum Type {
    MAX_TASKS,
    MAX_NOTES,
    DAILY_CREDITS;

    /** The contract's word, which is also what is stored. */
    @Override
    public String toString() {
      return name().toLowerCase(Locale.ROOT);
    }

    static Type of(String word) {
      return valueOf(word.toUpperCase(Locale.ROOT));
    }
  }

  /** How much it adds to that limit; 0 if it raises another. */
  int of(Type limit) {
    return type == limit ? value : 0;
  }

  /** Such as {@code 15 more open tasks}. */
  String words() {
    return value
        + switch (type) {
          case MAX_TASKS -> " more open tasks";
          case MAX_NOTES -> " more notes";
          case DAILY_CREDITS -> " more credits a day";
        };
  }
}
