package app.perpetua.flow.image;

import app.perpetua.flow.fake.FakeCheckout;
import app.perpetua.flow.fake.FakeDeepgram;
import app.perpetua.flow.fake.FakeGoogle;
import app.perpetua.flow.fake.FakeOpenAi;
import app.perpetua.flow.fake.FakePushService;
import app.perpetua.flow.fake.VapidKeys;
import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyPairGenerator;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Base64;
import java.util.Deque;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.UUID;

/**
 * An empty, durable PostgreSQL and the provider fakes, on loopback ports, with new keys. Confined
 * to one thread.
 */
final class Surroundings implements AutoCloseable {
  private static final Duration POSTGRES_START = Duration.ofMinutes(2);
  private static final int KEY_BITS = 2048;
  private static final String UNLIMITED = "1000000";

  private final Deque<AutoCloseable> started = new ArrayDeque<>();
  private final Map<String, String> environment = new HashMap<>();
  private final FakeGoogle google;

  private Surroundings(Path home) throws IOException {
    Redirect log = Redirect.appendTo(home.resolve("postgres.log").toFile());
    EmbeddedPostgres postgres =
        EmbeddedPostgres.builder()
            .setDataDirectory(home.resolve("postgres"))
            .setPGStartupWait(POSTGRES_START)
            .setOutputRedirector(log)
            .setErrorRedirector(log)
            .setLocaleConfig("locale-provider", "builtin")
            .setLocaleConfig("builtin-locale", "C.UTF-8")
            .setLocaleConfig("locale", "C")
            .setServerConfig("fsync", "on")
            .setServerConfig("synchronous_commit", "on")
            .start();
    started.push(postgres);
    environment.put(
        "DATABASE_URL", "postgresql://postgres@127.0.0.1:" + postgres.getPort() + "/postgres");
    Clock clock = Clock.systemUTC();
    google = new FakeGoogle(clock);
    started.push(google);
    FakeOpenAi openAi = new FakeOpenAi();
    started.push(openAi);
    FakeCheckout checkout = new FakeCheckout(clock);
    started.push(checkout);
    FakeDeepgram deepgram = new FakeDeepgram();
    started.push(deepgram);
    FakePushService push = new FakePushService(clock);
    started.push(push);
    environment.put("JWT_PRIVATE_KEY", privateKey());
    environment.put("REFRESH_TOKEN_SECRET", UUID.randomUUID().toString());
    environment.put("GOOGLE_CLIENT_ID", FakeGoogle.CLIENT_ID);
    environment.put("GOOGLE_JWKS_URL", google.jwksUrl().toString());
    environment.put("OPENAI_API_KEY", FakeOpenAi.KEY);
    environment.put("OPENAI_BASE_URL", openAi.baseUrl().toString());
    environment.put("CHECKOUT_SECRET_KEY", FakeCheckout.SECRET_KEY);
    environment.put("CHECKOUT_WEBHOOK_SECRET", FakeCheckout.WEBHOOK_SECRET);
    environment.put("CHECKOUT_BASE_URL", checkout.baseUrl().toString());
    environment.put("DEEPGRAM_API_KEY", FakeDeepgram.KEY);
    environment.put("DEEPGRAM_BASE_URL", deepgram.origin());
    environment.putAll(VapidKeys.make().environment());
    environment.put("PUSH_HOSTS", push.origin());
    // All requests come from one address, and few users make many.
    environment.put("RATE_LIMIT_GENERAL", UNLIMITED);
    environment.put("RATE_LIMIT_AI", UNLIMITED);
    environment.put("RATE_LIMIT_AUTH", UNLIMITED);
    environment.put("FREE_MAX_TASKS", UNLIMITED);
    environment.put("MAX_CONNECTIONS_PER_ADDRESS", "10000");
  }

  /**
   * Starts everything.
   *
   * @param home directory for the data and the database's log
   */
  static Surroundings start(Path home) throws IOException {
    return new Surroundings(home);
  }

  /** Whether the class path has PostgreSQL for this platform. */
  static boolean exist() {
    String architecture =
        switch (System.getProperty("os.arch").toLowerCase(Locale.ROOT)) {
          case "amd64", "x86_64" -> "x86_64";
          case "aarch64", "arm64" -> "arm_64";
          default -> "other";
        };
    String file = "/postgres-linux-" + architecture + ".txz";
    return Surroundings.class.getResource(file) != null;
  }

  /** The service's configuration, without a port. Every value is on one line. */
  Map<String, String> environment() {
    return Map.copyOf(environment);
  }

  /** An ID token of a new account. */
  String idToken() {
    return google.idToken("google-" + UUID.randomUUID()).sign();
  }

  /** A PEM file in base64, which fits on one line. */
  private static String privateKey() {
    try {
      KeyPairGenerator generator = KeyPairGenerator.getInstance("RSA");
      generator.initialize(KEY_BITS);
      byte[] key = generator.generateKeyPair().getPrivate().getEncoded();
      String pem =
          "-----BEGIN PRIVATE KEY-----\n"
              + Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(key)
              + "\n-----END PRIVATE KEY-----\n";
      return Base64.getEncoder().encodeToString(pem.getBytes(StandardCharsets.US_ASCII));
    } catch (GeneralSecurityException e) {
      throw new AssertionError("every Java platform has RSA", e);
    }
  }

  @Override
  public void close() throws IOException {
    for (AutoCloseable part : started) {
      try {
        part.close();
      } catch (Exception e) {
        throw new IOException(e);
      }
    }
  }
}
