package app.perpetua.flow.bench;

import app.perpetua.flow.account.AccessTokens;
import app.perpetua.flow.account.AccountConfig;
import app.perpetua.flow.base.Ids;
import app.perpetua.flow.base.Secret;
import app.perpetua.flow.bench.process.CpuTime;
import app.perpetua.flow.bench.process.Database;
import app.perpetua.flow.bench.process.RoundTrips;
import app.perpetua.flow.bench.process.Service;
import app.perpetua.flow.sql.LockedUser;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyPairGenerator;
import java.security.interfaces.RSAPrivateCrtKey;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.stream.IntStream;

/** Entry point of {@code ./bench}, which docs/benchmarks.md describes. Prints a report. */
final class Bench {
  private static final int CONNECTIONS = 64;

  /** The default of the service's pool size. */
  static final int POOL = 12;

  private static final Duration TOKEN_LIFETIME = Duration.ofHours(2);
  private static final Path HOME = Path.of("target/bench");

  private static final double READ_TARGET = 0.5;
  private static final double WRITE_TARGET = 0.6;

  private final BenchOptions options;
  private final Path jar;
  private final Map<String, String> environment;
  private final List<String> tokens;
  private final int[] versions = Requests.unchanged();

  private Bench(BenchOptions options, Path jar) throws GeneralSecurityException {
    this.options = options;
    this.jar = jar;
    KeyPairGenerator generator = KeyPairGenerator.getInstance("RSA");
    generator.initialize(2048);
    RSAPrivateCrtKey key = (RSAPrivateCrtKey) generator.generateKeyPair().getPrivate();
    this.environment =
        Map.of(
            "JWT_PRIVATE_KEY", pem(key),
            "JWT_ACCESS_EXPIRY_MINUTES", Long.toString(TOKEN_LIFETIME.toMinutes()),
            "GOOGLE_CLIENT_ID", "bench",
            "RATE_LIMIT_GENERAL", "100000000",
            "FREE_MAX_TASKS", "1000000",
            "SHUTDOWN_DELAY_SECONDS", "0");
    AccessTokens issuer =
        new AccessTokens(
            new AccountConfig(
                key,
                List.of(),
                TOKEN_LIFETIME,
                TOKEN_LIFETIME,
                new Secret("unused"),
                List.of(new Secret("unused")),
                Set.of("bench"),
                URI.create("http://127.0.0.1/unused"),
                0),
            new Ids(),
            Clock.systemUTC());
    this.tokens =
        IntStream.range(0, Database.USERS)
            .mapToObj(
                user ->
                    issuer.issue(
                        UUID.fromString(Database.user(user)),
                        Database.user(user),
                        "user" + (user + 1) + "@example.com",
                        LockedUser.Tier.FREE))
            .toList();
  }

