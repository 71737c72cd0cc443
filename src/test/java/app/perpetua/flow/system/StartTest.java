package app.perpetua.flow.system;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import app.perpetua.flow.harness.FreePort;
import app.perpetua.flow.harness.Tap;
import app.perpetua.flow.harness.TestDatabase;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.postgresql.ds.PGSimpleDataSource;

/** Starting, alone and together, and not being able to. */
@Tag("system")
class StartTest {
  /** A JVM's start on a busy machine, and then some. */
  private static final Duration SOON = Duration.ofMinutes(2);

  private static final int NOBODY = FreePort.find();

  private static @Nullable Jar waiting;

  @Order(1)
  @RegisterExtension
  static final TestDatabase database = new TestDatabase();

  @Order(2)
  @RegisterExtension
  static final Stage stage = new Stage(database);

  /** Gives up after half a minute, in which the other tests can run. */
  @BeforeAll
  static void wait_for_a_database_that_is_away() {
    Map<String, String> environment = stage.environment();
    environment.put("DATABASE_URL", "postgresql://flow:secret-word@127.0.0.1:" + NOBODY + "/flow");
    waiting = new Jar(Jar.java(), List.of(), environment, NOBODY);
  }

  @AfterAll
  static void give_up() {
    Objects.requireNonNull(waiting).close();
  }

  @Test
  void promise_25_two_processes_migrate_an_empty_database_together() throws Exception {
    String empty = emptyDatabase();
    try {
      Jar one = stage.start(stage.environmentOf(empty));
      Jar two = stage.start(stage.environmentOf(empty));
      one.awaitReady();
      two.awaitReady();
      assertMigratedOnce(empty);
      stage.newUser(stage.api(one)).api().get("/api/v1/tasks").expect(200);
      stage.newUser(stage.api(two)).api().get("/api/v1/tasks").expect(200);
      one.kill();
      two.kill();
    } finally {
      database.run("drop database " + empty + " with (force)");
    }
  }

  @Test
  void promise_25_killed_while_migrating_the_next_start_completes() throws Exception {
    String empty = emptyDatabase();
    try {
      CountDownLatch halfway = new CountDownLatch(1);
      CountDownLatch killed = new CountDownLatch(1);
      Tap.Hook hook =
          (_, direction, message) -> {
            boolean fourth =
                direction == Tap.Direction.TO_SERVER
                    && new String(message, StandardCharsets.UTF_8).contains("billing.");
            if (fourth) {
              halfway.countDown();
              awaitQuietly(killed);
            }
            return !fourth;
          };
      try (Tap tap = new Tap(stage.databaseAddress(), hook)) {
        Map<String, String> environment = stage.environmentOf(empty);
        environment.compute(
            "DATABASE_URL",
            (_, url) -> url.replaceFirst("@[^/]+/", "@127.0.0.1:" + tap.port() + "/"));
        Jar jar = stage.start(environment);
        halfway.await();
        jar.kill();
        killed.countDown();
      }
      long done = migrations(empty).size();
      assertTrue(done > 0 && done < shipped().size(), done + " were made before it was killed");
      stage.start(stage.environmentOf(empty)).awaitReady().kill();
      assertMigratedOnce(empty);
    } finally {
      database.run("drop database " + empty + " with (force)");
    }
  }

  @Test
  void a_port_that_is_taken_is_told_in_one_line() throws IOException {
    try (ServerSocket taken = new ServerSocket(0)) {
      Jar jar = stage.startOn(taken.getLocalPort(), stage.environment());
      assertEquals(1, jar.awaitExit(SOON), jar.all());
      assertOneLine(jar, "cannot listen on port " + taken.getLocalPort());
    }
  }

  @Test
  void a_database_that_is_away_is_waited_for_and_then_told_in_one_line() {
    Jar jar = Objects.requireNonNull(waiting);
    assertEquals(1, jar.awaitExit(Duration.ofSeconds(60)), jar.all());
    assertOneLine(jar, "no database at 127.0.0.1:" + NOBODY + "/flow after 30 s");
    assertFalse(jar.all().contains("secret-word"));
  }

  @Test
  void credentials_that_the_database_refuses_are_told_at_once_in_one_line() {
    Map<String, String> environment = stage.environment();
    environment.compute(
        "DATABASE_URL", (_, url) -> url.replaceFirst("//[^@]*@", "//nobody-at-all:wrong-word@"));
    Jar jar = stage.start(environment);
    assertEquals(1, jar.awaitExit(SOON), jar.all());
    assertOneLine(jar, "cannot log in");
    assertFalse(jar.all().contains("wrong-word"));
  }

