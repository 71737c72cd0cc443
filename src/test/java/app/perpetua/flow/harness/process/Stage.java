package app.perpetua.flow.harness.process;

import app.perpetua.flow.base.Secret;
import app.perpetua.flow.fake.FakeGoogle;
import app.perpetua.flow.harness.Api;
import app.perpetua.flow.harness.FreePort;
import app.perpetua.flow.harness.SigningKey;
import app.perpetua.flow.harness.TestDatabase;
import app.perpetua.flow.harness.TestService;
import app.perpetua.flow.sql.connection.DatabaseUrl;
import java.net.InetSocketAddress;
import java.net.URI;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import tools.jackson.databind.JsonNode;

/**
 * The surroundings of the service's processes: a database, a fake Google, an environment. Stops the
 * processes of each test after it. Register it after the database. Not thread-safe.
 */
public final class Stage implements BeforeAllCallback, AfterEachCallback, AfterAllCallback {
  private static final int SIGN_IN_ATTEMPTS = 5;
  private static final Duration DATABASE_LIMIT = Duration.ofSeconds(60);

  private final Supplier<DatabaseUrl> database;
  private final List<Jar> jars = new ArrayList<>();
  private final List<Api> clients = new ArrayList<>();
  private @Nullable FakeGoogle google;

  /** A stage with that database. */
  public Stage(TestDatabase database) {
    this(database::url);
  }

  /** A stage with the database at that URL, which it needs when the tests begin. */
  public Stage(Supplier<DatabaseUrl> database) {
    this.database = database;
  }

  @Override
  public void beforeAll(ExtensionContext context) {
    google = new FakeGoogle(Clock.systemUTC());
    // Its own database, so that the first class finds its database as empty as the others do.
    String empty = "perpetua_cache_" + UUID.randomUUID().toString().replace('-', '_');
    boolean recorded =
        AotCache.record(
            options -> {
              run("create database " + empty);
              return startWith(options, FreePort.find(), environmentOf(empty), "--role=all");
            });
    if (recorded) {
      run("drop database " + empty + " with (force)");
    }
  }

  private void run(String sql) {
    try (Connection connection =
            database
                .get()
                .source("perpetua-flow tests", DATABASE_LIMIT, DATABASE_LIMIT, DATABASE_LIMIT)
                .getConnection();
        Statement statement = connection.createStatement()) {
      statement.execute(sql);
    } catch (SQLException e) {
      throw new IllegalStateException(sql, e);
    }
  }

  @Override
  public void afterEach(ExtensionContext context) {
    clients.forEach(Api::close);
    clients.clear();
    jars.forEach(Jar::close);
    jars.clear();
  }

  @Override
  public void afterAll(ExtensionContext context) {
    google().close();
  }

  /** The identity provider. */
  public FakeGoogle google() {
    return Objects.requireNonNull(google, "only between beforeAll and afterAll");
  }

  /** The address of the database server. */
  public InetSocketAddress databaseAddress() {
    URI url = URI.create(url(database.get()));
    return new InetSocketAddress(url.getHost(), url.getPort());
  }

  /** A complete environment without a port; mutable. */
  public Map<String, String> environment() {
    Map<String, String> environment = new HashMap<>();
    environment.put("DATABASE_URL", url(database.get()));
    environment.put("JWT_PRIVATE_KEY", SigningKey.pem());
    environment.put("GOOGLE_CLIENT_ID", FakeGoogle.CLIENT_ID);
    environment.put("GOOGLE_JWKS_URL", google().jwksUrl().toString());
    environment.put("RATE_LIMIT_GENERAL", "1000000");
    environment.put("RATE_LIMIT_AI", "1000000");
    environment.put("RATE_LIMIT_AUTH", "1000000");
    environment.put("SHUTDOWN_DELAY_SECONDS", "0");
    return environment;
  }

  /** Same, with a database proxy on that loopback port, which migrations bypass. */
  public Map<String, String> environmentThrough(int port) {
    Map<String, String> environment = environment();
    String direct = url(database.get());
    environment.put("DATABASE_DIRECT_URL", direct);
    // Hooks look for the text of statements, which the driver does not repeat for prepared ones.
    environment.put("DATABASE_PREPARED_STATEMENTS", "off");
    environment.put("DATABASE_URL", direct.replaceFirst("@[^/]+/", "@127.0.0.1:" + port + "/"));
    return environment;
  }

  /** The environment of another database of the same server. */
  public Map<String, String> environmentOf(String databaseName) {
    Map<String, String> environment = environment();
    environment.put(
        "DATABASE_URL", url(database.get()).replaceFirst("/[^/?]+(\\?|$)", "/" + databaseName));
    return environment;
  }

  /** Same, on a given port. */
  public Map<String, String> environmentOn(int port) {
    Map<String, String> environment = environment();
    environment.put("PORT", Integer.toString(port));
    return environment;
  }

  /** Starts a process on a free port; {@link Jar#awaitReady} waits for it. */
  public Jar start(Map<String, String> environment, String... arguments) {
    return startOn(FreePort.find(), environment, arguments);
  }

  /** Starts a process on that port. */
  public Jar startOn(int port, Map<String, String> environment, String... arguments) {
    return startWith(List.of(), port, environment, arguments);
  }

  /** Starts a process whose JVM has these options. */
  public Jar startWith(
      List<String> options, int port, Map<String, String> environment, String... arguments) {
    Map<String, String> complete = new HashMap<>(environment);
    complete.putIfAbsent("PORT", Integer.toString(port));
    Jar jar = new Jar(Jar.java(), options, complete, port, arguments);
    jars.add(jar);
    return jar;
  }

  /** A client of that process. */
  public Api api(Jar jar) {
    Api api = new Api(jar.uri());
    clients.add(api);
    return api;
  }

  /** Signs a new user in there. */
  public TestService.Session newUser(Api api) {
    String idToken = google().idToken("google-" + UUID.randomUUID()).sign();
    Api.Answer signedIn = signIn(api, idToken);
    for (int attempt = 1; signedIn.status() == 503 && attempt < SIGN_IN_ATTEMPTS; attempt++) {
      // A busy machine may exceed the time-out to Google; without keys, the next sign-in fetches
      // them again.
      signedIn = signIn(api, idToken);
    }
    JsonNode answer = signedIn.expect(200).json();
    String token = answer.get("access_token").stringValue();
    return new TestService.Session(
        UUID.fromString(answer.at("/user/id").stringValue()),
        token,
        answer.get("refresh_token").stringValue(),
        api.as(token));
  }

  private static Api.Answer signIn(Api api, String idToken) {
    return api.post("/api/v1/auth/google/callback", Map.of("id_token", idToken));
  }

  private static String url(DatabaseUrl url) {
    String credentials =
        url.user().orElseThrow() + ":" + url.password().map(Secret::value).orElse("");
    return url.jdbcUrl().replace("jdbc:postgresql://", "postgresql://" + credentials + "@");
  }
}
