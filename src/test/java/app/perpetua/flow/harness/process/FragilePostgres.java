package app.perpetua.flow.harness.process;

import app.perpetua.flow.base.Secret;
import app.perpetua.flow.harness.Invariants;
import app.perpetua.flow.harness.NewServer;
import app.perpetua.flow.sql.Eventually;
import app.perpetua.flow.sql.connection.DatabaseUrl;
import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * A PostgreSQL server, for one test class or started by its user, that can be killed, restarted,
 * frozen and thawed. Durable as in production. For one thread.
 */
public final class FragilePostgres implements BeforeAllCallback, AfterAllCallback, AutoCloseable {
  private static final Duration START = Duration.ofMinutes(1);

  private @Nullable EmbeddedPostgres embedded;
  private @Nullable Path data;
  private Redirect log = Redirect.DISCARD;

  @Override
  public void beforeAll(ExtensionContext context) throws IOException {
    start(Files.createTempDirectory("fragile-postgres"), null);
  }

  @Override
  public void afterAll(ExtensionContext context) throws IOException {
    close();
  }

  /**
   * Starts an empty server.
   *
   * @param directory of its data; what is in it is deleted, now and when it is closed
   * @param log file to which its output is appended, also after a restart; null for the output of
   *     this process, and for none after a restart
   */
  public void start(Path directory, @Nullable Path log) throws IOException {
    data = directory;
    EmbeddedPostgres.Builder builder =
        EmbeddedPostgres.builder()
            .setServerConfig("fsync", "on")
            .setServerConfig("synchronous_commit", "on")
            .setServerConfig("timezone", "Pacific/Auckland");
    if (log != null) {
      this.log = Redirect.appendTo(log.toFile());
      builder.setOutputRedirector(this.log).setErrorRedirector(this.log);
    }
    embedded = NewServer.start(builder, directory);
  }

  /** Stops the server, also if it is frozen or killed. */
  @Override
  public void close() throws IOException {
    if (embedded != null) {
      find().ifPresent(server -> processes(server).forEach(Signal.CONT::to));
      NewServer.stop(embedded, Objects.requireNonNull(data, "set with the server"));
    }
  }

  /** The URL of its database. */
  public DatabaseUrl url() {
    return new DatabaseUrl(
        "jdbc:postgresql://127.0.0.1:" + port() + "/postgres",
        Optional.of("postgres"),
        Optional.of(new Secret("postgres")));
  }

  private int port() {
    return Objects.requireNonNull(embedded, "only between beforeAll and afterAll").getPort();
  }

  /**
   * Kills all server processes at once.
   *
   * @return restarts the server on the same data and port
   */
  public Runnable kill() {
    ProcessHandle server = server();
    List<String> command = new ArrayList<>();
    if (System.getProperty("user.name").equals("root")) {
      // PostgreSQL refuses to run as root; in a user namespace it runs as another user.
      command.addAll(List.of("unshare", "-U"));
    }
    command.addAll(commandLine(server));
    List<ProcessHandle> all = processes(server);
    all.forEach(Signal.KILL::to);
    Eventually.within(START, () -> all.stream().noneMatch(ProcessHandle::isAlive));
    return () -> {
      try {
        new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log).start();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    };
  }

  /** Waits until the server answers. */
  public void awaitAnswer() {
    Eventually.within(START, this::answers);
  }

  private boolean answers() {
    try (Connection connection = connection()) {
      return connection.isValid(1);
    } catch (SQLException e) {
      return false;
    }
  }

  /** Suspends all server processes. */
  public void freeze() {
    // The postmaster first, so that it starts no other processes.
    processes(server()).forEach(Signal.STOP::to);
  }

  /** Resumes all server processes. */
  public void thaw() {
    processes(server()).forEach(Signal.CONT::to);
  }

  private static List<ProcessHandle> processes(ProcessHandle server) {
    List<ProcessHandle> all = new ArrayList<>(List.of(server));
    server.children().forEach(all::add);
    return all;
  }

  private ProcessHandle server() {
    return find().orElseThrow(() -> new IllegalStateException("PostgreSQL does not run"));
  }

  private Optional<ProcessHandle> find() {
    try {
      return NewServer.process(Objects.requireNonNull(data, "set with the server"));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Starts with the program's full path; ProcessHandle does not report arguments reliably. */
  private static List<String> commandLine(ProcessHandle server) {
    Path process = Path.of("/proc", Long.toString(server.pid()));
    try {
      List<String> line =
          new ArrayList<>(List.of(Files.readString(process.resolve("cmdline")).split("\0", -1)));
      line.removeLast();
      line.set(0, Files.readSymbolicLink(process.resolve("exe")).toString());
      return line;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private Connection connection() throws SQLException {
    return DriverManager.getConnection(url().jdbcUrl() + "?loginTimeout=2", "postgres", "postgres");
  }

  /** Runs a statement; rows that it returns are ignored. */
  public void execute(String sql) {
    try (Connection connection = connection();
        Statement statement = connection.createStatement()) {
      statement.execute(sql);
    } catch (SQLException e) {
      throw new IllegalStateException(sql, e);
    }
  }

  /** The first column of all rows. */
  public List<String> texts(String sql) {
    try (Connection connection = connection();
        Statement statement = connection.createStatement();
        ResultSet rows = statement.executeQuery(sql)) {
      List<String> texts = new ArrayList<>();
      while (rows.next()) {
        texts.add(rows.getString(1));
      }
      return texts;
    } catch (SQLException e) {
      throw new IllegalStateException(sql, e);
    }
  }

  /** Runs the queries of {@code invariants.sql}. */
  public void checkInvariants() {
    List<String> violated =
        Invariants.queries().entrySet().stream()
            .filter(query -> !texts(query.getValue()).isEmpty())
            .map(java.util.Map.Entry::getKey)
            .toList();
    if (!violated.isEmpty()) {
      throw new AssertionError("violated: " + violated);
    }
  }
}