  /**
   * Exit codes: 1 a measurement failed, 2 invalid arguments. A missed target is reported and is not
   * an error.
   */
  public static void main(String[] arguments) throws Exception {
    Logger.getLogger("").setLevel(Level.WARNING);
    try {
      BenchOptions options = BenchOptions.parse(List.of(arguments));
      if (PgBench.version().isEmpty()) {
        throw new IOException("pgbench is not installed: apt-get install postgresql-contrib");
      }
      Files.createDirectories(HOME);
      new Bench(options, options.jar() == null ? packaged() : options.jar()).run();
      System.exit(0);
    } catch (BenchOptions.Misused e) {
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
          PgBench.version());
      try (Service service = start(database.url(database.port()), Map.of())) {
        database.load();
        print("Loaded %d users with %d tasks each.", Database.USERS, Database.TASKS_EACH);
        if (options.runs(BenchOptions.Part.READS) || options.runs(BenchOptions.Part.WRITES)) {
          throughput(database, service);
        }
        if (options.runs(BenchOptions.Part.COMPLETIONS)) {
          Requests requests = new Requests(CONNECTIONS, tokens::get, versions);
          new Completions(database, options, Bench::print)
              .run(new Driver(service.port(), CONNECTIONS, requests));
        }
      }
      if (options.runs(BenchOptions.Part.TRIPS)) {
        roundTrips(database);
      }
      if (options.runs(BenchOptions.Part.JOBS)) {
        new Queues(database, HOME, options, Bench::print).run();
      }
      if (options.runs(BenchOptions.Part.REMINDERS)) {
        new DueReminders(database, options, Bench::print)
            .run(jvm -> new Service(jar, jvm, "worker", started(database), log()));
      }
      if (options.runs(BenchOptions.Part.WEBHOOKS)) {
        Map<String, String> signed = Map.of("CHECKOUT_WEBHOOK_SECRET", ArrivingWebhooks.SECRET);
        try (Service service = start(database.url(database.port()), signed)) {
          new ArrivingWebhooks(database, options, Bench::print).run(service.port());
        }
      }
      if (options.runs(BenchOptions.Part.SPENDS)) {
        try (Spends spends = new Spends(database, options, Bench::print)) {
          spends.run();
        }
      }
      if (options.runs(BenchOptions.Part.CHATS)) {
        new Chats(database, tokens::get, options, HOME, Bench::print)
            .run(overrides -> start(database.url(database.port()), overrides));
      }
      if (options.runs(BenchOptions.Part.VOICE)) {
        new Voices(database, HOME, options, Bench::print, tokens::get)
            .run(overrides -> start(database.url(database.port()), overrides));
      }
      database.checkInvariants();
      print("All queries of invariants.sql hold.");
      if (options.runs(BenchOptions.Part.START)) {
        new Startup(jar, HOME, started(database), options.starts()).run(this::train, Bench::print);
      }
    }
  }

  private void throughput(Database database, Service service)
      throws IOException, SQLException, InterruptedException {
    Requests requests = new Requests(CONNECTIONS, tokens::get, versions);
    Driver driver = new Driver(service.port(), CONNECTIONS, requests);
    PgBench pgbench = new PgBench(database, HOME, CONNECTIONS);
    PgBench fewer = new PgBench(database, HOME, POOL);
    print("");
    print(
        "%d connections, %d windows of %d s each:",
        CONNECTIONS, options.windows(), options.seconds());
    print(
        "%-20s %9s %7s %7s %9s %6s %5s | %s",
        "", "requests", "p50", "p99", "pgbench", "", "", "CPU of all cores, %");
    print(
        "%-20s %9s %7s %7s %9s %6s %5s | %6s %7s %8s %6s | %s",
        "",
        "/s",
        "ms",
        "ms",
        "/s",
        "ratio",
        "target",
        "driver",
        "service",
        "postgres",
        "others",
        "µs/request: service, postgres; pgbench, postgres");
    for (Operation operation : Operation.values()) {
      if (operation.compared()
          && options.runs(
              operation.writes() ? BenchOptions.Part.WRITES : BenchOptions.Part.READS)) {
        Comparison comparison = new Comparison();
        driver.atFullSpeed(operation, options.warmUp());
        for (int i = 0; i < options.windows(); i++) {
          compare(operation, database, service, driver, pgbench, comparison);
        }
        report(operation, comparison);
        database.vacuum();
        double half = comparison.servicePerSecond() / 2;
        Latencies paced = driver.atPace(operation, options.window(), half);
        print(
            "%-20s %9.0f %7.2f %7.2f   p99 at half load, target < 25 ms: %s",
            "",
            paced.size() / (double) options.seconds(),
            millis(paced.percentile(0.5)),
            millis(paced.percentile(0.99)),
            millis(paced.percentile(0.99)) < 25 ? "met" : "MISSED");
        if (!options.quick()) {
          PgBench.Result few = fewer.run(operation, options.window());
          print(
              "%-20s %37.0f %6.2f       pgbench with %d clients, the size of the pool",
              "", few.perSecond(), comparison.servicePerSecond() / few.perSecond(), POOL);
        }
      }
    }
  }

  private void compare(
      Operation operation,
      Database database,
      Service service,
      Driver driver,
      PgBench pgbench,
      Comparison comparison)
      throws IOException, SQLException, InterruptedException {
    database.vacuum();
    CpuTime start = CpuTime.of(service.pid(), database.pid());
    Latencies latencies = driver.atFullSpeed(operation, options.window());
    comparison.service(latencies, CpuTime.of(service.pid(), database.pid()).since(start));
    database.vacuum();
    start = CpuTime.of(service.pid(), database.pid());
    PgBench.Result result = pgbench.run(operation, options.window());
    comparison.pgbench(
        result.perSecond(),
        options.window(),
        CpuTime.of(service.pid(), database.pid()).since(start));
  }

  private static void report(Operation operation, Comparison measured) throws IOException {
    double target = operation.writes() ? WRITE_TARGET : READ_TARGET;
    CpuTime cpu = measured.serviceCpu();
    CpuTime other = measured.pgbenchCpu();
    long answered = measured.latencies().size();
    print(
        "%-20s %9.0f %7.2f %7.2f %9.0f %6.2f %5s | %6.0f %7.0f %8.0f %6.0f | %.0f, %.0f; %.0f, %.0f",
        operation.title(),
        measured.servicePerSecond(),
        millis(measured.latencies().percentile(0.5)),
        millis(measured.latencies().percentile(0.99)),
        measured.pgbenchPerSecond(),
        measured.ratio(),
        (measured.ratio() >= target ? "≥" : "<") + target,
        cpu.percent(cpu.driver()),
        cpu.percent(cpu.service()),
        cpu.percent(cpu.postgres()),
        cpu.percent(cpu.others()),
        CpuTime.each(cpu.service(), answered),
        CpuTime.each(cpu.postgres(), answered),
        CpuTime.each(other.pgbench(), measured.transactions()),
        CpuTime.each(other.postgres(), measured.transactions()));
    long refused = measured.latencies().refused();
    if (refused > 0) {
      print("%-20s %9d responses with 503", "", refused);
    }
    // A slow machine may be overloaded at times; mostly 503 means that the service does not work.
    if (refused >= answered) {
      throw new IOException(operation.title() + " was mostly answered with 503, " + log());
    }
  }

  /** Uses one connection and one request at a time, after enough requests to prepare statements. */
  private void roundTrips(Database database) throws IOException, SQLException {
    int count = 20;
    try (RoundTrips counter = new RoundTrips(database.port());
        Service service = start(database.url(counter.port()), Map.of("DATABASE_POOL_SIZE", "1"))) {
      Requests requests = new Requests(1, tokens::get, versions);
      Driver driver = new Driver(service.port(), 1, requests);
      print("");
      print(
          "Database round trips, including begin and commit; target: 1 for a read, 3 for a write with"
              + " a key, 4 for a completion:");
      for (Operation operation : Operation.values()) {
        driver.times(operation, count);
        long before = counter.busiest();
        driver.times(operation, count);
        print("  %-30s %.2f", operation.title(), (counter.busiest() - before) / (double) count);
      }
      database.reopen();
    }
  }

  /** Sends requests of each kind, to train an AOT cache. */
  private void train(Service service) throws IOException {
    Driver driver = new Driver(service.port(), 1, new Requests(1, tokens::get, versions));
    driver.times(Operation.LIST, 100);
    driver.times(Operation.SHOW, 100);
    driver.times(Operation.PATCH, 100);
    driver.times(Operation.CREATE, 100);
  }

  private Service start(String databaseUrl, Map<String, String> overrides) throws IOException {
    return new Service(jar, options.jvm(), "api", started(databaseUrl, overrides), log());
  }

  private Map<String, String> started(Database database) {
    return started(database.url(database.port()), Map.of());
  }

  private Map<String, String> started(String databaseUrl, Map<String, String> overrides) {
    Map<String, String> all = new HashMap<>(environment);
    all.put("DATABASE_URL", databaseUrl);
    all.putAll(overrides);
    return all;
  }

  private static String pem(RSAPrivateCrtKey key) {
    return "-----BEGIN PRIVATE KEY-----\n"
        + Base64.getMimeEncoder().encodeToString(key.getEncoded())
        + "\n-----END PRIVATE KEY-----\n";
  }

  private static Path log() {
    return HOME.resolve("service.log");
  }

  private static double millis(Duration duration) {
    return duration.toNanos() / 1e6;
  }

  private static void print(String format, Object... values) {
    System.out.printf(Locale.ROOT, format + "%n", values);
  }
}
