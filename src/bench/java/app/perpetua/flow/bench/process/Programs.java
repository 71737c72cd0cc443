package app.perpetua.flow.bench.process;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;

/** Programs of the machine that parts of the benchmark need, and packages of npm. */
public final class Programs {
  /** The packages of a project could not be installed; the message names npm's log. */
  public static final class NotInstalled extends Exception {
    private static final long serialVersionUID = 1L;

    NotInstalled(String message) {
      super(message);
    }
  }

  private Programs() {}

  /** Whether a program is in the path. */
  public static boolean isInstalled(String program) throws InterruptedIOException {
    try {
      // Some programs print their version and fail.
      waitFor(new ProcessBuilder(program, "--version"), Redirect.DISCARD);
      return true;
    } catch (InterruptedIOException e) {
      throw e;
    } catch (IOException e) {
      return false;
    }
  }

  /** Whether a command can be run and succeeds; its output is discarded. */
  public static boolean run(String... command) throws InterruptedIOException {
    try {
      return waitFor(new ProcessBuilder(command), Redirect.DISCARD) == 0;
    } catch (InterruptedIOException e) {
      throw e;
    } catch (IOException e) {
      return false;
    }
  }

  /**
   * Copies a project to a folder and installs its locked packages there, unless these are installed
   * already. Lock files have no URLs, so npm's settings determine the registry.
   *
   * @return the folder
   * @throws NotInstalled if npm fails, for example without a registry
   */
  public static Path install(Path project, Path home) throws IOException, NotInstalled {
    Path target = home.resolve(project.getFileName());
    Files.createDirectories(target);
    Path locked = target.resolve("package-lock.json");
    boolean current =
        Files.exists(target.resolve("node_modules/.package-lock.json"))
            && Files.exists(locked)
            && Files.mismatch(project.resolve("package-lock.json"), locked) == -1;
    try (var files = Files.list(project)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        Files.copy(file, target.resolve(file.getFileName()), StandardCopyOption.REPLACE_EXISTING);
      }
    }
    if (!current) {
      Path log = target.resolve("npm.log");
      ProcessBuilder npm =
          new ProcessBuilder("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund")
              .directory(target.toFile());
      if (waitFor(npm, Redirect.to(log.toFile())) != 0) {
        throw new NotInstalled("npm ci failed, " + log + " has the reason");
      }
    }
    return target;
  }

  private static int waitFor(ProcessBuilder command, Redirect output) throws IOException {
    Process process = command.redirectErrorStream(true).redirectOutput(output).start();
    try {
      return process.waitFor();
    } catch (InterruptedException e) {
      process.destroyForcibly();
      Thread.currentThread().interrupt();
      throw new InterruptedIOException();
    }
  }
}
