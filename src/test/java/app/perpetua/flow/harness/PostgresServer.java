package app.perpetua.flow.harness;

import app.perpetua.flow.base.Secret;
import app.perpetua.flow.harness.time.MutableClock;
import app.perpetua.flow.sql.connection.DatabaseUrl;
import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.HexFormat;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;
import javax.sql.DataSource;
import org.flywaydb.core.Flyway;
import org.jspecify.annotations.Nullable;
import org.postgresql.ds.PGSimpleDataSource;

/**
 * A PostgreSQL server with one migrated template database, which is copied for every test class
 * within milliseconds. Embedded, or the server that {@code TEST_DATABASE_URL} names, whose role
 * must be allowed to create databases. Configured to be durable, like production: {@code fsync} and
 * {@code synchronous_commit} stay on. Thread-safe.
 */
public final class PostgresServer implements AutoCloseable {
  /** How long the server may take to start; the library's ten seconds are too short under load. */
  public static final Duration STARTUP_LIMIT = Duration.ofMinutes(2);

  private static final int MAX_CONNECTIONS = 400;

  /** A file system in memory, and the free space that it needs. */
  private static final Path MEMORY = Path.of("/dev/shm");

  private static final long NEEDED_BYTES = 4L << 30;

  private record Embedded(EmbeddedPostgres server, Path data) {}

  private final @Nullable Embedded embedded;
  private final DatabaseUrl maintenance;
  private final String template;

  /** Stays open, because connecting costs more processor time than most statements. */
  private @Nullable Connection connection;

  private PostgresServer(@Nullable Embedded embedded, DatabaseUrl maintenance) {
    this.embedded = embedded;
    this.maintenance = maintenance;
    this.template = unusedName("template");
    run("create database " + template);
    DataSource source = source(database(template));
    Flyway.configure()
        .dataSource(source)
        .locations("classpath:sql/migration")
        .loggers("slf4j")
        .load()
        .migrate();
    makeDays(source, MutableClock.START, -1, 7);
  }

  /** Starts the server and migrates the template: about two seconds. */
  public static PostgresServer start() {
    String url = System.getenv("TEST_DATABASE_URL");
    if (url != null && !url.isBlank()) {
      return new PostgresServer(null, DatabaseUrl.parse(url));
    }
    try {
      Path data = dataDirectory();
      EmbeddedPostgres embedded =
          NewServer.start(
              EmbeddedPostgres.builder()
                  .setServerConfig("max_connections", Integer.toString(MAX_CONNECTIONS))
                  .setServerConfig("fsync", "on")
                  .setServerConfig("synchronous_commit", "on")
                  // JDBC sends the JVM's zone, which the build sets to the same one.
                  .setServerConfig("timezone", "Pacific/Auckland")
                  // Counts the queries of an idle service.
                  .setServerConfig("shared_preload_libraries", "pg_stat_statements"),
              data);
      String local = "jdbc:postgresql://localhost:" + embedded.getPort() + "/postgres";
      return new PostgresServer(
          new Embedded(embedded, data),
          new DatabaseUrl(local, Optional.of("postgres"), Optional.of(new Secret("postgres"))));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Data directory in memory: creating a database per class is mostly file system work. */
  private static Path dataDirectory() throws IOException {
    return Files.isWritable(MEMORY) && Files.getFileStore(MEMORY).getUsableSpace() > NEEDED_BYTES
        ? Files.createTempDirectory(MEMORY, "perpetua-test")
        : Files.createTempDirectory("perpetua-test");
  }

  /** Creates a database from the template; the caller drops it. */
  DatabaseUrl createDatabase() {
    String name = unusedName("test");
    // Copying files takes a third of the processor time of copying through the log.
    run("create database " + name + " template " + template + " strategy file_copy");
    return database(name);
  }

  /** Drops a database and ends its connections. */
  void dropDatabase(DatabaseUrl url) {
    String path = url.jdbcUrl().split("\\?", 2)[0];
    run("drop database " + path.substring(path.lastIndexOf('/') + 1) + " with (force)");
  }

  /** A data source without a pool. */
  static PGSimpleDataSource source(DatabaseUrl url) {
    PGSimpleDataSource source = new PGSimpleDataSource();
    source.setUrl(url.jdbcUrl());
    url.user().ifPresent(source::setUser);
    url.password().ifPresent(password -> source.setPassword(password.value()));
    return source;
  }

  /** Creates the activity log's partitions of these days, relative to an instant's. */
  private static void makeDays(DataSource source, Instant around, int first, int last) {
    LocalDate today = LocalDate.ofInstant(around, ZoneOffset.UTC);
    try (Connection connection = source.getConnection();
        var make = connection.prepareStatement("select activity.make_day(?)")) {
      for (int day = first; day <= last; day++) {
        make.setObject(1, today.plusDays(day));
        make.execute();
      }
    } catch (SQLException e) {
      throw new IllegalStateException("activity days", e);
    }
  }

  @Override
  public synchronized void close() throws IOException {
    if (embedded == null) {
      run("drop database " + template + " with (force)");
    }
    try {
      if (connection != null) {
        connection.close();
      }
    } catch (SQLException e) {
      throw new IOException(e);
    }
    if (embedded != null) {
      NewServer.stop(embedded.server(), embedded.data());
    }
  }

  private DatabaseUrl database(String name) {
    String url = maintenance.jdbcUrl().replaceFirst("/[^/?]+(?=\\?|$)", "/" + name);
    return new DatabaseUrl(url, maintenance.user(), maintenance.password());
  }

  /** Several runs may share one server. */
  private static String unusedName(String kind) {
    byte[] random = new byte[6];
    ThreadLocalRandom.current().nextBytes(random);
    return "perpetua_" + kind + "_" + HexFormat.of().formatHex(random);
  }

  private synchronized void run(String sql) {
    try {
      if (connection == null) {
        connection = source(maintenance).getConnection();
      }
      try (Statement statement = connection.createStatement()) {
        statement.execute(sql);
      }
    } catch (SQLException e) {
      throw new IllegalStateException(sql, e);
    }
  }
}
