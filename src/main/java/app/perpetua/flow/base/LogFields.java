package app.perpetua.flow.base;

import java.util.Arrays;
import java.util.StringJoiner;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/**
 * Structured fields of a log line, passed as a parameter that the message need not contain:
 *
 * <pre>{@code
 * log.log(Level.INFO, "signed in", LogFields.of("request_id", id).with("user_id", userId));
 * }</pre>
 *
 * <p>Immutable.
 */
public final class LogFields {
  private static final LogFields NONE = new LogFields(new Object[0]);

  /** Names and values in turn. */
  private final Object[] members;

  private LogFields(Object[] members) {
    this.members = members;
  }

  /** One field; none if the value is null. */
  public static LogFields of(String name, @Nullable Object value) {
    return NONE.with(name, value);
  }

  /**
   * A copy with one more field, or this if the value is null.
   *
   * @param name in {@code snake_case}; replaces a field of the same name
   * @param value logged as text unless it is a number or a boolean
   */
  public LogFields with(String name, @Nullable Object value) {
    if (value == null) {
      return this;
    }
    int at = 0;
    while (at < members.length && !members[at].equals(name)) {
      at += 2;
    }
    Object[] more = Arrays.copyOf(members, Math.max(members.length, at + 2));
    more[at] = name;
    more[at + 1] = value;
    return new LogFields(more);
  }

  /** Passes each name and value on, in order. */
  public void forEach(BiConsumer<String, Object> consumer) {
    for (int at = 0; at < members.length; at += 2) {
      consumer.accept((String) members[at], members[at + 1]);
    }
  }

  /** As {@code {name=value, …}}. */
  @Override
  public String toString() {
    StringJoiner text = new StringJoiner(", ", "{", "}");
    forEach((name, value) -> text.add(name + "=" + value));
    return text.toString();
  }

  /** The value of a field; null if there is none. */
  public @Nullable Object get(String name) {
    for (int at = 0; at < members.length; at += 2) {
      if (members[at].equals(name)) {
        return members[at + 1];
      }
    }
    return null;
  }
}
