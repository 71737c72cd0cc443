package app.perpetua.flow.harness;

import app.perpetua.flow.App;
import app.perpetua.flow.Config;
import app.perpetua.flow.Role;
import app.perpetua.flow.base.Secret;
import app.perpetua.flow.fake.FakeCheckout;
import app.perpetua.flow.fake.FakeDeepgram;
import app.perpetua.flow.fake.FakeGoogle;
import app.perpetua.flow.fake.FakeOpenAi;
import app.perpetua.flow.fake.FakePushService;
import app.perpetua.flow.fake.VapidKeys;
import app.perpetua.flow.harness.time.MutableClock;
import app.perpetua.flow.jobs.Worker;
import app.perpetua.flow.sql.connection.DatabaseUrl;
import app.perpetua.flow.voice.VoiceTiming;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import java.util.function.ToIntFunction;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import tools.jackson.databind.JsonNode;

/**
 * The whole service over real sockets, with a fake Google, push service, OpenAI, Checkout.com and
 * Deepgram, for one test class:
 *
 * <pre>{@code
 * @Order(1) @RegisterExtension static final TestDatabase database = new TestDatabase();
 * @Order(2) @RegisterExtension static final TestService service = new TestService(database);
 * }</pre>
 *
 * <p>Rate limits are practically off unless set. Thread-safe once started.
 */
public final class TestService implements BeforeAllCallback, AfterAllCallback {
  /**
   * A signed-in user.
   *
   * @param api a client that sends the access token
   */
  public record Session(UUID userId, String accessToken, String refreshToken, Api api) {}

  private static final String CALLBACK = "/api/v1/auth/google/callback";
  private static final int SIGN_IN_ATTEMPTS = 5;

  private final TestDatabase database;
  private final MutableClock clock = new MutableClock();
  private final Map<String, String> environment = new HashMap<>();
  private @Nullable ToIntFunction<InetSocketAddress> proxy;
  private @Nullable Tap tap;
  private @Nullable FakeGoogle google;
  private @Nullable FakePushService push;
  private @Nullable FakeCheckout checkout;
  private @Nullable FakeOpenAi openAi;
  private @Nullable FakeDeepgram deepgram;
  private @Nullable WebhookServer webhooks;
  private Role role = Role.API;
  private VoiceTiming voice = VoiceTiming.standard();
  private @Nullable App app;
  private @Nullable Api api;

  public TestService(TestDatabase database) {
    this.database = database;
    environment.put("RATE_LIMIT_GENERAL", "1000000");
    environment.put("RATE_LIMIT_AI", "1000000");
    environment.put("RATE_LIMIT_AUTH", "1000000");
    environment.put("SHUTDOWN_DELAY_SECONDS", "0");
    // Tests of all operations wait for complete answers.
    environment.put("EVENT_STREAM_SECONDS", "1");
  }

  /** Sets an environment variable. */
  public TestService with(String variable, String value) {
    environment.put(variable, value);
    return this;
  }

  /** Sets the role; without this, it answers requests and runs jobs only when it is told to. */
  public TestService with(Role role) {
    this.role = role;
    return this;
  }

  /** Sets the time limits of live sessions. */
  public TestService with(VoiceTiming timing) {
    voice = timing;
    return this;
  }

  /**
   * Connects to the database through a proxy; migrations bypass it.
   *
   * @param proxy maps the database's address to the loopback port of the proxy
   */
  public TestService through(ToIntFunction<InetSocketAddress> proxy) {
    this.proxy = proxy;
    return this;
  }

  /** Connects to the database through a {@link Tap} with this hook; migrations bypass it. */
  public TestService observedBy(Tap.Hook hook) {
    return through(
        address -> {
          try {
            tap = new Tap(address, hook);
            return tap.port();
          } catch (IOException e) {
            throw new UncheckedIOException(e);
          }
        });
  }

  @Override
  public void beforeAll(ExtensionContext context) {
    start();
  }

