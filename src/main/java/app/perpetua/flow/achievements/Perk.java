package app.perpetua.flow.achievements;

import app.perpetua.flow.base.WireName;

/**
 * A permanent increase of a limit by an achievement (FR-044, FR-046).
 *
 * @param type the limit
 * @param value above zero
 */
public record Perk(Type type, int value) {
  public enum Type implements WireName {
    MAX_TASKS,
    MAX_NOTES,
    DAILY_CREDITS
  }

  /** The increase of that limit; 0 if the perk raises another. */
  int of(Type limit) {
    return type == limit ? value : 0;
  }

  /** Such as {@code 15 more open tasks}. */
  String describe() {
    return value
        + switch (type) {
          case MAX_TASKS -> " more open tasks";
          case MAX_NOTES -> " more notes";
          case DAILY_CREDITS -> " more credits a day";
        };
  }
}
