package app.perpetua.flow.system;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import app.perpetua.flow.harness.Api;
import app.perpetua.flow.harness.FreePort;
import app.perpetua.flow.harness.Tap;
import app.perpetua.flow.harness.TestDatabase;
import app.perpetua.flow.harness.process.Jar;
import app.perpetua.flow.harness.process.Stage;
import app.perpetua.flow.sql.Eventually;
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
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.postgresql.ds.PGSimpleDataSource;

/** Start of one or several processes, and failed starts. */
@Tag("system")
@Order(2)
class StartTest {
  /** More than a start of the JVM takes on a busy machine. */
  private static final Duration SOON = Duration.ofMinutes(2);

  private static final Duration PAUSE = Duration.ofMillis(100);

  /** Of the test migration; {@code -Dmigration.seconds=90} shows that a long one passes. */
  private static final int MIGRATION_SECONDS = Integer.getInteger("migration.seconds", 6);

  @Order(1)
  @RegisterExtension
  static final TestDatabase database = new TestDatabase();

  @Order(2)
  @RegisterExtension
  static final Stage stage = new Stage(database);

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
  void promise_25_after_a_kill_during_migration_the_next_start_completes_it() throws Exception {
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
  void a_port_in_use_is_reported_in_one_line() throws IOException {
    try (ServerSocket taken = new ServerSocket(0)) {
      Jar jar = stage.startOn(taken.getLocalPort(), stage.environment());
      assertEquals(1, jar.awaitExit(SOON), jar.all());
      assertOneLine(jar, "cannot listen on port " + taken.getLocalPort());
      Map<String, String> environment = stage.environment();
      environment.put("METRICS_PORT", Integer.toString(taken.getLocalPort()));
      Jar second = stage.start(environment);
      assertEquals(1, second.awaitExit(SOON), second.all());
      assertOneLine(second, "cannot listen on METRICS_PORT " + taken.getLocalPort());
    }
  }

  @Test
  void FR_115_a_long_migration_passes_health_checks(@TempDir Path resources) throws Exception {
    String empty = emptyDatabase();
    Path directory = Files.createDirectories(resources.resolve("sql/migration"));
    Files.writeString(
        directory.resolve("V900__sleep.sql"), "select pg_sleep(" + MIGRATION_SECONDS + ")");
    int port = FreePort.find();
    Map<String, String> environment = stage.environmentOf(empty);
    environment.put("PORT", Integer.toString(port));
    try (Jar jar = Jar.withResources(resources, environment, port)) {
      Api api = stage.api(jar);
      Eventually.within(SOON, StartTest::isSleeping);
      while (isSleeping()) {
        api.get("/health/live").expect(200);
        assertEquals(
            "{\"status\":\"error\",\"checks\":{\"database\":\"ok\",\"migrations\":\"error\"}}",
            api.get("/health/ready").expect(503).text());
        LockSupport.parkNanos(PAUSE.toNanos());
      }
      jar.awaitReady();
      assertTrue(
          // After two seconds, which on a slow machine an earlier migration takes.
          jar.out().stream().anyMatch(line -> line.matches(".* s: migration \\d+ \\([^)]+\\)\".*")),
          "a migration reports that it goes on:\n" + jar.all());
    } finally {
      database.run("drop database " + empty + " with (force)");
    }
  }

  private static boolean isSleeping() {
    return database.number(
            "select count(*) from pg_stat_activity where query like 'select pg_sleep(%'")
        > 0;
  }

  @Test
  void FR_116_the_migrate_option_migrates_once_and_exits() {
    String empty = emptyDatabase();
    try {
      Jar first = stage.start(stage.environmentOf(empty), "--migrate");
      assertEquals(0, first.awaitExit(SOON), first.all());
      assertEquals("migrations run: " + shipped().size(), first.out().getLast());
      assertMigratedOnce(empty);
      Jar second = stage.start(stage.environmentOf(empty), "--migrate");
      assertEquals(0, second.awaitExit(SOON), second.all());
      List<String> lines = second.out();
      assertEquals("the schema is up to date", lines.getLast());
      // A slow machine reports progress.
      assertTrue(
          lines.subList(0, lines.size() - 1).stream()
              .allMatch(line -> line.contains("\"migrating ")),
          second.all());
      assertFalse(second.listens());
    } finally {
      database.run("drop database " + empty + " with (force)");
    }
  }

  @Test
  void FR_116_the_migrate_option_reports_a_failure_in_one_line() {
    Map<String, String> environment = stage.environmentOf("missing");
    Jar jar = stage.start(environment, "--migrate");
    assertEquals(1, jar.awaitExit(SOON), jar.all());
    assertOneLine(jar, "cannot migrate the database: the database");
  }

  @Test
  void FR_115_SIGTERM_ends_a_process_that_waits_for_its_database() {
    Map<String, String> environment = stage.environment();
    int unused = FreePort.find();
    environment.put("DATABASE_URL", "postgresql://flow:secret-word@127.0.0.1:" + unused + "/flow");
    environment.put("SHUTDOWN_DELAY_SECONDS", "300");
    Jar jar = stage.start(environment);
    Eventually.within(
        SOON,
        () ->
            jar.out().stream()
                .anyMatch(
                    line ->
                        line.contains(
                            "nothing accepts connections at the database address 127.0.0.1:"
                                + unused
                                + "/flow")));
    jar.terminate();
    int code = jar.awaitExit(Duration.ofSeconds(30));
    assertTrue(code == 143 || code == 0, "exit code " + code);
    assertEquals(List.of(), jar.err());
    assertFalse(jar.all().contains("secret-word"));
  }

  @Test
  void an_unknown_database_host_is_reported_at_once_in_one_line() {
    Map<String, String> environment = stage.environment();
    environment.put("DATABASE_URL", "postgresql://flow:secret-word@no-such-host.invalid/flow");
    Jar jar = stage.start(environment);
    assertEquals(1, jar.awaitExit(SOON), jar.all());
    assertOneLine(jar, "the database host in no-such-host.invalid:5432/flow is unknown");
    assertFalse(jar.all().contains("secret-word"));
  }

  @Test
  void rejected_database_credentials_are_reported_at_once_in_one_line() {
    Map<String, String> environment = stage.environment();
    environment.compute(
        "DATABASE_URL", (_, url) -> url.replaceFirst("//[^@]*@", "//nobody-at-all:wrong-word@"));
    Jar jar = stage.start(environment);
    assertEquals(1, jar.awaitExit(SOON), jar.all());
    assertOneLine(jar, "refuses the login");
    assertFalse(jar.all().contains("wrong-word"));
  }

  @Test
  void all_configuration_errors_are_reported_at_once() {
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
  void a_valid_configuration_is_reported_as_valid_with_its_warnings() {
    Map<String, String> environment = stage.environment();
    environment.put("RATE_LIMT_AI", "5");
    Jar jar = stage.start(environment, "--check-config");
    assertEquals(0, jar.awaitExit(SOON), jar.all());
    assertTrue(jar.out().getFirst().startsWith("the configuration is valid; "), jar.all());
    assertTrue(
        jar.out().contains("  RATE_LIMT_AI is unknown; did you mean RATE_LIMIT_AI?"), jar.all());
    assertEquals(List.of(), jar.err());
    environment.put("CORS_ORIGINS", "http://app.example.com");
    for (String role : List.of("api", "worker")) {
      Jar its = stage.start(environment, "--check-config", "--role=" + role);
      assertEquals(0, its.awaitExit(SOON), its.all());
      assertEquals(role.equals("api"), its.all().contains("  CORS_ORIGINS "), its.all());
    }
  }

  @Test
  void FR_113_connections_are_tried_on_request() {
    Map<String, String> environment = stage.environment();
    Jar good = stage.start(environment, "--check-config", "--connect");
    assertEquals(0, good.awaitExit(SOON), good.all());
    environment.compute(
        "DATABASE_URL", (_, url) -> url.replaceFirst("//[^@]*@", "//nobody-at-all:wrong-word@"));
    Jar bad = stage.start(environment, "--connect", "--check-config");
    assertEquals(1, bad.awaitExit(SOON), bad.all());
    for (Jar jar : List.of(good, bad)) {
      // A slow machine reports progress.
      assertTrue(jar.err().stream().allMatch(line -> line.startsWith("  waiting for ")), jar.all());
      assertEquals(
          8, jar.out().stream().filter(line -> line.matches("  (ok|failed|skipped) .*")).count());
      assertFalse(jar.all().contains("wrong-word"), jar.all());
    }
  }

  @Test
  void unknown_arguments_are_reported_in_one_line() {
    for (List<String> arguments :
        List.of(
            List.of("--rolle=api"),
            List.of("--role=boss"),
            List.of("--role=api", "x"),
            List.of("--role=api", "--connect"),
            List.of("--check-config", "--role=boss"),
            List.of("--role=api", "--check-config", "--connect", "--role=worker"),
            List.of("--check-config", "--check-config"),
            List.of("--connect"))) {
      Jar jar = stage.start(stage.environment(), arguments.toArray(String[]::new));
      assertEquals(2, jar.awaitExit(SOON), jar.all());
      assertOneLine(jar, "see --help");
    }
  }

  @Test
  void the_health_option_checks_the_instance_on_this_machine() {
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
  void an_older_JVM_reports_the_required_version() {
    Optional<Path> older = jdk17();
    assumeTrue(older.isPresent(), "no JDK 17 on this machine");
    try (Jar jar = new Jar(older.orElseThrow(), List.of(), stage.environment(), FreePort.find())) {
      assertEquals(2, jar.awaitExit(SOON), jar.all());
      assertOneLine(jar, "needs Java 25 or later; this is Java 17");
    }
  }

  /** Checks that exactly one line has this message. */
  private static void assertOneLine(Jar jar, String words) {
    assertEquals(1, jar.err().size(), jar.all());
    assertTrue(jar.err().getFirst().contains(words), jar.all());
    // In a JSON line, it is escaped.
    assertFalse(jar.all().contains("\tat ") || jar.all().contains("\\tat "), jar.all());
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

  /** The versions of the applied migrations, in order; checks that all succeeded. */
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
