package app.perpetua.flow.achievements;

import app.perpetua.flow.base.WireName;

/**
 * What an achievement adds to a limit, for good (FR-044, FR-046).
 *
 * @param type which limit
 * @param value how much, above zero
 */
public record Perk(Type type, int value) {
  /** The limits that perks raise. */
  public enum Type implements WireName {
    MAX_TASKS,
    MAX_NOTES,
    DAILY_CREDITS;
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
