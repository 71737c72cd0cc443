package app.perpetua.flow.chaos.fault;

import app.perpetua.flow.harness.process.Jar;
import app.perpetua.flow.sql.Eventually;
import java.io.IOException;
import java.net.URI;
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
import java.util.stream.Stream;

/** Starts on an empty database, beside the load on the other one. For one thread. */
final class StartFaults {
  private static final Duration LIMIT = Duration.ofMinutes(2);
  private static final Path MIGRATIONS = Path.of("target/classes/sql/migration");
  private static final String NAME = "chaos_empty";

  private final Stack stack;

  StartFaults(Stack stack) {
    this.stack = stack;
  }

  long together() throws IOException {
    create();
    try (Jar one = stack.startOn(NAME);
        Jar two = stack.startOn(NAME)) {
      one.awaitReady();
      two.awaitReady();
      checkMigrations();
    } finally {
      drop();
    }
    return System.nanoTime();
  }

  long killMigration(Injection injection) throws IOException {
    create();
    try {
      int last = injection.random().nextInt(1, shipped() - 1);
      try (Jar killed = stack.startOn(NAME)) {
        Eventually.within(LIMIT, () -> migrations().size() >= last || !killed.isAlive());
        killed.kill();
      }
      try (Jar next = stack.startOn(NAME)) {
        next.awaitReady();
        checkMigrations();
      }
    } finally {
      drop();
    }
    return System.nanoTime();
  }

  private void create() {
    stack.postgres().execute("drop database if exists " + NAME + " with (force)");
    stack.postgres().execute("create database " + NAME);
  }

  private void drop() {
    stack.postgres().execute("drop database " + NAME + " with (force)");
  }

  private static int shipped() throws IOException {
    try (Stream<Path> files = Files.list(MIGRATIONS)) {
      return Math.toIntExact(files.filter(file -> file.toString().endsWith(".sql")).count());
    }
  }

  private void checkMigrations() throws IOException {
    List<String> made = migrations();
    if (made.size() != shipped() || made.stream().distinct().count() != made.size()) {
      throw new AssertionError(
          "migrations: expected each of " + shipped() + " once, made were " + made);
    }
  }

  /** The versions of successful migrations; none before the first. */
  private List<String> migrations() {
    String url = stack.postgres().url().jdbcUrl();
    URI address = URI.create(url.substring("jdbc:".length()));
    String empty = "jdbc:postgresql://127.0.0.1:" + address.getPort() + "/" + NAME;
    List<String> versions = new ArrayList<>();
    try (Connection connection = DriverManager.getConnection(empty, "postgres", "postgres");
        Statement statement = connection.createStatement();
        ResultSet rows =
            statement.executeQuery(
                "select version from flyway_schema_history where success and version is not null")) {
      while (rows.next()) {
        versions.add(rows.getString(1));
      }
    } catch (SQLException e) {
      // There is no history yet.
      return List.of();
    }
    return versions;
  }
}
