package app.perpetua.flow.drill;

import app.perpetua.flow.bench.process.Service;
import app.perpetua.flow.drill.SampleData.Person;
import app.perpetua.flow.drill.SampleData.Repeatable;
import app.perpetua.flow.fake.FakeCheckout;
import app.perpetua.flow.fake.FakeGoogle;
import app.perpetua.flow.fake.FakeOpenAi;
import app.perpetua.flow.fake.FakePushService;
import app.perpetua.flow.fake.VapidKeys;
import app.perpetua.flow.harness.SigningKey;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import tools.jackson.databind.JsonNode;

/**
 * Demonstrates {@code deploy/restore-drill} on a server that the script has started: migrates and
 * fills a database through the packaged service, lets the script dump and restore it, compares rows
 * and answers, and damages the copy to show that an invariant finds it.
 */
public final class RestoreDrill {
  private static final String SOURCE = "flow";
  private static final String COPY = "flow_restored";
  private static final Path LOG = Path.of("target/restore-drill.log");
  private static final Path DUMP = Path.of("target/restore-drill.dump");

  /** Left by the tests; halves the time of a start. */
  private static final Path AOT_CACHE = Path.of("target/startup.aot");

  /** C1 only: the services live for seconds. */
  private static final List<String> JVM = List.of("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC");

  /** A spent credit that the ledger does not know; no constraint of the table notices. */
  private static final String DAMAGE =
      """
      update billing.ai_credit_grants
      set remaining = remaining - 1, spent = spent + 1
      where id = (select id from billing.ai_credit_grants where remaining > 0 order by id limit 1)
      """;

  /** The invariant that finds it. */
  private static final String FINDS_IT = "grant_matches_ledger";

  /**
   * The end of a run of the script.
   *
   * @param found whether a line had the expected text
   */
  private record Ended(int exit, boolean found) {}

  private final String server;
  private final Path script;

  private RestoreDrill(String server, Path script) {
    this.server = server;
    this.script = script;
  }

  /** Exits with 1 if a step fails. Reads {@code RESTORE_DRILL_SERVER} and {@code _SCRIPT}. */
  public static void main(String[] args) throws Exception {
    RestoreDrill drill =
        new RestoreDrill(
            System.getenv("RESTORE_DRILL_SERVER"), Path.of(System.getenv("RESTORE_DRILL_SCRIPT")));
    try {
      drill.run();
    } catch (IOException | SQLException | IllegalStateException e) {
      System.err.println("restore-drill: " + e.getMessage());
      System.exit(1);
    }
    // The fakes' threads must not keep the process alive.
    System.exit(0);
  }

  private void run() throws IOException, SQLException, InterruptedException {
    Files.deleteIfExists(LOG);
    execute("postgres", "create database " + SOURCE + " template template0 encoding 'UTF8'");
    try (FakeGoogle google = new FakeGoogle(Clock.systemUTC());
        FakeCheckout checkout = new FakeCheckout(Clock.systemUTC());
        FakePushService push = new FakePushService(Clock.systemUTC());
        FakeOpenAi openAi = new FakeOpenAi()) {
      Map<String, String> environment = environment(google, checkout, push, openAi);
      say("Starting the service, which migrates the database ...");
      try (Service original = service("all", SOURCE, environment);
          Client client = new Client(original.port())) {
        say("  ready after " + original.startToReady().toMillis() + " ms");
        checkout.webhooksTo(client.uri("/api/v1/webhooks/checkout"));
        long begun = System.nanoTime();
        SampleData data =
            new SampleData(client, google, checkout, push, Clock.systemUTC().instant());
        List<Person> people = data.create();
        Repeatable repeatable = data.repeatable(people.getFirst());
        say(
            "  filled by "
                + client.requests()
                + " requests of 4 people, one of whom left, in "
                + millis(begun)
                + " ms");
        awaitJobs();
        dumpAndRestore();
        compareRows();
        say("Starting the service on the restored database ...");
        try (Service restored = service("api", COPY, environment);
            Client copy = new Client(restored.port())) {
          say("  ready after " + restored.startToReady().toMillis() + " ms");
          compareAnswers(client, copy, people);
          continueSessions(copy, people, repeatable);
        }
      }
      damage();
    }
  }

