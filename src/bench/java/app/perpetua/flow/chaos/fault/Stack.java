package app.perpetua.flow.chaos.fault;

import app.perpetua.flow.base.Secret;
import app.perpetua.flow.chaos.load.Client;
import app.perpetua.flow.chaos.load.Person;
import app.perpetua.flow.chaos.wire.PgProxy;
import app.perpetua.flow.fake.FakeCheckout;
import app.perpetua.flow.fake.FakeDeepgram;
import app.perpetua.flow.fake.FakeGoogle;
import app.perpetua.flow.fake.FakeOpenAi;
import app.perpetua.flow.harness.Api;
import app.perpetua.flow.harness.Contract;
import app.perpetua.flow.harness.FreePort;
import app.perpetua.flow.harness.SigningKey;
import app.perpetua.flow.harness.process.AotCache;
import app.perpetua.flow.harness.process.FragilePostgres;
import app.perpetua.flow.harness.process.Jar;
import app.perpetua.flow.sql.TcpProxy;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * PostgreSQL, the API and a worker as processes, the provider fakes in this one, and a proxy
 * between any two of them. For one thread.
 */
public final class Stack implements AutoCloseable {
  /** Time for all calls of a model that one request makes. */
  static final Duration AI_TIMEOUT = Duration.ofSeconds(2);

  private static final int KICKSTART = 1_000_000;
  private static final String MANY = "1000000";
  private static final int SIGN_IN_ATTEMPTS = 5;

  private final Path home;
  private final FragilePostgres postgres = new FragilePostgres();
  private final FakeGoogle google = new FakeGoogle(Clock.systemUTC());
  private final FakeOpenAi openAi = new FakeOpenAi();
  private final FakeDeepgram deepgram = new FakeDeepgram();
  private final FakeCheckout checkout = new FakeCheckout(Clock.systemUTC());
  private final List<TcpProxy> providers = new ArrayList<>();
  private final Map<String, String> environment = new HashMap<>();
  private final Set<Jar> launched = ConcurrentHashMap.newKeySet();
  private final int apiPort = FreePort.find();
  private final int workerPort = FreePort.find();
  private final PgProxy apiProxy;
  private final PgProxy workerProxy;
  private final Client client = new Client(URI.create("http://127.0.0.1:" + apiPort));
  private final List<Duration> signIns = new ArrayList<>();
  private volatile boolean isAborted;
  private @Nullable Jar api;
  private @Nullable Jar worker;

  /**
   * Starts everything.
   *
   * @param home directory of the logs
   * @param data directory of the database; it is emptied
   */
  public Stack(Path home, Path data) throws IOException {
    this.home = home;
    // Takes seconds, in which the processes start.
    Thread.ofVirtual().start(Contract::current);
    postgres.start(data, home.resolve("postgres.log"));
    apiProxy = new PgProxy(postgresPort());
    workerProxy = new PgProxy(postgresPort());
    environment.put("JWT_PRIVATE_KEY", SigningKey.pem());
    environment.put("JWT_ACCESS_EXPIRY_MINUTES", "1440");
    environment.put("GOOGLE_CLIENT_ID", FakeGoogle.CLIENT_ID);
    environment.put("GOOGLE_JWKS_URL", google.jwksUrl().toString());
    environment.put("OPENAI_API_KEY", FakeOpenAi.KEY);
    environment.put("OPENAI_BASE_URL", origin(openAi.baseUrl()));
    environment.put("AI_TIMEOUT_SECONDS", Long.toString(AI_TIMEOUT.toSeconds()));
    environment.put("AI_SILENCE_SECONDS", Long.toString(AI_TIMEOUT.toSeconds()));
    environment.put("DEEPGRAM_API_KEY", FakeDeepgram.KEY);
    environment.put("DEEPGRAM_BASE_URL", origin(URI.create(deepgram.origin())));
    environment.put("AUDIO_HOSTS", "http://recordings.test");
    environment.put("CHECKOUT_SECRET_KEY", FakeCheckout.SECRET_KEY);
    environment.put("CHECKOUT_BASE_URL", origin(checkout.baseUrl()));
    environment.put("CHECKOUT_WEBHOOK_SECRET", FakeCheckout.WEBHOOK_SECRET);
    environment.put("KICKSTART_CREDITS", Integer.toString(KICKSTART));
    // Otherwise each day would change the balances.
    environment.put("PRO_DAILY_CREDITS", "0");
    environment.put("MAX_REMINDERS", "100");
    environment.put("SHUTDOWN_DELAY_SECONDS", "0");
    environment.put("LOG_LINES_PER_SECOND", "0");
    for (String limit :
        List.of(
            "RATE_LIMIT_GENERAL",
            "RATE_LIMIT_AI",
            "RATE_LIMIT_AUTH",
            "FREE_MAX_TASKS",
            "FREE_MAX_NOTES",
            "PRO_MAX_TASKS",
            "PRO_MAX_NOTES",
            "CREDIT_PURCHASE_MONTHLY")) {
      environment.put(limit, MANY);
    }
    AotCache.record(options -> launch(options, apiPort, "--role=all", Map.of()));
    Jar started = startApi(Map.of());
    startWorker(Map.of()).awaitReady();
    started.awaitReady();
  }

  /** The origin of a proxy in front of a provider. */
  private String origin(URI provider) throws IOException {
    TcpProxy proxy = new TcpProxy(provider.getPort());
    providers.add(proxy);
    return "http://127.0.0.1:" + proxy.port() + provider.getPath();
  }

