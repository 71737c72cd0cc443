package app.perpetua.flow.dev;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import app.perpetua.flow.command.Arguments;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class OptionsTest {
  private static final Path HOME = Path.of(".dev");

  @Test
  void without_arguments_the_defaults_of_the_README_apply() {
    assertEquals(
        new Options(HOME, 8000, 8001, 0, false, false, false), Options.parse(List.of(), Map.of()));
  }

  @Test
  void values_follow_as_the_next_word_or_after_an_equals_sign() {
    List<String> words =
        List.of("--port", "9000", "--control-port=9001", "--workers", "2", "--fresh", "--logs");
    assertEquals(
        new Options(HOME, 9000, 9001, 2, true, true, false), Options.parse(words, Map.of()));
  }

  @Test
  void sample_data_are_an_option() {
    assertEquals(
        new Options(HOME, 8000, 8001, 0, false, false, true),
        Options.parse(List.of("--sample"), Map.of()));
  }

  @Test
  void PORT_is_the_default_of_the_port_option() {
    Map<String, String> environment = Map.of("PORT", "9000");
    assertEquals(9000, Options.parse(List.of(), environment).port());
    assertEquals(9100, Options.parse(List.of("--port", "9100"), environment).port());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          --prot 9000                     | unknown argument --prot
          --fresh=now                     | --fresh takes no value
          --port                          | --port needs a value
          --port http                     | --port must be a whole number from 0 to 65535, not 'http'
          --control-port 65536            | --control-port must be a whole number from 0 to 65535, not '65536'
          --workers -1                    | --workers must be a whole number from 0 to 16, not '-1'
          --workers 17                    | --workers must be a whole number from 0 to 16, not '17'
          --port 9000 --control-port 9000 | --port and --control-port are both 9000
          """)
  void invalid_arguments_are_reported(String words, String message) {
    Arguments.Invalid refused =
        assertThrows(
            Arguments.Invalid.class, () -> Options.parse(List.of(words.split(" ")), Map.of()));
    assertEquals(message, refused.getMessage());
  }
}
