package app.perpetua.flow.dev;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import app.perpetua.flow.harness.Browser;
import app.perpetua.flow.harness.NpmProject;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The console: its types, and a whole story in Chromium with the real dev server. Pictures are in
 * target/console. Needs Chromium, Node.js and npm, and is skipped without them.
 */
@Order(0)
@Tag("system")
class ConsoleTest {
  private static final Path PICTURES = Path.of("target/console");

  private final NpmProject npm = new NpmProject("console");
  private final DevProcess dev;

  ConsoleTest(@TempDir Path directory) {
    dev = new DevProcess(directory);
  }

  @AfterEach
  void stop() throws Exception {
    dev.stopAll();
  }

  @Test
  void the_types_agree_with_the_contract() throws Exception {
    Browser.assumeAvailable();
    npm.runScript("types");
  }

  @Test
  void a_day_of_a_person_in_a_browser() throws Exception {
    Browser.assumeAvailable();
    npm.install();
    Files.createDirectories(PICTURES);
    // Nobody works as fast as this.
    dev.set("RATE_LIMIT_GENERAL", "1000");
    dev.startAndAwait();
    Process story =
        new ProcessBuilder(
                "node",
                "story.mjs",
                Browser.CHROMIUM.toString(),
                dev.console(),
                PICTURES.toAbsolutePath().toString())
            .directory(npm.home().toFile())
            .redirectErrorStream(true)
            .start();
    String output = new String(story.getInputStream().readAllBytes(), UTF_8);
    assertTrue(story.waitFor(1, TimeUnit.MINUTES), output);
    assertEquals(0, story.exitValue(), output);
    try (Stream<Path> pictures = Files.list(PICTURES)) {
      List<String> names = pictures.map(path -> path.getFileName().toString()).toList();
      assertTrue(names.contains("today-light.png"), names::toString);
      assertTrue(names.contains("today-narrow.png"), names::toString);
    }
  }
}
