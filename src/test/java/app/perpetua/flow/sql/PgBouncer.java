package app.perpetua.flow.sql;

import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * A PgBouncer process with transaction pooling and few connections to the server, so that
 * transactions of one client meet the sessions of others. Thread-safe.
 */
public final class PgBouncer implements AutoCloseable {
  private static final Duration START = Duration.ofSeconds(60);

  /** Sessions that clients share. */
  private static final int SESSIONS = 3;

  private static final Pattern VERSION = Pattern.compile("PgBouncer (\\d+)\\.(\\d+)");

  private final Process process;
  private final Path directory;
  private final int port;

  /**
   * Starts it in front of a server on this machine.
   *
   * @param program from {@link #program}
   * @param server port of the server, which has the role {@code postgres}
   */
  public PgBouncer(String program, int server) throws IOException {
    this.port = unusedPort();
    directory = Files.createTempDirectory("pgbouncer");
    Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwxrwxrwx"));
    Path configuration = directory.resolve("pgbouncer.ini");
    String prepared = supportsPreparedStatements(program) ? "max_prepared_statements = 200\n" : "";
    Files.writeString(
        configuration,
        """
        [databases]
        * = host=127.0.0.1 port=%d user=postgres password=postgres
        [pgbouncer]
        listen_addr = 127.0.0.1
        listen_port = %d
        unix_socket_dir =
        auth_type = any
        pool_mode = transaction
        default_pool_size = %d
        max_client_conn = 200
        ignore_startup_parameters = extra_float_digits
        """
                .formatted(server, port, SESSIONS)
            + prepared);
    List<String> command = new ArrayList<>();
    if (System.getProperty("user.name").equals("root")) {
      // It refuses to run as root; in a user namespace it runs as another user.
      command.addAll(List.of("unshare", "-U"));
    }
    command.addAll(List.of(program, configuration.toString()));
    process =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(directory.resolve("log").toFile())
            .start();
    Eventually.within(START, this::accepts);
  }

  /**
   * The program on this machine: that of the environment variable {@code PGBOUNCER}, or of Debian's
   * package.
   */
  public static Optional<String> program() {
    String given = System.getenv("PGBOUNCER");
    Stream<String> candidates =
        given == null ? Stream.of("/usr/sbin/pgbouncer", "/usr/bin/pgbouncer") : Stream.of(given);
    return candidates.filter(path -> new File(path).canExecute()).findFirst();
  }

  /** Whether that version, 1.21 or later, supports prepared statements with transaction pooling. */
  public static boolean supportsPreparedStatements(String program) throws IOException {
    Process version = new ProcessBuilder(program, "--version").redirectErrorStream(true).start();
    try (BufferedReader out =
        new BufferedReader(
            new InputStreamReader(version.getInputStream(), StandardCharsets.UTF_8))) {
      Matcher found = VERSION.matcher(String.valueOf(out.readLine()));
      return found.find()
          && (Integer.parseInt(found.group(1)) > 1 || Integer.parseInt(found.group(2)) >= 21);
    }
  }

  public int port() {
    return port;
  }

  private boolean accepts() {
    if (!process.isAlive()) {
      throw new AssertionError("pgbouncer ended: " + directory.resolve("log"));
    }
    try (java.net.Socket socket = new java.net.Socket(InetAddress.getLoopbackAddress(), port)) {
      return socket.isConnected();
    } catch (IOException e) {
      return false;
    }
  }

  private static int unusedPort() throws IOException {
    try (java.net.ServerSocket socket = new java.net.ServerSocket(0)) {
      return socket.getLocalPort();
    }
  }

  @Override
  public void close() {
    process.destroy();
  }
}
