package app.perpetua.flow.sql;

import app.perpetua.flow.base.Secret;
import app.perpetua.flow.harness.NewServer;
import app.perpetua.flow.sql.connection.DatabaseConfig;
import app.perpetua.flow.sql.connection.DatabaseUrl;
import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;

/** A PostgreSQL server for one test class, without a schema. Thread-safe. */
public final class Postgres implements AutoCloseable {
  private final EmbeddedPostgres embedded;
  private final Path data;
  private final AtomicInteger databases = new AtomicInteger();

  private Postgres(String fsync) throws IOException {
    data = Files.createTempDirectory("postgres");
    embedded =
        NewServer.start(
            EmbeddedPostgres.builder()
                .setServerConfig("fsync", fsync)
                .setServerConfig("synchronous_commit", "on"),
            data);
  }

  /** A server with durable commits, as in production. */
  public static Postgres durable() throws IOException {
    return new Postgres("on");
  }

  /** A server with fsync off. */
  public static Postgres withoutFsync() throws IOException {
    return new Postgres("off");
  }

  public int port() {
    return embedded.getPort();
  }

  /** A new, empty database. */
  public DatabaseUrl emptyDatabase() throws SQLException {
    String name = "empty_" + databases.incrementAndGet();
    try (Connection connection = embedded.getPostgresDatabase().getConnection();
        Statement statement = connection.createStatement()) {
      statement.execute("create database " + name);
    }
    return url(port(), name, "");
  }

  /** The database {@code postgres} on that port, which may be a proxy's. */
  public static DatabaseConfig config(int port, int poolSize) {
    DatabaseUrl url = url(port, "postgres", "");
    return new DatabaseConfig(url, url, poolSize);
  }

  public static DatabaseUrl url(int port, String database, String parameters) {
    return new DatabaseUrl(
        "jdbc:postgresql://127.0.0.1:" + port + "/" + database + parameters,
        Optional.of("postgres"),
        Optional.of(new Secret("postgres")));
  }

  @Override
  public void close() throws IOException {
    NewServer.stop(embedded, data);
  }
}
