package app.perpetua.flow.base;

import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a log line says in members of its own, so that it can be searched by them. Passed along as a
 * parameter of the message, which need not mention it:
 *
 * <pre>{@code
 * log.log(Level.INFO, "signed in", LogFields.of("request_id", id).with("user_id", userId));
 * }</pre>
 *
 * <p>Immutable.
 *
 * @param members {@code snake_case} names and their values, in order; values that are neither
 *     numbers nor booleans are written as text
 */
public record LogFields(Map<String, Object> members) {
  /** One member; none if the value is null. */
  public static LogFields of(String name, @Nullable Object value) {
    return new LogFields(Map.of()).with(name, value);
  }

  /** The same with one more member, or with none if the value is null. */
  public LogFields with(String name, @Nullable Object value) {
    if (value == null) {
      return this;
    }
    Map<String, Object> more = new LinkedHashMap<>(members);
    more.put(name, value);
    return new LogFields(more);
  }
}
