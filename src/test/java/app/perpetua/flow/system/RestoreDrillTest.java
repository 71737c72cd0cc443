package app.perpetua.flow.system;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import app.perpetua.flow.base.Secret;
import app.perpetua.flow.harness.Invariants;
import app.perpetua.flow.harness.TestDatabase;
import app.perpetua.flow.harness.process.Jar;
import app.perpetua.flow.sql.connection.DatabaseUrl;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.stream.Stream;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** {@code deploy/restore-drill}; the parts that need PostgreSQL's programs are skipped without. */
@Tag("system")
@Order(1)
class RestoreDrillTest {
  private static final Path INSTALLED = Path.of("/usr/lib/postgresql");

  @Order(1)
  @RegisterExtension
  static final TestDatabase database = new TestDatabase();

  @TempDir Path directory;

  /** The end of a run of the script. */
  private record Ended(int exit, String output) {}

  @Test
  void FR_114_the_demonstration_restores_a_dump_and_finds_a_damaged_copy() throws Exception {
    requirePrograms("initdb", "postgres", "pg_dump", "pg_restore", "psql");
    Ended drill =
        run(Map.of("RESTORE_DRILL_CLASSPATH", System.getProperty("java.class.path")), List.of());
    assertEquals(0, drill.exit(), drill.output());
    for (String expected :
        List.of(
            Invariants.queries().size() - 2 + " invariants checked in ",
            "every one of ",
            " answers about 3 people equal those of the source",
            "is not empty",
            "grant_matches_ledger is violated",
            "The demonstration passed in ")) {
      assertTrue(drill.output().contains(expected), expected + " is missing in " + drill.output());
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "--from mysql://flow:geheim@localhost/flow | --from must look like postgresql://",
        "--from postgresql://flow:geheim@ep-a-pooler.eu.aws.neon.tech/flow | direct URL",
        "--from NOT_SET_ANYWHERE | the environment variable NOT_SET_ANYWHERE is not set",
        "missing.dump | missing.dump cannot be read",
        "pom.xml | is not a dump",
        "one.dump two.dump | only one dump",
        "one.dump --from URL | not both",
        "--server postgresql://flow:geheim@localhost/postgres | a dump or --from is missing",
        "one.dump --into URL --server URL | exclude each other",
        "one.dump --keep flow | --keep needs --server",
        "one.dump --keep Flow;drop --server URL | --keep must be a name",
        "--check URL --from URL | --check takes no dump",
        "one.dump --jobs 0 | --jobs must be",
        "one.dump --limit soon | --limit must be",
        "one.dump --from | --from needs a value",
        "--restore | unknown option --restore"
      })
  void FR_114_wrong_usage_is_told_in_one_sentence(String arguments, String expected)
      throws Exception {
    if (arguments.startsWith("missing") || arguments.startsWith("pom")) {
      requirePrograms("pg_dump", "pg_restore", "psql");
    }
    Ended refused = run(Map.of(), List.of(arguments.split(" ")));
    assertEquals(2, refused.exit(), refused.output());
    assertTrue(refused.output().contains(expected), refused.output());
    assertFalse(refused.output().contains("geheim"), refused.output());
  }

  @Test
  void FR_114_a_violated_invariant_is_shown_with_its_rows_and_nothing_is_written()
      throws Exception {
    requirePrograms("pg_dump", "pg_restore", "psql");
    UUID user = database.newUser().save();
    Map<String, String> environment = Map.of("CHECKED", url(database.url()));
    Ended intact = run(environment, List.of("--check", "CHECKED"));
    assertEquals(0, intact.exit(), intact.output());
    database.run("update auth.users set open_tasks = 3 where id = ?", user);
    Ended damaged = run(environment, List.of("--check", "CHECKED"));
    assertEquals(1, damaged.exit(), damaged.output());
    assertTrue(damaged.output().contains("open_tasks_counter:"), damaged.output());
    assertTrue(damaged.output().contains(user.toString()), damaged.output());
    assertTrue(damaged.output().contains(" invariants checked in "), damaged.output());
    assertTrue(damaged.output().contains("1 violated."), damaged.output());
    database.run("update auth.users set open_tasks = 0 where id = ?", user);
  }

  @Test
  void FR_114_a_pg_dump_that_is_older_than_the_server_is_named() throws Exception {
    requirePrograms("pg_dump", "pg_restore", "psql");
    for (String program : List.of("pg_dump", "pg_restore", "psql")) {
      Path old = directory.resolve(program);
      Files.writeString(
          old,
          """
          #!/bin/sh
          [ "$1" = --version ] && echo "%1$s (PostgreSQL) 14.9" && exit
          exec %2$s "$@"
          """
              .formatted(program, installed(program).getFirst()));
      assertTrue(old.toFile().setExecutable(true));
    }
    Ended refused =
        run(
            Map.of("SOURCE", url(database.url()), "PG_BIN", directory.toString()),
            List.of("--from", "SOURCE"));
    assertEquals(2, refused.exit(), refused.output());
    assertTrue(refused.output().contains("the newest pg_dump here is 14"), refused.output());
  }

  private static Ended run(Map<String, String> environment, List<String> arguments)
      throws IOException, InterruptedException {
    List<String> command = new ArrayList<>(List.of("deploy/restore-drill"));
    command.addAll(arguments);
    ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
    builder.environment().put("JAVA_HOME", Jar.java().toString());
    builder.environment().putAll(environment);
    Process process = builder.start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    return new Ended(process.waitFor(), output);
  }

  private static void requirePrograms(String... programs) throws IOException {
    for (String program : programs) {
      assumeTrue(
          !installed(program).isEmpty(),
          "skipped: " + program + " is missing (Debian: apt-get install postgresql)");
    }
  }

  private static List<Path> installed(String program) throws IOException {
    if (!Files.isDirectory(INSTALLED)) {
      return List.of();
    }
    try (Stream<Path> versions = Files.list(INSTALLED)) {
      return versions
          .map(version -> version.resolve("bin").resolve(program))
          .filter(Files::isExecutable)
          .toList();
    }
  }

  private static String url(DatabaseUrl url) {
    String credentials =
        url.user().orElseThrow() + ":" + url.password().map(Secret::value).orElse("");
    return url.jdbcUrl().replace("jdbc:postgresql://", "postgresql://" + credentials + "@");
  }
}
