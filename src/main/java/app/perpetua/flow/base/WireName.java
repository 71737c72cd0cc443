package app.perpetua.flow.base;

import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Arrays;
import java.util.Locale;

/** An enum whose constants go into JSON, SQL and metrics in lower case. */
public interface WireName {
  /** The constant's name in Java. */
  String name();

  /** The constant's name in the contract, in the database and in metrics. */
  @JsonValue
  default String wireName() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** The wire names of all constants, in their order. */
  static <E extends Enum<E> & WireName> String[] all(Class<E> type) {
    return Arrays.stream(type.getEnumConstants()).map(WireName::wireName).toArray(String[]::new);
  }

  /**
   * The constant of that wire name.
   *
   * @throws IllegalArgumentException if there is none
   */
  static <E extends Enum<E> & WireName> E parse(Class<E> type, String wireName) {
    return Arrays.stream(type.getEnumConstants())
        .filter(constant -> constant.wireName().equals(wireName))
        .findFirst()
        .orElseThrow(() -> new IllegalArgumentException("not a " + type.getSimpleName()));
  }
}
