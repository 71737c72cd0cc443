package app.perpetua.flow.sql.startup;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import app.perpetua.flow.sql.Postgres;
import app.perpetua.flow.sql.connection.DatabaseConfig;
import app.perpetua.flow.sql.connection.DatabaseUrl;
import java.io.IOException;
import java.lang.reflect.Proxy;
import java.sql.Connection;
import java.sql.DatabaseMetaData;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

final class ServerRequirementsTest {
  private static final Duration LIMIT = Duration.ofSeconds(60);

  private static Postgres postgres;

  @BeforeAll
  static void start() throws IOException {
    postgres = Postgres.durable();
  }

  @AfterAll
  static void stop() throws IOException {
    postgres.close();
  }

  @Test
  void a_server_as_it_should_be_meets_them() throws SQLException {
    assertEquals(List.of(), unmet(postgres.emptyDatabase()));
  }

  @Test
  void each_unmet_requirement_is_reported() throws SQLException {
    execute("create database ascii encoding 'SQL_ASCII' template template0 locale 'C'");
    execute("create database frozen");
    execute("alter database frozen set default_transaction_read_only = on");
    DatabaseUrl withoutIcu = postgres.emptyDatabase();
    try (Connection connection = connect(withoutIcu);
        Statement statement = connection.createStatement()) {
      statement.execute("delete from pg_collation where collname = 'und-x-icu'");
    }
    assertReported(at("ascii"), "has the encoding SQL_ASCII, but UTF8 is required");
    assertReported(at("frozen"), "is read-only; set default_transaction_read_only to off");
    assertReported(withoutIcu, "has no ICU collations; use a PostgreSQL that was built with ICU");
  }

  @Test
  void a_role_without_privileges_is_reported_until_the_schema_exists() throws SQLException {
    DatabaseUrl url = postgres.emptyDatabase();
    execute("create role guest login");
    DatabaseUrl guest = new DatabaseUrl(url.jdbcUrl(), Optional.of("guest"), url.password());
    assertReported(
        guest,
        "does not permit this role to create schemas and tables; make it the database's owner");
    new Migrations(new DatabaseConfig(url, url, 1), StartupWait.atMost(LIMIT), true).run();
    try (Connection connection = connect(url);
        Statement statement = connection.createStatement()) {
      statement.execute("grant usage on schema tasks to guest");
    }
    assertEquals(List.of(), unmet(guest));
  }

  @Test
  void an_old_server_is_reported_by_its_version() throws SQLException {
    try (Connection connection = connect(postgres.emptyDatabase())) {
      DatabaseMetaData old = replacing(DatabaseMetaData.class, "getDatabaseMajorVersion", 14);
      assertEquals(
          List.of("is PostgreSQL 14, but version 15 or later is required"),
          ServerRequirements.unmet(replacing(Connection.class, "getMetaData", old), true));
      assertTrue(connection.isValid(1));
    }
  }

  @Test
  void all_unmet_requirements_are_one_sentence() throws SQLException {
    execute("create database unfit encoding 'SQL_ASCII' template template0 locale 'C'");
    execute("alter database unfit set default_transaction_read_only = on");
    DatabaseUrl url = at("unfit");
    UnusableDatabaseException failed =
        assertThrows(
            UnusableDatabaseException.class,
            () ->
                new Migrations(new DatabaseConfig(url, url, 1), StartupWait.atMost(LIMIT), true)
                    .run());
    assertEquals(
        "the database 127.0.0.1:"
            + postgres.port()
            + "/unfit has the encoding SQL_ASCII, but UTF8 is required; it is read-only; set"
            + " default_transaction_read_only to off",
        failed.getMessage());
  }

  /** An object that answers only this method. */
  private static <T> T replacing(Class<T> type, String method, Object answer) {
    return type.cast(
        Proxy.newProxyInstance(
            type.getClassLoader(),
            new Class<?>[] {type},
            (_, called, _) -> {
              assertEquals(method, called.getName());
              return answer;
            }));
  }

  private static void assertReported(DatabaseUrl url, String clause) throws SQLException {
    assertEquals(List.of(clause), unmet(url));
  }

  private static List<String> unmet(DatabaseUrl url) throws SQLException {
    try (Connection connection = connect(url)) {
      return ServerRequirements.unmet(connection, true);
    }
  }

  private static DatabaseUrl at(String database) {
    return Postgres.url(postgres.port(), database, "");
  }

  private static Connection connect(DatabaseUrl url) throws SQLException {
    return url.source("test", LIMIT, LIMIT, LIMIT).getConnection();
  }

  private static void execute(String sql) throws SQLException {
    try (Connection connection = connect(at("postgres"));
        Statement statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }
}
