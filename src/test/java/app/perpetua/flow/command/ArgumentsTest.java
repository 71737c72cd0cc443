package app.perpetua.flow.command;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.math.RoundingMode;
import java.util.List;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ArgumentsTest {
  @Test
  void a_value_follows_its_option_or_an_equals_sign() {
    Arguments arguments =
        new Arguments(List.of("--jvm", "-Da=b --c=d", "--jvm=-Da=b", "--jvm=", "--fresh"));
    assertEquals("--jvm", arguments.next());
    assertEquals("-Da=b --c=d", arguments.value());
    assertEquals("--jvm", arguments.next());
    assertEquals("-Da=b", arguments.value());
    assertEquals("--jvm", arguments.next());
    assertEquals("", arguments.value());
    assertEquals("--fresh", arguments.next());
    assertFalse(arguments.hasNext());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          -7                   | -9223372036854775808 | 9223372036854775807
          9223372036854775807  | -9223372036854775808 | 9223372036854775807
          1                    | 1                    | 3
          3                    | 1                    | 3
          """)
  void a_number_within_its_range_is_read(String text, long min, long max) {
    long number = option("--n " + text, it -> it.number(min, max));
    assertEquals(Long.parseLong(text), number);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          --n 0    | --n must be a whole number from 1 to 3, not '0'
          --n 4    | --n must be a whole number from 1 to 3, not '4'
          --n +2   | --n must be a whole number from 1 to 3, not '+2'
          --n ٢    | --n must be a whole number from 1 to 3, not '٢'
          --n=1.5  | --n must be a whole number from 1 to 3, not '1.5'
          --n=     | --n must be a whole number from 1 to 3, not ''
          --n      | --n needs a value
          """)
  void another_number_is_refused(String line, String message) {
    assertRefused(message, line, it -> it.number(1, 3));
  }

  @Test
  void a_number_of_more_than_64_bits_is_refused() {
    assertRefused(
        "--n must be a whole number of 64 bits, not '9223372036854775808'",
        "--n 9223372036854775808",
        it -> it.number(Long.MIN_VALUE, Long.MAX_VALUE));
  }

  @Test
  void one_of_several_values_is_selected_by_its_title() {
    RoundingMode[] two = {RoundingMode.UP, RoundingMode.DOWN};
    assertEquals(RoundingMode.DOWN, option("--m DOWN", it -> it.oneOf(two, RoundingMode::name)));
    assertRefused("--m must be one of UP, DOWN", "--m down", it -> it.oneOf(two, Enum::name));
    assertRefused("--m needs a value", "--m", it -> it.oneOf(two, Enum::name));
  }

  @Test
  void a_value_for_an_option_without_one_is_refused() {
    assertRefused("--fresh takes no value", "--fresh=now", Arguments::hasNext);
  }

  @Test
  void an_unknown_option_is_named_without_its_value() {
    assertRefused(
        "unknown argument --prot",
        "--prot=9000",
        it -> {
          throw it.unknown();
        });
  }

  /** What {@code read} gets from the first option of {@code line}. */
  private static <T> T option(String line, Function<Arguments, T> read) {
    Arguments arguments = new Arguments(List.of(line.split(" ")));
    arguments.next();
    return read.apply(arguments);
  }

  private static void assertRefused(String message, String line, Function<Arguments, ?> read) {
    assertEquals(
        message, assertThrows(Arguments.Invalid.class, () -> option(line, read)).getMessage());
  }
}
