package app.perpetua.flow.dev;

import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;
import javax.sql.DataSource;

/**
 * The dev server's PostgreSQL: its data is kept between runs and is as durable as in production.
 * Every local user may connect. Thread-safe.
 */
final class DevDatabase implements AutoCloseable {
  private static final String NAME = "perpetua_flow";
  private static final String SUPERUSER = "postgres";
  private static final int MAX_CONNECTIONS = 200;

  /** Recovery after a crash may take a while. */
  private static final Duration START = Duration.ofSeconds(30);

  private static final Duration STOP = Duration.ofSeconds(30);
  private static final Duration LOOK_AGAIN = Duration.ofMillis(50);

  /** Consecutive lock time-outs after which moving the clock fails. */
  private static final int ATTEMPTS = 20;

  private static final String LOCK_TIMEOUT = "55P03";

  private final EmbeddedPostgres postgres;
  private final long pid;

  private DevDatabase(EmbeddedPostgres postgres, long pid) {
    this.postgres = postgres;
    this.pid = pid;
  }

  /** Whether a server runs on this data. */
  static boolean hasLeftover(Path data) {
    return postmaster(data).isPresent();
  }

  /**
   * Stops a server that still runs on this data because the dev server that started it was killed.
   * Returns true if there was one.
   */
  static boolean stopLeftover(Path data) {
    Optional<ProcessHandle> leftover = postmaster(data);
    leftover.ifPresent(
        process -> {
          // SIGINT closes connections and shuts down; SIGQUIT shuts down without a checkpoint.
          if (!ended(data, process, "INT") && !ended(data, process, "QUIT")) {
            throw new StartupException(
                "a database of an earlier run does not stop; run kill -9 " + process.pid(), null);
          }
        });
    return leftover.isPresent();
  }

  /**
   * The server that PostgreSQL's own lock file names, if it is alive and a PostgreSQL server.
   * Zombies, as in containers without an init process, have no command.
   */
  private static Optional<ProcessHandle> postmaster(Path data) {
    try {
      long pid = Long.parseLong(Files.readAllLines(data.resolve("postmaster.pid")).getFirst());
      return ProcessHandle.of(pid)
          .filter(process -> process.info().command().orElse("").endsWith("/postgres"));
    } catch (IOException | NumberFormatException | NoSuchElementException e) {
      return Optional.empty();
    }
  }

  private static boolean ended(Path data, ProcessHandle process, String signal) {
    try {
      new ProcessBuilder("sh", "-c", "kill -" + signal + " " + process.pid()).start().waitFor();
    } catch (IOException e) {
      throw new StartupException("a database of an earlier run cannot be stopped: " + e, e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
    long deadline = System.nanoTime() + STOP.toNanos();
    while (postmaster(data).isPresent() && System.nanoTime() - deadline < 0) {
      LockSupport.parkNanos(LOOK_AGAIN.toNanos());
    }
    return postmaster(data).isEmpty();
  }

  /**
   * Starts the server, and creates the data directory if it is missing.
   *
   * @param log PostgreSQL's log file
   */
  static DevDatabase start(Path data, Path log) {
    try {
      Files.deleteIfExists(log);
      EmbeddedPostgres postgres =
          EmbeddedPostgres.builder()
              .setDataDirectory(data)
              .setCleanDataDirectory(false)
              .setRegisterShutdownHook(false)
              .setOutputRedirector(Redirect.appendTo(log.toFile()))
              .setErrorRedirector(Redirect.appendTo(log.toFile()))
              .setPGStartupWait(START)
              // The same collation and character rules on every machine.
              .setLocaleConfig("locale-provider", "builtin")
              .setLocaleConfig("builtin-locale", "C.UTF-8")
              .setLocaleConfig("locale", "C")
              .setServerConfig("max_connections", Integer.toString(MAX_CONNECTIONS))
              .setServerConfig("fsync", "on")
              .setServerConfig("synchronous_commit", "on")
              .setServerConfig("timezone", "Pacific/Auckland")
              .start();
      long pid = postmaster(data).map(ProcessHandle::pid).orElse(0L);
      createDatabase(postgres.getPostgresDatabase());
      return new DevDatabase(postgres, pid);
    } catch (IOException | SQLException | IllegalStateException e) {
      // It runs in a session of its own, so that Ctrl-C ends the command that started it only.
      stopLeftover(data);
      throw new StartupException(
          "PostgreSQL does not start: "
              + complaint(log).orElse(String.valueOf(e.getMessage()))
              + "\n  "
              + log
              + " has the details; ./dev --fresh starts without the data.",
          e);
    }
  }

  private static void createDatabase(DataSource maintenance) throws SQLException {
    try (Connection connection = maintenance.getConnection();
        Statement statement = connection.createStatement()) {
      var found = statement.executeQuery("select from pg_database where datname = '" + NAME + "'");
      if (!found.next()) {
        statement.execute("create database " + NAME);
      }
    }
  }

  private static Optional<String> complaint(Path log) {
    try {
      // PostgreSQL writes in the machine's encoding; ISO 8859-1 decodes any bytes.
      List<String> lines = Files.readAllLines(log, StandardCharsets.ISO_8859_1);
      return lines.reversed().stream()
          .filter(line -> line.matches(".*(FATAL|PANIC|error|could not|cannot).*"))
          .findFirst();
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  /** Its URL, in the form that the service and psql accept. */
  String url() {
    return "postgresql://" + SUPERUSER + "@127.0.0.1:" + postgres.getPort() + "/" + NAME;
  }

  /** The service's database, for the dev server's own statements. */
  DataSource dataSource() {
    return postgres.getDatabase(SUPERUSER, NAME);
  }

  /** The server's main process. */
  long pid() {
    return pid;
  }

  /**
   * Creates the activity log's partitions around an instant, so that inserts succeed when the clock
   * gets there.
   */
  void makeDays(Instant around) {
    LocalDate today = LocalDate.ofInstant(around, ZoneOffset.UTC);
    try (Connection connection = dataSource().getConnection();
        Statement settings = connection.createStatement();
        var make = connection.prepareStatement("select activity.make_day(?)")) {
      settings.execute("set lock_timeout = '200ms'");
      for (int day = -1; day <= 7; day++) {
        make.setObject(1, today.plusDays(day));
        for (int attempt = 1; ; attempt++) {
          try {
            make.execute();
            break;
          } catch (SQLException e) {
            if (attempt == ATTEMPTS || !LOCK_TIMEOUT.equals(e.getSQLState())) {
              throw e;
            }
          }
        }
      }
    } catch (SQLException e) {
      throw new IllegalStateException("partitions of the activity log cannot be created", e);
    }
  }

  @Override
  public void close() throws IOException {
    postgres.close();
  }
}
