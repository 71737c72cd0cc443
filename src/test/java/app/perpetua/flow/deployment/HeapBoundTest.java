package app.perpetua.flow.deployment;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Without a bound the JVM takes a quarter of the machine's memory. */
class HeapBoundTest {
  private static final Pattern START = Pattern.compile("\\bjava [^`\n]*-jar perpetua-flow\\.jar");

  @ParameterizedTest
  @ValueSource(strings = {"dev", "bench"})
  void FR_129_scripts_bound_the_heap(String script) throws IOException {
    String text = Files.readString(Path.of(script)).replace("\\\n", " ");
    List<String> starts = text.lines().filter(line -> line.startsWith("exec java ")).toList();
    assertEquals(1, starts.size(), script);
    assertTrue(starts.getFirst().contains(" -Xmx"), starts.getFirst());
  }

  @Test
  void FR_129_the_image_bounds_the_heap() throws IOException {
    String text = Files.readString(Path.of("deploy/perpetua-flow"));
    assertTrue(text.contains("options=(\"@$home/java.options\" \"-Xmx$bound\")"), text);
  }

  @Test
  void FR_129_documented_commands_that_start_the_service_bound_the_heap() throws IOException {
    List<Path> pages;
    try (Stream<Path> files = Files.walk(Path.of("docs"))) {
      pages =
          Stream.concat(Stream.of(Path.of("README.md")), files)
              .filter(file -> file.toString().endsWith(".md"))
              .toList();
    }
    int commands = 0;
    for (Path page : pages) {
      for (String command :
          START.matcher(Files.readString(page)).results().map(match -> match.group()).toList()) {
        assertTrue(command.contains(" -Xmx"), page + ": " + command);
        commands++;
      }
    }
    assertFalse(commands == 0, "no command was found");
  }
}
