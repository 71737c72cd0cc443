package app.perpetua.flow.bench;

import static app.perpetua.flow.bench.BenchOptions.Part.COMPLETIONS;
import static app.perpetua.flow.bench.BenchOptions.Part.READS;
import static app.perpetua.flow.bench.BenchOptions.Part.WRITES;

import app.perpetua.flow.bench.load.OpenLoop;
import app.perpetua.flow.bench.load.Operation;
import app.perpetua.flow.bench.load.Requests;
import app.perpetua.flow.bench.peers.Peers;
import app.perpetua.flow.bench.process.Database;
import app.perpetua.flow.bench.process.Service;
import app.perpetua.flow.bench.scale.Curves;
import app.perpetua.flow.bench.scale.Scale;
import app.perpetua.flow.bench.soak.Soak;
import app.perpetua.flow.command.Arguments;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.logging.Level;
import java.util.logging.Logger;

/** Entry point of {@code ./bench}, which docs/benchmarks.md describes. Prints a report. */
final class Bench {
  private static final Duration TOKEN_LIFETIME = Duration.ofHours(4);
  private static final Path HOME = Path.of("target/bench");

  private final BenchOptions options;
  private final Path jar;
  private final AccessTokenKey key = new AccessTokenKey(TOKEN_LIFETIME);
  private final Map<String, String> environment =
      Map.of(
          "JWT_PRIVATE_KEY", key.privatePem(),
          "JWT_ACCESS_EXPIRY_MINUTES", Long.toString(TOKEN_LIFETIME.toMinutes()),
          "GOOGLE_CLIENT_ID", "bench",
          "RATE_LIMIT_GENERAL", "100000000",
          "FREE_MAX_TASKS", "1000000",
          "PRO_MAX_TASKS", "1000000",
          "SHUTDOWN_DELAY_SECONDS", "0");

  /** Versions of the changed tasks of the database that most parts share. */
  private final int[] versions = Requests.unchanged();

  private Bench(BenchOptions options, Path jar) throws GeneralSecurityException {
    this.options = options;
    this.jar = jar;
  }

  /**
   * Exit codes: 1 a measurement failed, 2 invalid arguments. A missed target is reported and is not
   * an error.
   */
  public static void main(String[] arguments) throws Exception {
    Logger.getLogger("").setLevel(Level.WARNING);
    try {
      BenchOptions options = BenchOptions.parse(List.of(arguments));
      Files.createDirectories(HOME);
      new Bench(options, options.jar() == null ? packaged() : options.jar()).run();
      System.exit(0);
    } catch (Arguments.Invalid e) {
      System.err.println("./bench: " + e.getMessage() + "; --help lists the options");
      System.exit(2);
    } catch (IOException | UncheckedIOException | IllegalStateException e) {
      System.err.println("./bench failed: " + e.getMessage());
      System.exit(1);
    }
  }

  private static Path packaged() throws IOException {
    try (var files = Files.list(Path.of("target"))) {
      return files
          .filter(file -> file.getFileName().toString().matches("perpetua-flow-.*\\.jar"))
          .findFirst()
          .orElseThrow(() -> new IOException("no target/perpetua-flow-*.jar"));
    }
  }

  private void run() throws IOException, SQLException, InterruptedException {
    try (Database database = new Database(HOME)) {
      Files.deleteIfExists(log());
      print(
          "%s, %d cores, JDK %s, %s",
          jar.getFileName(),
          Runtime.getRuntime().availableProcessors(),
          System.getProperty("java.version"),
          PgBench.version().isEmpty() ? "no pgbench" : PgBench.version());
      measure(database);
    }
  }

  private void measure(Database database) throws IOException, SQLException, InterruptedException {
    EnumSet<BenchOptions.Part> left = EnumSet.copyOf(options.parts());
    // Parts that need no special configuration share this process.
    try (Service service = start(database, Map.of())) {
      database.load();
      print("Loaded %d users with %d tasks each.", Database.USERS, Database.TASKS_EACH);
      for (BenchOptions.Part part : EnumSet.of(READS, WRITES, COMPLETIONS)) {
        if (left.remove(part)) {
          run(part, database, service);
        }
      }
    }
    for (BenchOptions.Part part : left) {
      run(part, database);
    }
    database.checkInvariants();
    print("All queries of invariants.sql hold.");
  }

  private void run(BenchOptions.Part part, Database database, Service service)
      throws IOException, SQLException, InterruptedException {
    Requests requests = requests(Throughput.CONNECTIONS);
    if (part == COMPLETIONS) {
      new Completions(database, options, Bench::print)
          .run(new Driver(service.port(), Throughput.CONNECTIONS, requests));
    } else if (PgBench.version().isEmpty()) {
      print(
          "Skipping %s: pgbench is not installed (apt-get install postgresql-contrib)",
          part.title());
    } else {
      new Throughput(database, HOME, options, Bench::print).run(service, requests, part == WRITES);
    }
  }

