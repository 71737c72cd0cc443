package app.perpetua.flow.dev;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import app.perpetua.flow.sql.Eventually;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What the scripts do before Java: in a directory of their own, with a stub of Maven. */
class DevScriptsTest {
  private static final Duration LIMIT = Duration.ofMinutes(1);

  @TempDir Path directory;

  @BeforeEach
  void prepare() throws IOException {
    Files.createDirectories(directory.resolve(".ci"));
    for (String file :
        List.of("dev", "bench", "chaos", "fuzz", ".ci/jdk25", ".ci/packaged", ".ci/options")) {
      Files.copy(Path.of(file), directory.resolve(file));
    }
  }

  private void maven(String script) throws IOException {
    Path mvn = Files.createDirectories(directory.resolve("bin")).resolve("mvn");
    Files.writeString(mvn, "#!/bin/sh\n" + script);
    assertTrue(mvn.toFile().setExecutable(true));
  }

  private Process start(String command, List<String> arguments) throws IOException {
    List<String> words =
        new ArrayList<>(List.of("setsid", "env", "--default-signal=INT", "bash", command));
    words.addAll(arguments);
    ProcessBuilder builder = new ProcessBuilder(words).directory(directory.toFile());
    Map<String, String> environment = builder.environment();
    environment.put("JAVA_HOME", System.getProperty("java.home"));
    environment.put("PATH", directory.resolve("bin") + ":" + environment.get("PATH"));
    return builder
        .redirectOutput(directory.resolve("out").toFile())
        .redirectError(directory.resolve("err").toFile())
        .start();
  }

  private int run(String command, String... arguments) throws Exception {
    Process process = start(command, List.of(arguments));
    assertTrue(process.waitFor(LIMIT.toSeconds(), TimeUnit.SECONDS));
    return process.exitValue();
  }

  private String text(String file) {
    try {
      return Files.readString(directory.resolve(file));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "./dev, --sampel, --sampel",
    "./dev, --port 1 --workers=2 --fresh --prot, --prot",
    "./dev, 9000, 9000",
    "./bench, --quik, --quik",
    "./bench, --only reads reads, reads",
    "./chaos, --run=3, --run=3",
    "./chaos, api-kill, api-kill",
    "./fuzz, --minute 3, --minute"
  })
  void an_unknown_option_is_refused_before_the_build(
      String command, String arguments, String unknown) throws Exception {
    maven("touch built\n");
    assertEquals(2, run(command, arguments.split(" ")));
    assertEquals(
        command + ": unknown argument " + unknown + "; --help lists the options\n", text("err"));
    assertEquals("", text("out"));
    assertFalse(Files.exists(directory.resolve("built")));
  }

  @ParameterizedTest
  @CsvSource({
    "./dev, --port 1 --control-port=2 --workers 2 --fresh --logs",
    "./bench, --quick --only reads --minutes 4 --jvm -Xmx512m --jar x",
    "./chaos, --runs 1 --seed 2 --only api-kill --short --long",
    "./fuzz, --minutes 1 --seed=2 --only http"
  })
  void options_of_the_help_lead_to_the_build(String command, String arguments) throws Exception {
    maven("touch built\nexit 1\n");
    assertEquals(1, run(command, arguments.split(" ")));
    assertTrue(Files.exists(directory.resolve("built")), () -> text("err"));
  }

  @ParameterizedTest
  @CsvSource({
    "./dev, Runs Perpetua Flow locally",
    "./bench, Benchmarks the packaged service",
    "./chaos, Injects faults",
    "./fuzz, Sends hostile input"
  })
  void the_help_is_printed_without_a_build(String command, String start) throws Exception {
    maven("touch built\n");
    assertEquals(0, run(command, "--help"));
    assertTrue(text("out").startsWith(start));
    assertEquals("", text("err"));
    assertFalse(Files.exists(directory.resolve("built")));
  }

  @Test
  void Ctrl_C_during_the_build_ends_it_in_one_line() throws Exception {
    maven("sleep 1000 &\necho $! $$ >pids\necho '[INFO] --- compiler:1 ---'\nwait\n");
    Process dev = start("./dev", List.of());
    Eventually.within(LIMIT, () -> text("out").contains("compiler:1"));
    List<Long> pids =
        List.of(text("pids").strip().split(" ")).stream().map(Long::parseLong).toList();
    assertTrue(DevProcess.lives(pids.getFirst()));
    DevProcess.interrupt(dev);
    assertTrue(dev.waitFor(LIMIT.toSeconds(), TimeUnit.SECONDS));
    assertEquals(130, dev.exitValue());
    assertEquals("Stopped.", text("out").lines().toList().getLast());
    assertEquals("", text("err"));
    for (long pid : pids) {
      Eventually.within(LIMIT, () -> !DevProcess.lives(pid));
    }
  }

  @Test
  void a_failed_build_is_reported_with_its_errors() throws Exception {
    maven("echo '[ERROR] X.java:1: no such symbol'\nexit 1\n");
    assertEquals(1, run("./dev"));
    assertEquals(
        "./dev cannot start: the build failed.\n[ERROR] X.java:1: no such symbol\n", text("err"));
  }
}
