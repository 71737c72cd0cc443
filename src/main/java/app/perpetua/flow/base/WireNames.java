package app.perpetua.flow.base;

import java.util.Arrays;
import java.util.Map;
import java.util.stream.Collectors;

/** The constants of each {@link WireName} enum by wire name, for rows of results. */
final class WireNames {
  static final ClassValue<Map<String, Object>> CONSTANTS =
      new ClassValue<>() {
        @Override
        protected Map<String, Object> computeValue(Class<?> type) {
          return Arrays.stream(type.getEnumConstants())
              .collect(
                  Collectors.toUnmodifiableMap(
                      constant -> ((WireName) constant).wireName(), constant -> constant));
        }
      };

  private WireNames() {}
}
