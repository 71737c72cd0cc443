package app.perpetua.flow;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import app.perpetua.flow.base.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

/** A build of the same commit uses the same libraries. */
class PinnedDependenciesTest {
  private static final Pattern EXACT = Pattern.compile("[0-9]+(\\.[0-9A-Za-z-]+)*");
  private static final Pattern VERSION =
      Pattern.compile("<(?:[a-z0-9-]+\\.)?version>([^<$]+)</(?:[a-z0-9-]+\\.)?version>");
  private static final Pattern PLUGIN = Pattern.compile("(?s)<plugin>(.+?)</plugin>");

  /** The range of JDKs that may build. */
  private static final Pattern JDK =
      Pattern.compile("(?s)<requireJavaVersion>.*?</requireJavaVersion>");

  private static List<String> inexact(String pom) {
    String libraries = JDK.matcher(pom).replaceAll("");
    List<String> inexact = new ArrayList<>();
    VERSION
        .matcher(libraries)
        .results()
        .map(match -> match.group(1))
        .filter(version -> !EXACT.matcher(version).matches() || version.endsWith("-SNAPSHOT"))
        .forEach(inexact::add);
    PLUGIN
        .matcher(libraries)
        .results()
        .map(match -> match.group(1))
        .filter(plugin -> !plugin.contains("<version>"))
        .map(plugin -> "no version: " + plugin.strip().lines().skip(1).findFirst().orElse(""))
        .forEach(inexact::add);
    return inexact;
  }

  @Test
  void every_version_is_exact() throws IOException {
    assertEquals(List.of(), inexact(Files.readString(Path.of("pom.xml"))));
  }

  @Test
  void a_version_that_may_change_is_reported() {
    for (String version : List.of("[1.0,2.0)", "LATEST", "RELEASE", "1.0-SNAPSHOT", "1.+")) {
      assertEquals(List.of(version), inexact("<version>" + version + "</version>"));
      assertEquals(List.of(version), inexact("<a.version>" + version + "</a.version>"));
    }
    assertEquals(1, inexact("<plugin>\n<artifactId>a</artifactId>\n</plugin>").size());
  }

  @Test
  void npm_packages_are_locked_with_their_checksums() throws IOException {
    Json json = new Json();
    List<String> unlocked = new ArrayList<>();
    List<Path> packages = new ArrayList<>();
    for (Path root : List.of(Path.of("src"), Path.of("sdk"))) {
      try (Stream<Path> files = Files.walk(root)) {
        files
            .filter(file -> file.endsWith("package.json"))
            .filter(file -> !file.toString().contains("node_modules"))
            .forEach(packages::add);
      }
    }
    assertFalse(packages.isEmpty());
    for (Path file : packages) {
      JsonNode lock = json.parse(Files.readString(file.resolveSibling("package-lock.json")));
      lock.path("packages")
          .properties()
          .forEach(
              entry -> {
                if (!entry.getKey().isEmpty()
                    && entry.getValue().path("integrity").isMissingNode()) {
                  unlocked.add(file + ": " + entry.getKey());
                }
              });
      assertFalse(lock.path("packages").isEmpty(), file.toString());
    }
    assertEquals(List.of(), unlocked);
  }
}
