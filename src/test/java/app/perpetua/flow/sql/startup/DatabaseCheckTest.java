package app.perpetua.flow.sql.startup;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import app.perpetua.flow.base.CheckResult;
import app.perpetua.flow.base.Secret;
import app.perpetua.flow.harness.FreePort;
import app.perpetua.flow.harness.TestDatabase;
import app.perpetua.flow.sql.TransactionPooler;
import app.perpetua.flow.sql.connection.DatabaseConfig;
import app.perpetua.flow.sql.connection.DatabaseUrl;
import java.net.URI;
import java.util.Optional;
import java.util.UUID;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** FR-113: an operator's check of the database, past and through a pooler. */
class DatabaseCheckTest {
  private static final String PASSWORD = "not-to-be-printed";

  @RegisterExtension static final TestDatabase database = new TestDatabase();

  private static DatabaseCheck check(DatabaseUrl main, DatabaseUrl direct, int poolSize) {
    return new DatabaseCheck(
        new DatabaseConfig(main, direct, poolSize), RandomGenerator.of("L64X128MixRandom"));
  }

  private static DatabaseCheck check(DatabaseUrl url) {
    return check(url, url, 4);
  }

  private static void assertOk(CheckResult result, String part) {
    assertEquals(CheckResult.Status.OK, result.status(), result.sentence());
    assertSays(result, part);
  }

  private static void assertFailed(CheckResult result, String part) {
    assertEquals(CheckResult.Status.FAILED, result.status(), result.sentence());
    assertSays(result, part);
  }

  private static void assertSays(CheckResult result, String part) {
    String sentence = result.sentence();
    assertTrue(sentence.contains(part), sentence);
    assertEquals(1, sentence.lines().count(), sentence);
    assertFalse(sentence.contains(PASSWORD), sentence);
    assertFalse(sentence.contains("Exception"), sentence);
  }

  /** The test's database as another role, or at another port or name. */
  private static DatabaseUrl url(int port, String name, String user) {
    return new DatabaseUrl(
        "jdbc:postgresql://127.0.0.1:" + port + "/" + name,
        Optional.of(user),
        Optional.of(new Secret(PASSWORD)));
  }

  private static URI server() {
    return URI.create(database.url().jdbcUrl().substring("jdbc:".length()));
  }

  private static int port() {
    return server().getPort();
  }

  private static String name() {
    return server().getPath().substring(1);
  }

  private static String user() {
    return database.url().user().orElseThrow();
  }

  private static String unused(String kind) {
    return kind + "_" + UUID.randomUUID().toString().replace("-", "");
  }

  @Test
  void FR_113_a_migrated_database_is_up_to_date() {
    DatabaseCheck check = check(database.url());
    assertOk(check.schema(), "; up to date");
    assertOk(check.connections(), "no pooler; this process opens up to 7 of ");
  }

  @Test
  void FR_113_an_empty_database_is_left_empty() {
    String empty = unused("empty");
    database.run("create database " + empty);
    try {
      DatabaseCheck check = check(url(port(), empty, user()));
      assertOk(check.schema(), "an empty schema; ");
      assertOk(check.schema(), "migrations run at the next start");
      assertOk(check.connections(), "no pooler");
    } finally {
      database.run("drop database " + empty + " with (force)");
    }
  }

  @Test
  void FR_113_the_schema_of_a_newer_release_and_of_another_service_are_told_apart() {
    String copy =
        "insert into flyway_schema_history select 1000, '1000', 'later', type, script,"
            + " checksum, installed_by, installed_on, 1, true from flyway_schema_history"
            + " where version = '1'";
    database.run(copy);
    try {
      assertOk(check(database.url()).schema(), "of a newer release");
    } finally {
      database.run("delete from flyway_schema_history where version = '1000'");
    }
    database.run("update flyway_schema_history set checksum = checksum + 1 where version = '2'");
    try {
      assertFailed(check(database.url()).schema(), "other migrations");
    } finally {
      database.run("update flyway_schema_history set checksum = checksum - 1 where version = '2'");
    }
  }

  @Test
  void FR_113_a_database_that_is_not_there_is_reported_by_both_checks() throws Exception {
    int closed = FreePort.find();
    for (DatabaseUrl url :
        new DatabaseUrl[] {
          url(closed, "flow", "flow"),
          url(port(), unused("missing"), user()),
          url(port(), name(), unused("nobody")),
          new DatabaseUrl(
              "jdbc:postgresql://unknown.invalid/flow", Optional.empty(), Optional.empty()),
          new DatabaseUrl(
              database.url().jdbcUrl() + "?sslmode=require",
              database.url().user(),
              database.url().password())
        }) {
      DatabaseCheck check = check(url);
      assertFailed(check.schema(), " ");
      assertEquals(check.schema().sentence(), check.connections().sentence());
    }
  }

  @Test
  void FR_113_what_the_server_lacks_is_reported() {
    String role = unused("role");
    database.run("create role " + role + " login connection limit 3");
    String bare = unused("bare");
    database.run("create database " + bare);
    try {
      DatabaseCheck check = check(url(port(), bare, role));
      assertFailed(check.schema(), "create schemas");
      assertFailed(check.connections(), "permits 3 connections");
    } finally {
      database.run("drop database " + bare + " with (force)");
      database.run("drop role " + role);
    }
  }

  @Test
  void FR_113_two_URLs_that_lead_to_different_databases_are_reported() {
    String other = unused("other");
    database.run("create database " + other);
    try {
      assertFailed(
          check(database.url(), url(port(), other, user()), 4).connections(),
          "different databases");
    } finally {
      database.run("drop database " + other + " with (force)");
    }
  }

  @Test
  void FR_113_the_same_database_under_another_name_of_its_host_is_recognized() {
    assertOk(check(database.url(), url(port(), name(), user()), 4).connections(), "no pooler");
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void FR_113_a_transaction_pooler_is_recognized(boolean refusesOptions) throws Exception {
    try (TransactionPooler pooler = new TransactionPooler(port(), user(), name(), refusesOptions)) {
      DatabaseUrl pooled = url(pooler.port(), name(), user());
      assertFailed(check(pooled).connections(), "set DATABASE_DIRECT_URL");
      assertFailed(
          check(pooled, database.url(), 4).connections(), "set DATABASE_PREPARED_STATEMENTS=off");
      DatabaseConfig unprepared = new DatabaseConfig(pooled, database.url(), 4, false);
      assertOk(
          new DatabaseCheck(unprepared, RandomGenerator.of("L64X128MixRandom")).connections(),
          "a transaction pooler without prepared statements");
    }
  }
}