  private Map<String, String> environment(
      FakeGoogle google, FakeCheckout checkout, FakePushService push, FakeOpenAi openAi) {
    Map<String, String> environment = new HashMap<>(VapidKeys.make().environment());
    environment.put("JWT_PRIVATE_KEY", SigningKey.pem());
    environment.put("GOOGLE_CLIENT_ID", FakeGoogle.CLIENT_ID);
    environment.put("GOOGLE_JWKS_URL", google.jwksUrl().toString());
    environment.put("CHECKOUT_BASE_URL", checkout.baseUrl().toString());
    environment.put("CHECKOUT_SECRET_KEY", FakeCheckout.SECRET_KEY);
    environment.put("CHECKOUT_WEBHOOK_SECRET", FakeCheckout.WEBHOOK_SECRET);
    environment.put("OPENAI_BASE_URL", openAi.baseUrl().toString());
    environment.put("OPENAI_API_KEY", FakeOpenAi.KEY);
    environment.put("PUSH_HOSTS", push.origin());
    environment.put("AUDIO_HOSTS", "https://recordings.test");
    environment.put("RATE_LIMIT_GENERAL", "100000");
    // No proxy needs time to notice that these processes stop.
    environment.put("SHUTDOWN_DELAY_SECONDS", "0");
    return environment;
  }

  private Service service(String role, String database, Map<String, String> environment)
      throws IOException {
    Map<String, String> complete = new HashMap<>(environment);
    complete.put("DATABASE_URL", url(database));
    Path jar = jar();
    List<String> jvm = new ArrayList<>(JVM);
    if (Files.exists(AOT_CACHE)
        && Files.getLastModifiedTime(AOT_CACHE).compareTo(Files.getLastModifiedTime(jar)) > 0) {
      jvm.addAll(List.of("-XX:AOTCache=" + AOT_CACHE, "-Xlog:aot*=off"));
    }
    return new Service(jar, jvm, role, complete, LOG);
  }

  private static Path jar() throws IOException {
    try (Stream<Path> files = Files.list(Path.of("target"))) {
      return files
          .filter(file -> file.getFileName().toString().matches("perpetua-flow-[0-9.]+\\.jar"))
          .findFirst()
          .orElseThrow(() -> new IOException("there is no JAR in target/"));
    }
  }

  /** Rows are compared later, so no job may be due or running now. */
  private void awaitJobs() throws SQLException {
    Duration limit = Duration.ofSeconds(30);
    long begun = System.nanoTime();
    while (count(
            SOURCE,
            "select count(*) from ops.job_queue where state = 'running' or (state = 'queued' and"
                + " run_at <= now())")
        > 0) {
      if (millis(begun) > limit.toMillis()) {
        throw new IllegalStateException("jobs are still due after " + limit.toSeconds() + " s");
      }
      LockSupport.parkNanos(Duration.ofMillis(20).toNanos());
    }
  }

  private void dumpAndRestore() throws IOException, InterruptedException {
    Files.deleteIfExists(DUMP);
    say("Running deploy/restore-drill --from SOURCE --dump FILE --server SERVER --keep " + COPY);
    Ended restored =
        script(
            List.of(
                "--from",
                "DRILL_FROM",
                "--dump",
                DUMP.toString(),
                "--server",
                "DRILL_SERVER",
                "--keep",
                COPY),
            "",
            "");
    if (restored.exit() != 0) {
      throw new IllegalStateException("the drill ended with exit code " + restored.exit());
    }
    say("Running deploy/restore-drill FILE --into SOURCE, which must be refused");
    Ended refused =
        script(List.of(DUMP.toString(), "--into", "DRILL_FROM"), "  | ", "is not empty");
    if (refused.exit() != 2 || !refused.found()) {
      throw new IllegalStateException("a dump was restored into a database that is not empty");
    }
    Files.delete(DUMP);
  }

  private void compareRows() throws SQLException {
    Map<String, Long> source = rows(SOURCE);
    Map<String, Long> copy = rows(COPY);
    if (!source.equals(copy)) {
      throw new IllegalStateException("rows differ: " + source + " and " + copy);
    }
    long filled = source.values().stream().filter(count -> count > 0).count();
    say(
        "Compared: every one of %d tables has as many rows as in the source; %d have some."
            .formatted(source.size(), filled));
  }

  private void compareAnswers(Client original, Client copy, List<Person> people)
      throws IOException, InterruptedException {
    int compared = 0;
    for (Person person : people) {
      Map<String, String> expected = SampleData.answers(original, person);
      Map<String, String> found = SampleData.answers(copy, person);
      for (var answer : expected.entrySet()) {
        if (!answer.getValue().equals(found.get(answer.getKey()))) {
          throw new IllegalStateException(
              "the copy answers %s of %s differently:%n%s%n%s"
                  .formatted(
                      answer.getKey(),
                      person.name(),
                      answer.getValue(),
                      found.get(answer.getKey())));
        }
        compared++;
      }
    }
    say(
        "  %d answers about %d people equal those of the source"
            .formatted(compared, people.size()));
  }