  @Test
  void every_fault_of_the_configuration_is_told_at_once() {
    Map<String, String> environment = new HashMap<>();
    environment.put("PORT", "eighty");
    environment.put("DATABASE_URL", "mysql://user:secret-word@somewhere/x");
    environment.put("RATE_LIMIT_GENERAL", "-1");
    environment.put("TRUSTED_PROXIES", "10.0.0.0/33");
    environment.put("JWT_ALGORITHM", "none");
    environment.put("LOG_LEVEL", "LOUD");
    environment.put("FREE_MAX_TASKS", "99999999999");
    for (String argument : List.of("--role=all", "--check-config")) {
      Jar jar = stage.start(environment, argument);
      assertEquals(2, jar.awaitExit(SOON), jar.all());
      for (String variable :
          List.of(
              "PORT",
              "DATABASE_URL",
              "RATE_LIMIT_GENERAL",
              "TRUSTED_PROXIES",
              "JWT_ALGORITHM",
              "JWT_PRIVATE_KEY",
              "GOOGLE_CLIENT_ID",
              "LOG_LEVEL",
              "FREE_MAX_TASKS")) {
        assertEquals(
            1,
            jar.err().stream().filter(line -> line.startsWith("  " + variable + " ")).count(),
            variable + " in\n" + jar.all());
      }
      assertEquals(10, jar.err().size(), "a headline and a line each:\n" + jar.all());
      assertFalse(jar.all().contains("secret-word"), "values are not repeated");
    }
  }

  @Test
  void a_complete_configuration_is_told_as_such() {
    Jar jar = stage.start(stage.environment(), "--check-config");
    assertEquals(0, jar.awaitExit(SOON), jar.all());
    assertEquals(List.of("the configuration is valid"), jar.out());
  }

  @Test
  void arguments_that_nobody_knows_are_told_in_one_line() {
    for (List<String> arguments :
        List.of(List.of("--rolle=api"), List.of("--role=boss"), List.of("--role=api", "x"))) {
      Jar jar = stage.start(stage.environment(), arguments.toArray(String[]::new));
      assertEquals(2, jar.awaitExit(SOON), jar.all());
      assertOneLine(jar, "see --help");
    }
  }

  @Test
  void health_asks_the_instance_on_this_machine() {
    Jar jar = stage.start(stage.environment()).awaitReady();
    Jar asking = stage.startOn(jar.port(), stage.environment(), "--health");
    assertEquals(0, asking.awaitExit(SOON), asking.all());
    assertTrue(asking.all().contains("\"status\":\"ok\""), asking.all());
    jar.kill();
    Jar again = stage.startOn(jar.port(), stage.environment(), "--health");
    assertEquals(1, again.awaitExit(SOON), again.all());
    assertOneLine(again, "no instance answers on port " + jar.port());
  }

  @Test
  void an_older_JVM_is_told_which_one_is_needed() {
    Optional<Path> older = jdk17();
    assumeTrue(older.isPresent(), "no JDK 17 on this machine");
    try (Jar jar = new Jar(older.orElseThrow(), List.of(), stage.environment(), FreePort.find())) {
      assertEquals(2, jar.awaitExit(SOON), jar.all());
      assertOneLine(jar, "needs Java 25 or later; this is Java 17");
    }
  }

  /** Exactly one line with this message. */
  private static void assertOneLine(Jar jar, String words) {
    assertEquals(1, jar.err().size(), jar.all());
    assertTrue(jar.err().getFirst().contains(words), jar.all());
    assertFalse(jar.all().contains("\tat "), jar.all());
  }

  private static Optional<Path> jdk17() {
    try (Stream<Path> homes = Files.list(Path.of("/usr/lib/jvm"))) {
      return homes
          .filter(home -> home.getFileName().toString().startsWith("java-17-openjdk"))
          .filter(home -> Files.isExecutable(home.resolve("bin/java")))
          .findFirst();
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  private static String emptyDatabase() {
    String name = "empty_" + UUID.randomUUID().toString().replace("-", "");
    database.run("create database " + name);
    return name;
  }

  private static void assertMigratedOnce(String databaseName) {
    assertEquals(shipped(), migrations(databaseName));
  }

  private static List<String> shipped() {
    try (Stream<Path> files = Files.list(Path.of("src/main/resources/sql/migration"))) {
      return IntStream.rangeClosed(1, (int) files.count()).mapToObj(Integer::toString).toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The versions that were migrated to, in order, each with success. */
  private static List<String> migrations(String databaseName) {
    PGSimpleDataSource source = database.dataSource();
    source.setDatabaseName(databaseName);
    try (var connection = source.getConnection();
        var statement = connection.createStatement();
        var rows =
            statement.executeQuery(
                "select version from flyway_schema_history where success and version is not null"
                    + " order by installed_rank")) {
      List<String> versions = new ArrayList<>();
      while (rows.next()) {
        versions.add(rows.getString(1));
      }
      return versions;
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
  }

  private static void awaitQuietly(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