  /** Starts the service and the fakes; for programs without JUnit. */
  public void start() {
    google = new FakeGoogle(clock);
    push = new FakePushService(clock);
    checkout = new FakeCheckout(clock);
    openAi = new FakeOpenAi();
    deepgram = new FakeDeepgram();
    webhooks = new WebhookServer(clock);
    String direct = url(database.url());
    if (proxy == null) {
      environment.putIfAbsent("DATABASE_URL", direct);
    } else {
      URI address = URI.create(direct);
      int port = proxy.applyAsInt(new InetSocketAddress(address.getHost(), address.getPort()));
      environment.put("DATABASE_DIRECT_URL", direct);
      // Hooks look for the text of statements, which the driver does not repeat for prepared ones.
      environment.putIfAbsent("DATABASE_PREPARED_STATEMENTS", "off");
      environment.put(
          "DATABASE_URL",
          direct.replace("@" + address.getAuthority().split("@", 2)[1], "@127.0.0.1:" + port));
    }
    environment.putIfAbsent("JWT_PRIVATE_KEY", SigningKey.pem());
    environment.putIfAbsent("GOOGLE_CLIENT_ID", FakeGoogle.CLIENT_ID);
    environment.putIfAbsent("GOOGLE_JWKS_URL", google.jwksUrl().toString());
    VapidKeys.make().environment().forEach(environment::putIfAbsent);
    environment.putIfAbsent("PUSH_HOSTS", push.origin());
    environment.putIfAbsent("CHECKOUT_SECRET_KEY", FakeCheckout.SECRET_KEY);
    environment.putIfAbsent("CHECKOUT_BASE_URL", checkout.baseUrl().toString());
    environment.putIfAbsent("CHECKOUT_WEBHOOK_SECRET", FakeCheckout.WEBHOOK_SECRET);
    environment.putIfAbsent("OPENAI_API_KEY", FakeOpenAi.KEY);
    environment.putIfAbsent("OPENAI_BASE_URL", openAi.baseUrl().toString());
    environment.putIfAbsent("DEEPGRAM_API_KEY", FakeDeepgram.KEY);
    environment.putIfAbsent("DEEPGRAM_BASE_URL", deepgram.origin());
    environment.putIfAbsent("AUDIO_HOSTS", "http://recordings.test");
    environment.putIfAbsent("WEBHOOK_HOSTS", webhooks.origin() + ",*");
    environment.putIfAbsent("PORT", "0");
    app = new App(Config.load(environment), role, clock, _ -> {}, voice);
    app.start();
    api = new Api(URI.create("http://127.0.0.1:" + app.port()));
  }

  @Override
  public void afterAll(ExtensionContext context) throws IOException {
    stop();
  }

  /**
   * Stops the service and the fakes.
   *
   * @throws AssertionError if a fake received a malformed request
   */
  public void stop() throws IOException {
    api().close();
    app().close();
    google().close();
    push().close();
    checkout().close();
    openAi().close();
    deepgram().close();
    webhooks().close();
    if (tap != null) {
      tap.close();
    }
  }

  /** The clock of the service and of Google. */
  public MutableClock clock() {
    return clock;
  }

  /** The identity provider. */
  public FakeGoogle google() {
    return Objects.requireNonNull(google, "only between beforeAll and afterAll");
  }

  /** The push service whose endpoints are allowed, and its browsers. */
  public FakePushService push() {
    return Objects.requireNonNull(push, "only between beforeAll and afterAll");
  }

  /** The payment provider. It sends no webhooks until their address is set. */
  public FakeCheckout checkout() {
    return Objects.requireNonNull(checkout, "only between beforeAll and afterAll");
  }

  /** The assistant's model. */
  public FakeOpenAi openAi() {
    return Objects.requireNonNull(openAi, "only between beforeAll and afterAll");
  }

  /** The speech-to-text provider. */
  public FakeDeepgram deepgram() {
    return Objects.requireNonNull(deepgram, "only between beforeAll and afterAll");
  }

  /** A receiver of webhooks, whose URLs are allowed. */
  public WebhookServer webhooks() {
    return Objects.requireNonNull(webhooks, "only between beforeAll and afterAll");
  }

  /** A client that is not signed in. */
  public Api api() {
    return Objects.requireNonNull(api, "only between beforeAll and afterAll");
  }

  /** Runs all jobs that are due on its clock; returns the runs, in order. */
  public List<Worker.Run> runDueJobs() {
    return Objects.requireNonNull(app).runDueJobs();
  }

  /** The port on which it listens. */
  public int port() {
    return app().port();
  }

  /** The service itself. */
  public App app() {
    return Objects.requireNonNull(app, "only between beforeAll and afterAll");
  }

  /** Signs a new user in. */
  public Session newUser() {
    return signIn(database.newSubject());
  }

  /** Signs in a new user with Pro. */
  public Session newPro() {
    Session session = newUser();
    database.run("update auth.users set tier = 'pro' where id = ?", session.userId());
    return session;
  }

  /** Signs the user with that Google subject in, without a device. */
  public Session signIn(String subject) {
    return signIn(subject, null);
  }

  /**
   * Signs the user with that Google subject in.
   *
   * @param device as in the contract; null for none
   */
  public Session signIn(String subject, @Nullable Map<String, String> device) {
    Map<String, Object> idToken = new HashMap<>();
    idToken.put("id_token", google().idToken(subject).sign());
    if (device != null) {
      idToken.put("device", device);
    }
    Api.Answer answer = api().post(CALLBACK, idToken);
    for (int attempt = 1; answer.status() == 503 && attempt < SIGN_IN_ATTEMPTS; attempt++) {
      // A busy machine may exceed the time-out to Google; without keys, the next sign-in fetches
      // them again.
      answer = api().post(CALLBACK, idToken);
    }
    JsonNode body = answer.expect(200).json();
    String token = body.get("access_token").stringValue();
    return new Session(
        UUID.fromString(body.get("user").get("id").stringValue()),
        token,
        body.get("refresh_token").stringValue(),
        api().as(token));
  }

  /** A URL with its credentials, as an operator sets it. */
  public static String url(DatabaseUrl url) {
    String credentials =
        url.user().map(TestService::encoded).orElse("")
            + url.password().map(Secret::value).map(p -> ":" + encoded(p)).orElse("");
    return url.jdbcUrl().replace("jdbc:postgresql://", "postgresql://" + credentials + "@");
  }

  private static String encoded(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8);
  }
}
