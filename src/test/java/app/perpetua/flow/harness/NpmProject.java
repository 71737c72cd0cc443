package app.perpetua.flow.harness;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * A project below {@code src/test/npm}: its scripts and its locked dependencies, installed below
 * target/npm. For one thread.
 */
public final class NpmProject {
  private static final Duration TIMEOUT = Duration.ofMinutes(3);

  private final String name;
  private final Path home;

  public NpmProject(String name) {
    this.name = name;
    this.home = Path.of("target/npm", name);
  }

  /** The installation directory. */
  public Path home() {
    return home;
  }

  /**
   * Installs the locked dependencies once; again if the lock file has changed.
   *
   * @throws IOException if npm is missing
   */
  public void install() throws IOException {
    Files.createDirectories(home);
    run(Path.of(""), "", "src/test/npm/install", name);
  }

  /**
   * Installs the project and runs a script of its package.json once; again if the project or the
   * contract has changed.
   *
   * @throws IOException if npm is missing
   * @throws AssertionError if the script fails
   */
  public void runScript(String script) throws IOException {
    Files.createDirectories(home);
    run(Path.of(""), "", "src/test/npm/run", name, script);
  }

  /**
   * Runs a command in the installation directory.
   *
   * @return its output
   * @throws IOException if there is no such command
   * @throws AssertionError if it fails or does not end
   */
  public String run(String input, String... command) throws IOException {
    return run(home, input, command);
  }

  private String run(Path directory, String input, String... command) throws IOException {
    Path in = home.resolve("input");
    Path out = home.resolve("output");
    Path errors = home.resolve("errors");
    Files.writeString(in, input);
    Process process =
        new ProcessBuilder(List.of(command))
            .directory(directory.toAbsolutePath().toFile())
            .redirectInput(in.toFile())
            .redirectOutput(out.toFile())
            .redirectError(errors.toFile())
            .start();
    try {
      if (!process.waitFor(TIMEOUT.toSeconds(), TimeUnit.SECONDS)) {
        process.destroyForcibly();
        throw new AssertionError(String.join(" ", command) + " does not end");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException();
    }
    if (process.exitValue() != 0) {
      throw new AssertionError(
          String.join(" ", command) + ": " + Files.readString(errors) + Files.readString(out));
    }
    return Files.readString(out);
  }
}
