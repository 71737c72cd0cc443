package app.perpetua.flow.harness;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Debian's Chromium, which programs below {@code src/test/npm} drive with playwright-core. */
public final class Browser {
  /** The program. */
  public static final Path CHROMIUM = Path.of("/usr/bin/chromium");

  private static final int OLDEST_NODE = 18;

  private Browser() {}

  /** Skips the test if Chromium, Node.js or npm is missing. */
  public static void assumeAvailable() {
    assumeTrue(
        Files.isExecutable(CHROMIUM),
        "skipped: " + CHROMIUM + " is missing (Debian: apt-get install chromium)");
    assumeTrue(hasNode(), "skipped: Node.js " + OLDEST_NODE + " or later with npm is missing");
  }

  private static boolean hasNode() {
    try {
      new ProcessBuilder("npm", "--version").start().destroy();
      Process node = new ProcessBuilder("node", "--version").start();
      String version = new String(node.getInputStream().readAllBytes(), UTF_8).strip();
      return Integer.parseInt(version.substring(1).split("\\.", -1)[0]) >= OLDEST_NODE;
    } catch (IOException e) {
      return false;
    }
  }
}
