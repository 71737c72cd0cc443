package app.perpetua.flow.base;

import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Structured fields of a log line, passed as a parameter that the message need not contain:
 *
 * <pre>{@code
 * log.log(Level.INFO, "signed in", LogFields.of("request_id", id).with("user_id", userId));
 * }</pre>
 *
 * <p>Immutable.
 *
 * @param members values by {@code snake_case} name, in order; values that are neither numbers nor
 *     booleans are logged as text
 */
public record LogFields(Map<String, Object> members) {
  /** One field; none if the value is null. */
  public static LogFields of(String name, @Nullable Object value) {
    return new LogFields(Map.of()).with(name, value);
  }

  /** A copy with one more field, or this if the value is null. */
  public LogFields with(String name, @Nullable Object value) {
    if (value == null) {
      return this;
    }
    Map<String, Object> more = new LinkedHashMap<>(members);
    more.put(name, value);
    return new LogFields(more);
  }
}
