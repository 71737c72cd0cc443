package app.perpetua.flow.dev;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.function.Consumer;

/** One log file for all processes of the service. Thread-safe. */
final class LogFile implements Consumer<String>, AutoCloseable {
  private final PrintStream out;

  /** Starts a new file; the previous run's file is kept with the suffix {@code .1}. */
  LogFile(Path file) throws IOException {
    if (Files.exists(file)) {
      Files.move(
          file,
          file.resolveSibling(file.getFileName() + ".1"),
          StandardCopyOption.REPLACE_EXISTING);
    }
    out = new PrintStream(Files.newOutputStream(file), true, StandardCharsets.UTF_8);
  }

  @Override
  public void accept(String line) {
    out.println(line);
  }

  @Override
  public void close() {
    out.close();
  }
}