  /** A session and an idempotency key of the source hold on the copy. */
  private void continueSessions(Client copy, List<Person> people, Repeatable repeatable)
      throws IOException, SQLException, InterruptedException {
    Map<String, Long> before = rows(COPY);
    JsonNode again =
        copy.write(
            repeatable.person().token(),
            "POST",
            repeatable.path(),
            repeatable.body(),
            repeatable.key());
    if (!again.path("data").path("id").asString("").equals(repeatable.id())
        || !before.equals(rows(COPY))) {
      throw new IllegalStateException("a repeated request had a second effect on the copy");
    }
    say("  a request repeated with its Idempotency-Key got its first answer, without an effect");
    for (Person person : people) {
      copy.write(
          "",
          "POST",
          "/api/v1/auth/refresh",
          Map.of("refresh_token", person.refreshToken()),
          UUID.randomUUID());
    }
    JsonNode created =
        copy.write(people.getLast().token(), "POST", "/api/v1/notes", Map.of("content", "New"));
    if (created.path("id").asString("").isEmpty()) {
      throw new IllegalStateException("the copy does not accept a new note");
    }
    say("  the sessions continue with their refresh tokens, and a new note is accepted");
  }

  private void damage() throws IOException, SQLException, InterruptedException {
    say("Damaging the copy: one credit less in a grant, without a movement in the ledger");
    execute(COPY, DAMAGE);
    Ended checked = script(List.of("--check", "DRILL_COPY"), "  | ", FINDS_IT + ":");
    if (checked.exit() != 1 || !checked.found()) {
      throw new IllegalStateException("the damage was not found: exit code " + checked.exit());
    }
    say("Found, as it must be: " + FINDS_IT + " is violated, exit code 1.");
  }

  /**
   * Runs the script and prints its output.
   *
   * @param prefix before each line; if there is one, invariants that hold are left out
   * @param expected part of a line
   */
  private Ended script(List<String> arguments, String prefix, String expected)
      throws IOException, InterruptedException {
    List<String> command = new ArrayList<>(List.of(script.toString()));
    command.addAll(arguments);
    ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
    builder.environment().put("DRILL_FROM", url(SOURCE));
    builder.environment().put("DRILL_SERVER", url("postgres"));
    builder.environment().put("DRILL_COPY", url(COPY));
    Process process = builder.start();
    boolean found = false;
    try (var lines = process.inputReader(StandardCharsets.UTF_8)) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        if (prefix.isEmpty() || !line.matches("  [a-z_]+ +0 +\\d+ ms")) {
          say(prefix + line);
        }
        found |= line.contains(expected);
      }
    }
    return new Ended(process.waitFor(), found);
  }

  /** Exact number of rows by table. */
  private Map<String, Long> rows(String database) throws SQLException {
    Map<String, Long> rows = new LinkedHashMap<>();
    List<String> tables = new ArrayList<>();
    try (Connection connection = connect(database);
        Statement statement = connection.createStatement()) {
      try (ResultSet names =
          statement.executeQuery(
              """
              select c.oid::regclass::text
              from pg_class c join pg_namespace n on n.oid = c.relnamespace
              where c.relkind in ('r', 'p') and not c.relispartition
                and n.nspname !~ '^(pg_|information_schema)'
              order by 1
              """)) {
        while (names.next()) {
          tables.add(names.getString(1));
        }
      }
      for (String table : tables) {
        try (ResultSet count = statement.executeQuery("select count(*) from " + table)) {
          count.next();
          rows.put(table, count.getLong(1));
        }
      }
    }
    return rows;
  }

  private long count(String database, String query) throws SQLException {
    try (Connection connection = connect(database);
        Statement statement = connection.createStatement();
        ResultSet count = statement.executeQuery(query)) {
      count.next();
      return count.getLong(1);
    }
  }

  private void execute(String database, String command) throws SQLException {
    try (Connection connection = connect(database);
        Statement statement = connection.createStatement()) {
      statement.execute(command);
    }
  }

  private Connection connect(String database) throws SQLException {
    URI uri = URI.create(url(database));
    String[] credentials = uri.getUserInfo().split(":", 2);
    return DriverManager.getConnection(
        "jdbc:postgresql://" + uri.getHost() + ":" + uri.getPort() + uri.getPath(),
        credentials[0],
        credentials[1]);
  }

  private String url(String database) {
    return server.replaceFirst("/[^/]*$", "/" + database);
  }

  private static long millis(long since) {
    return Duration.ofNanos(System.nanoTime() - since).toMillis();
  }

  private static void say(String line) {
    System.out.println(line);
  }
}
