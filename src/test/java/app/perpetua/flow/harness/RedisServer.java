package app.perpetua.flow.harness;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import app.perpetua.flow.redis.RedisUrl;
import app.perpetua.flow.sql.Eventually;
import java.io.File;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * A process of Redis or Valkey on a loopback port, which keeps nothing on disk and can be killed
 * and frozen. Not thread-safe.
 */
public final class RedisServer implements AutoCloseable {
  private static final Duration START = Duration.ofSeconds(60);

  private final String program;
  private final int port = FreePort.find();
  private final List<String> options;
  private Process process;

  /**
   * Starts a server, or skips the test if there is no program.
   *
   * @param options of redis-server, such as {@code --requirepass}
   */
  public RedisServer(String... options) throws IOException {
    Optional<String> found = program();
    assumeTrue(found.isPresent(), "apt-get install redis-server, or set REDIS_SERVER");
    this.program = found.orElseThrow();
    this.options = List.of(options);
    this.process = run();
  }

  /** That of the environment variable {@code REDIS_SERVER}, or of Debian's packages. */
  private static Optional<String> program() {
    String given = System.getenv("REDIS_SERVER");
    return (given == null
            ? Stream.of("/usr/bin/redis-server", "/usr/bin/valkey-server")
            : Stream.of(given))
        .filter(path -> new File(path).canExecute())
        .findFirst();
  }

  private Process run() throws IOException {
    Path directory = Files.createTempDirectory("redis");
    List<String> command =
        new ArrayList<>(
            List.of(
                program, "--port", Integer.toString(port), "--bind", "127.0.0.1", "--save", ""));
    command.addAll(List.of("--dir", directory.toString()));
    command.addAll(options);
    Process started =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(directory.resolve("log").toFile())
            .start();
    Eventually.within(
        START,
        () -> {
          if (!started.isAlive()) {
            throw new AssertionError("redis-server ended: " + directory.resolve("log"));
          }
          try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
            return socket.isConnected();
          } catch (IOException e) {
            return false;
          }
        });
    return started;
  }

  public int port() {
    return port;
  }

  /** The URL without credentials. */
  public RedisUrl url() {
    return RedisUrl.parse("redis://127.0.0.1:" + port);
  }

  /** Kills the process, and with it all data. */
  public void kill() {
    process.destroyForcibly().onExit().join();
  }

  /** Starts it again on the same port. */
  public void restart() throws IOException {
    process = run();
  }

  /** Stops the process without closing its connections. */
  public void freeze() {
    signal("-STOP");
  }

  /** Lets it continue. */
  public void thaw() {
    signal("-CONT");
  }

  private void signal(String signal) {
    try {
      Process kill = new ProcessBuilder("kill", signal, Long.toString(process.pid())).start();
      if (kill.onExit().join().exitValue() != 0) {
        throw new AssertionError("kill " + signal + " failed");
      }
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  @Override
  public void close() {
    kill();
  }
}
