package app.perpetua.flow.command;

import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The options of a command line, from left to right, as {@code --name}, {@code --name value} or
 * {@code --name=value}. Not thread-safe.
 */
public final class Arguments {
  private final Iterator<String> words;
  private String name = "";
  private @Nullable String attached;

  public Arguments(List<String> words) {
    this.words = words.iterator();
  }

  /** An invalid command line; the message names the argument and what is allowed. */
  public static final class Invalid extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public Invalid(String message) {
      super(message, null, false, false);
    }
  }

  /**
   * Whether an option follows.
   *
   * @throws Invalid if the current option has a value that was not read
   */
  public boolean hasNext() {
    if (attached != null) {
      throw new Invalid(name + " takes no value");
    }
    return words.hasNext();
  }

  /** Goes on to the next option, whose name is returned. */
  public String next() {
    String word = words.next();
    int equals = word.startsWith("--") ? word.indexOf('=') : -1;
    name = equals < 0 ? word : word.substring(0, equals);
    attached = equals < 0 ? null : word.substring(equals + 1);
    return name;
  }

  /**
   * The value of the current option.
   *
   * @throws Invalid if it is missing
   */
  public String value() {
    String value = attached;
    attached = null;
    if (value != null) {
      return value;
    }
    if (!words.hasNext()) {
      throw new Invalid(name + " needs a value");
    }
    return words.next();
  }

  /**
   * The value of the current option, a number.
   *
   * @throws Invalid if it is missing, not a whole number, or out of range
   */
  public long number(long min, long max) {
    return number(name, value(), min, max);
  }

  /**
   * The value of the current option, one of several.
   *
   * @param title the text that selects a value
   * @throws Invalid if it is missing or none of them
   */
  public <T> T oneOf(T[] values, Function<T, String> title) {
    String text = value();
    return Arrays.stream(values)
        .filter(value -> title.apply(value).equals(text))
        .findFirst()
        .orElseThrow(
            () ->
                new Invalid(
                    Arrays.stream(values)
                        .map(title)
                        .collect(Collectors.joining(", ", name + " must be one of ", ""))));
  }

  /** An error for the current option, which the command does not have. */
  public Invalid unknown() {
    return new Invalid("unknown argument " + name);
  }

  /**
   * A number that was given as text.
   *
   * @param name of the option or environment variable
   * @throws Invalid if it is not a whole number or out of range
   */
  public static long number(String name, String text, long min, long max) {
    try {
      // Long.parseLong also accepts a plus sign and the digits of other scripts.
      if (text.matches("-?[0-9]+")) {
        long number = Long.parseLong(text);
        if (number >= min && number <= max) {
          return number;
        }
      }
    } catch (NumberFormatException e) {
      // More than 64 bits: reported below.
    }
    String range =
        min == Long.MIN_VALUE && max == Long.MAX_VALUE
            ? "of 64 bits"
            : "from %d to %d".formatted(min, max);
    throw new Invalid("%s must be a whole number %s, not '%s'".formatted(name, range, text));
  }
}