  private int postgresPort() {
    return URI.create(postgres.url().jdbcUrl().substring("jdbc:".length())).getPort();
  }

  /** Starts the API on its port, which must be free. */
  Jar startApi(Map<String, String> more) {
    api = launch(List.of(), apiPort, "--role=api", more);
    return api;
  }

  /** Starts the worker. */
  Jar startWorker(Map<String, String> more) {
    worker = launch(List.of(), workerPort, "--role=worker", more);
    return worker;
  }

  /** Starts a process of all roles on another database of the server, without a proxy. */
  Jar startOn(String database) {
    return launch(
        List.of(),
        FreePort.find(),
        "--role=all",
        Map.of("DATABASE_URL", databaseUrl(postgresPort(), database)));
  }

  private Jar launch(List<String> options, int port, String role, Map<String, String> more) {
    Map<String, String> complete = new HashMap<>(environment);
    complete.put("PORT", Integer.toString(port));
    PgProxy proxy = role.equals("--role=worker") ? workerProxy : apiProxy;
    complete.put("DATABASE_URL", databaseUrl(proxy.port(), "postgres"));
    complete.putAll(more);
    Path log = home.resolve(role.substring("--role=".length()) + ".log");
    Jar jar = Jar.logging(log, options, complete, port, role);
    launched.removeIf(earlier -> !earlier.isAlive());
    launched.add(jar);
    if (isAborted) {
      jar.close();
      throw new IllegalStateException("interrupted");
    }
    return jar;
  }

  private static String databaseUrl(int port, String name) {
    return "postgresql://postgres:postgres@127.0.0.1:" + port + "/" + name;
  }

  Jar api() {
    return Objects.requireNonNull(api);
  }

  Jar worker() {
    return Objects.requireNonNull(worker);
  }

  /** The proxy between API and database. */
  PgProxy apiProxy() {
    return apiProxy;
  }

  /** The proxy between worker and database. */
  PgProxy workerProxy() {
    return workerProxy;
  }

  /** The database server. */
  public FragilePostgres postgres() {
    return postgres;
  }

  FakeOpenAi openAi() {
    return openAi;
  }

  FakeDeepgram deepgram() {
    return deepgram;
  }

  FakeCheckout checkout() {
    return checkout;
  }

  /** The proxies in front of the providers. */
  List<TcpProxy> providers() {
    return List.copyOf(providers);
  }

  /** Directory of logs. */
  Path home() {
    return home;
  }

  /** Whether this process was interrupted. */
  public boolean isAborted() {
    return isAborted;
  }

  /** Whether both processes run. */
  public boolean isAlive() {
    return api().isAlive() && worker().isAlive();
  }

  /** Writes a line into each log, to find the part of a run. */
  public void mark(String title) throws IOException {
    for (String log : List.of("api.log", "worker.log", "postgres.log")) {
      Files.writeString(
          home.resolve(log),
          "--- " + title + "\n",
          StandardOpenOption.CREATE,
          StandardOpenOption.APPEND);
    }
  }

  /** A connection past the proxies; the caller closes it. */
  public Connection connect() throws SQLException {
    String password = postgres.url().password().map(Secret::value).orElse("");
    return DriverManager.getConnection(postgres.url().jdbcUrl(), "postgres", password);
  }

  /** Signs people in. */
  public List<Person> people(int workers, int spenders) throws SQLException {
    List<Person> people = new ArrayList<>();
    try (Api visitor = new Api(api().uri())) {
      // The first request waits until this process has read the contract.
      visitor.get("/health/live").expect(200);
      for (int i = 0; i < workers + spenders; i++) {
        people.add(signIn(visitor, i >= workers));
      }
    }
    return people;
  }

  private Person signIn(Api visitor, boolean spends) throws SQLException {
    String token = google.idToken("google-" + UUID.randomUUID()).sign();
    Map<String, String> body = Map.of("id_token", token);
    long begun = System.nanoTime();
    Api.Answer answer = visitor.post("/api/v1/auth/google/callback", body);
    for (int i = 1; answer.status() == 503 && i < SIGN_IN_ATTEMPTS; i++) {
      answer = visitor.post("/api/v1/auth/google/callback", body);
    }
    JsonNode session = answer.expect(200).json();
    signIns.add(Duration.ofNanos(System.nanoTime() - begun));
    UUID id = UUID.fromString(session.at("/user/id").asString(""));
    if (spends) {
      // Transcription requires Pro.
      postgres.execute("update auth.users set tier = 'pro' where id = '" + id + "'");
    }
    String access = session.path("access_token").asString("");
    return new Person(id, access, spends, KICKSTART, client, checkout);
  }

  /** The times from a person's first request to the session, with repetitions after 503. */
  public List<Duration> signIns() {
    return List.copyOf(signIns);
  }

  /** Kills all processes, from any thread, when this process is interrupted. */
  public void abort() throws IOException {
    isAborted = true;
    launched.forEach(Jar::close);
    postgres.close();
  }

  /**
   * Stops everything.
   *
   * @throws AssertionError if a provider received what the real one would reject
   */
  @Override
  public void close() throws IOException {
    apiProxy.heal();
    workerProxy.heal();
    launched.forEach(Jar::close);
    client.close();
    apiProxy.close();
    workerProxy.close();
    for (TcpProxy proxy : providers) {
      proxy.close();
    }
    postgres.close();
    google.close();
    openAi.close();
    deepgram.close();
    checkout.close();
  }
}