  private void run(BenchOptions.Part part, Database database)
      throws IOException, SQLException, InterruptedException {
    switch (part) {
      case READS, WRITES, COMPLETIONS -> throw new AssertionError(part + " shares a service");
      case TRIPS -> new Trips(database, Bench::print).run(this::start, requests(1));
      case PEERS ->
          new Peers(database, HOME.resolve("peers"), options.quick(), Bench::print)
              .run(this::startLikeImage, key::proToken, key.publicPem());
      case RELEASES ->
          new Peers(database, HOME.resolve("peers"), options.quick(), Bench::print)
              .compareReleases(
                  this::startLikeImage,
                  (url, log) ->
                      startLikeImage(
                          Objects.requireNonNull(options.former()), url, log, "api", Map.of()),
                  key::proToken);
      case SCALE ->
          new Scale(database, options.quick(), Bench::print)
              .run(url -> startLikeImage(url, log()), key::token);
      case JOBS -> new Queues(database, HOME, options, Bench::print).run();
      case REMINDERS ->
          new DueReminders(database, options, Bench::print)
              .run(jvm -> new Service(jar, jvm, "worker", environment(database), log()));
      case WEBHOOKS -> {
        Map<String, String> signed = Map.of("CHECKOUT_WEBHOOK_SECRET", ArrivingWebhooks.SECRET);
        try (Service service = start(database, signed)) {
          new ArrivingWebhooks(database, options, Bench::print).run(service.port());
        }
      }
      case SPENDS -> {
        try (Spends spends = new Spends(database, options, Bench::print)) {
          spends.run();
        }
      }
      case CHATS ->
          new Chats(database, key::token, options, HOME, Bench::print)
              .run(overrides -> start(database, overrides));
      case VOICE ->
          new Voices(database, HOME, options, Bench::print, key::token)
              .run(overrides -> start(database, overrides));
      case OVERLOAD -> {
        try (Service service = start(database, Map.of())) {
          new Overload(options, Bench::print).run(service, requests(OpenLoop.CONNECTIONS));
        }
      }
      case EVENTS -> {
        Map<String, String> unlimited =
            Map.of(
                "MAX_CONNECTIONS_PER_ADDRESS", "10000",
                "FREE_MAX_TASKS", "1000000",
                "RATE_LIMIT_GENERAL", "1000000");
        String url = database.url(database.port());
        new EventDelays(database, options, key::token, Bench::print)
            .run(() -> startLikeImage(url, log(), "api", unlimited), requests(1));
      }
      case PROGRAMS -> {
        try (Service service = start(database, Programs.SETTINGS)) {
          new Programs(options, Bench::print).run(service, key.token(0));
        }
      }
      case REDIS ->
          new SharedLimits(options, Bench::print)
              .run(overrides -> start(database, overrides), this::requests);
      case CURVES ->
          new Curves(database, options.quick(), Bench::print)
              .run(url -> startLikeImage(url, log()), key::token);
      case SOAK ->
          new Soak(database, options.minutes(), Bench::print)
              .run(
                  overrides ->
                      startLikeImage(database.url(database.port()), log(), "all", overrides),
                  requests(OpenLoop.CONNECTIONS),
                  key::token);
      case START ->
          new Startup(jar, HOME, environment(database), options.starts())
              .run(this::train, Bench::print);
    }
  }

  private Requests requests(int connections) {
    return new Requests(connections, key::token, versions);
  }

  /** Sends requests of each kind, to train an AOT cache. */
  private void train(Service service) throws IOException {
    Driver driver = new Driver(service.port(), 1, requests(1));
    driver.times(Operation.LIST, 100);
    driver.times(Operation.SHOW, 100);
    driver.times(Operation.PATCH, 100);
    driver.times(Operation.CREATE, 100);
  }

  private Service start(Database database, Map<String, String> overrides) throws IOException {
    return start(database.url(database.port()), overrides);
  }

  private Service start(String databaseUrl, Map<String, String> overrides) throws IOException {
    return new Service(jar, options.jvm(), "api", environment(databaseUrl, overrides), log());
  }

  /**
   * Starts the service with the JVM options and the heap of the image, unless others were given.
   */
  private Service startLikeImage(String databaseUrl, Path log) throws IOException {
    return startLikeImage(databaseUrl, log, "api", Map.of());
  }

  private Service startLikeImage(
      String databaseUrl, Path log, String role, Map<String, String> overrides) throws IOException {
    return startLikeImage(jar, databaseUrl, log, role, overrides);
  }

  private Service startLikeImage(
      Path release, String databaseUrl, Path log, String role, Map<String, String> overrides)
      throws IOException {
    List<String> jvm = new ArrayList<>(options.jvm());
    if (jvm.equals(BenchOptions.DEFAULT_JVM)) {
      jvm.clear();
      jvm.add("-Xmx256m");
      Files.readAllLines(Path.of("deploy/java.options")).stream()
          .filter(line -> line.startsWith("-"))
          .forEach(jvm::add);
    }
    return new Service(release, jvm, role, environment(databaseUrl, overrides), log);
  }

  private Map<String, String> environment(Database database) {
    return environment(database.url(database.port()), Map.of());
  }

  private Map<String, String> environment(String databaseUrl, Map<String, String> overrides) {
    Map<String, String> all = new HashMap<>(environment);
    all.put("DATABASE_URL", databaseUrl);
    all.putAll(overrides);
    return all;
  }

  private static Path log() {
    return HOME.resolve("service.log");
  }

  private static void print(String format, Object... values) {
    System.out.printf(Locale.ROOT, format + "%n", values);
  }
}
