package app.perpetua.flow.sql.startup;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import app.perpetua.flow.base.Secret;
import app.perpetua.flow.harness.FreePort;
import app.perpetua.flow.sql.Eventually;
import app.perpetua.flow.sql.Postgres;
import app.perpetua.flow.sql.connection.DatabaseUrl;
import java.io.IOException;
import java.net.ServerSocket;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** What a real server and driver report, explained in one sentence. */
final class ConnectionFailureTest {
  private static final Duration LIMIT = Duration.ofSeconds(60);
  private static final String PASSWORD = "wrong-word";

  private static Postgres postgres;

  @BeforeAll
  static void start() throws IOException, SQLException {
    postgres = Postgres.durable();
    try (Connection connection = admin().getConnection();
        Statement statement = connection.createStatement()) {
      statement.execute("create role locked login password 'right-word'");
      statement.execute("create role unwelcome login");
      statement.execute("create role crowded login connection limit 0");
      statement.execute("create database closed allow_connections false");
      statement.execute(
          """
          do $$
          declare
            lines text := pg_read_file(current_setting('hba_file'));
          begin
            execute format(
              'copy (select unnest(%L::text[])) to %L',
              array['host all locked all scram-sha-256', 'host all unwelcome all reject']
                || string_to_array(lines, E'\\n'),
              current_setting('hba_file'));
            perform pg_reload_conf();
          end
          $$
          """);
    }
  }

  @AfterAll
  static void stop() throws IOException {
    postgres.close();
  }

  @Test
  void what_only_the_operator_can_correct_is_lasting() {
    lasting(
        new DatabaseUrl(
            "jdbc:postgresql://no-such-host.invalid/flow",
            Optional.of("flow"),
            Optional.of(new Secret(PASSWORD))),
        "the database host in no-such-host.invalid:5432/flow is unknown");
    // pg_hba.conf is read in the background.
    Eventually.within(LIMIT, () -> failure(as("locked"), LIMIT).message().contains("password"));
    lasting(as("locked"), "does not accept the user or the password");
    lasting(as("unwelcome"), "refuses the login: FATAL: pg_hba.conf rejects");
    lasting(as("stranger"), "refuses the login: FATAL: role \"stranger\" does not exist");
    lasting(at("missing", ""), "/missing does not exist on that server");
    lasting(at("closed", ""), "is not currently accepting connections");
    lasting(at("postgres", "?sslmode=require"), "does not support SSL");
  }

  @Test
  void what_may_end_by_itself_is_temporary() throws IOException {
    int closed = FreePort.find();
    temporary(
        Postgres.url(closed, "flow", ""),
        "nothing accepts connections at the database address 127.0.0.1:" + closed + "/flow");
    temporary(as("crowded"), "has no free connection: FATAL: too many connections");
    try (ServerSocket silent = new ServerSocket(0)) {
      DatabaseUrl url = Postgres.url(silent.getLocalPort(), "flow", "");
      ConnectionFailure failure = failure(url, Duration.ofSeconds(1));
      assertTrue(failure.temporary(), failure.toString());
      assertTrue(failure.message().startsWith("the database 127.0.0.1:"), failure.toString());
    }
    for (String state : List.of("57P01", "57P03", "08006")) {
      SQLException e = new SQLException("the server says\n  why", state);
      ConnectionFailure failure = ConnectionFailure.of(e, at("postgres", ""));
      assertTrue(failure.temporary(), failure.toString());
      assertTrue(failure.message().endsWith("the server says; why"), failure.toString());
    }
  }

  private static void lasting(DatabaseUrl url, String words) {
    ConnectionFailure failure = failure(url, LIMIT);
    assertFalse(failure.temporary(), failure.toString());
    assertSentence(failure, words);
  }

  private static void temporary(DatabaseUrl url, String words) {
    ConnectionFailure failure = failure(url, LIMIT);
    assertTrue(failure.temporary(), failure.toString());
    assertSentence(failure, words);
  }

  private static void assertSentence(ConnectionFailure failure, String words) {
    assertTrue(failure.message().contains(words), failure.message());
    assertEquals(1, failure.message().lines().count(), failure.message());
    assertFalse(failure.message().contains(PASSWORD), failure.message());
  }

  private static ConnectionFailure failure(DatabaseUrl url, Duration limit) {
    SQLException e =
        assertThrows(
            SQLException.class,
            () -> url.source("test", limit, limit, limit).getConnection().close());
    return ConnectionFailure.of(e, url);
  }

  private static DatabaseUrl as(String role) {
    return new DatabaseUrl(
        at("postgres", "").jdbcUrl(), Optional.of(role), Optional.of(new Secret(PASSWORD)));
  }

  private static DatabaseUrl at(String database, String parameters) {
    return Postgres.url(postgres.port(), database, parameters);
  }

  private static javax.sql.DataSource admin() {
    return at("postgres", "").source("test", LIMIT, LIMIT, LIMIT);
  }
}
