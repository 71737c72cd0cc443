package app.perpetua.flow.base;

import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Arrays;
import java.util.Locale;

/** An enum whose constants are written in lower case in JSON, SQL and metrics. */
public interface WireName {
  String name();

  @JsonValue
  default String wireName() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** The wire names of all constants, in the order of declaration. */
  static <E extends Enum<E> & WireName> String[] all(Class<E> type) {
    return Arrays.stream(type.getEnumConstants()).map(WireName::wireName).toArray(String[]::new);
  }

  /**
   * Returns the constant with this wire name.
   *
   * @throws IllegalArgumentException if there is none
   */
  static <E extends Enum<E> & WireName> E parse(Class<E> type, String wireName) {
    Object constant = WireNames.CONSTANTS.get(type).get(wireName);
    if (constant == null) {
      throw new IllegalArgumentException("not a " + type.getSimpleName());
    }
    return type.cast(constant);
  }
}
