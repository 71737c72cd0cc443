package app.perpetua.flow.fuzz;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TallyTest {
  @TempDir Path home;

  @Test
  void a_violation_is_reproducible_from_its_file() throws IOException {
    Tally tally = new Tally("http", 42, home);
    byte[] input = {'G', 'E', 'T', 0, (byte) 0xff};
    tally.violation(
        "status 500", "a NUL", 7, input, "HTTP/1.1 500".getBytes(StandardCharsets.UTF_8));
    String text = Files.readString(home.resolve("http-001.txt"));
    for (String part :
        List.of("status 500", "a NUL", "input 7", "--seed 42", "47455400ff", "HTTP/1.1 500")) {
      assertTrue(text.contains(part), part + " is not in " + text);
    }
  }

  @Test
  void violations_of_one_kind_are_counted_and_the_first_ones_shown() throws IOException {
    Tally tally = new Tally("http", 1, home);
    for (int i = 0; i < 10; i++) {
      tally.violation("status 500", "x", i, new byte[0], new byte[0]);
    }
    tally.violation("closed", "x", 11, new byte[0], new byte[0]);
    assertEquals(Map.of("status 500", 10, "closed", 1), tally.violations());
    try (Stream<Path> files = Files.list(home)) {
      assertEquals(4, files.count());
    }
    assertTrue(tally.text(1).contains("outside the contract: 11"));
  }

  @Test
  void the_row_has_the_answers_by_class() {
    Tally tally = new Tally("http", 1, home);
    tally.count("2xx");
    tally.count("400");
    tally.count("400");
    assertEquals(3, tally.inputs());
    assertEquals(Map.of("2xx", 1L, "400", 2L), tally.answers());
    assertTrue(tally.text(1).contains("2xx: 1, 400: 2"));
  }

  @Test
  void a_part_that_did_not_run_says_why() {
    Tally tally = new Tally("rrule", 1, home);
    tally.skip("there is no python3");
    assertTrue(tally.text(1).contains("skipped: there is no python3"));
    assertEquals(Map.of(), tally.violations());
  }
}
