package app.perpetua.flow.system;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import app.perpetua.flow.harness.process.Jar;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** {@code ./chaos} finds what it looks for. */
@Tag("system")
class ChaosTest {
  private static final long LIMIT_SECONDS = 300;

  @Test
  void a_row_that_was_deleted_behind_the_service_is_reported_with_its_seed() throws Exception {
    List<String> output = new ArrayList<>();
    int code = run(output, "--only", "commit-cut", "--short", "--seed", "4711", "--sabotage");
    String all = String.join("\n", output);
    assertEquals(1, code, all);
    assertTrue(
        output.stream()
            .anyMatch(
                line ->
                    line.contains("VIOLATION seed 4711, run 1, commit-cut 1:")
                        && line.contains("acknowledged as")
                        && line.contains("not stored")),
        all);
  }

  @Test
  void misused_options_are_reported_with_exit_code_2() throws Exception {
    List<String> output = new ArrayList<>();
    assertEquals(2, run(output, "--runs", "none"));
    assertEquals(
        List.of(
            "./chaos: --runs must be a whole number from 1 to 100000, not none; --help lists the"
                + " options"),
        output);
  }

  private static int run(List<String> output, String... arguments)
      throws IOException, InterruptedException {
    List<String> command =
        new ArrayList<>(
            List.of(
                Jar.java().resolve("bin/java").toString(),
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-cp",
                System.getProperty("java.class.path"),
                "app.perpetua.flow.chaos.Chaos"));
    command.addAll(List.of(arguments));
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    try (var lines = process.inputReader(StandardCharsets.UTF_8)) {
      lines.lines().forEach(output::add);
      assertTrue(process.waitFor(LIMIT_SECONDS, TimeUnit.SECONDS));
      return process.exitValue();
    } finally {
      // Its own hook stops what it has started.
      process.destroy();
    }
  }
}
