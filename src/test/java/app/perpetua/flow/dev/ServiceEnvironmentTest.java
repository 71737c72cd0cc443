package app.perpetua.flow.dev;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import app.perpetua.flow.Config;
import app.perpetua.flow.base.AllowedHost;
import app.perpetua.flow.fake.FakeCheckout;
import app.perpetua.flow.fake.FakeDeepgram;
import app.perpetua.flow.fake.FakeGoogle;
import app.perpetua.flow.fake.FakeOpenAi;
import app.perpetua.flow.fake.VapidKeys;
import app.perpetua.flow.provider.checkout.CheckoutConfig;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ServiceEnvironmentTest {
  private static final URI KEYS = URI.create("http://127.0.0.1:4711/certs");
  private static final String DATABASE = "postgresql://postgres@127.0.0.1:5432/perpetua_flow";

  private static final String PUSH = "http://127.0.0.1:4712";
  private static final URI CHECKOUT = URI.create("http://127.0.0.1:4714");
  private static final URI OPENAI = URI.create("http://127.0.0.1:4713");

  /** Of all tests, because generating an RSA key takes up to a second. */
  @TempDir static Path directory;

  Map<String, String> secrets = Map.of();

  @BeforeEach
  void makeSecrets() throws IOException {
    secrets = Secrets.keptIn(directory.resolve("secrets.env"));
  }

  private static final ServiceEnvironment.Around AROUND =
      new ServiceEnvironment.Around(
          KEYS, PUSH, OPENAI, CHECKOUT, "http://127.0.0.1:9", "http://localhost:8001");

  private ServiceEnvironment of(Map<String, String> given) {
    return ServiceEnvironment.of(given, secrets, DATABASE, AROUND);
  }

  @Test
  void the_environment_is_complete() {
    Config config = Config.load(of(Map.of()).onPort(8000));
    assertEquals(8000, config.http().port());
    assertEquals(
        Set.of(
            "http://localhost:3000",
            "http://localhost:3100",
            "http://localhost:5173",
            "http://localhost:8001"),
        config.http().corsOrigins());
    assertEquals(KEYS, config.account().googleJwksUrl());
    assertEquals(Set.of(FakeGoogle.CLIENT_ID), config.account().googleClientIds());
  }

  @Test
  void after_a_payment_the_console_is_shown_unless_pages_are_given() {
    CheckoutConfig own = Config.load(of(Map.of()).onPort(8000)).payment().checkout().orElseThrow();
    assertEquals(URI.create("http://localhost:8001/?checkout=success"), own.successUrl());
    assertEquals(URI.create("http://localhost:8001/?checkout=failure"), own.failureUrl());
    assertEquals(URI.create("http://localhost:8001/?checkout=cancelled"), own.cancelUrl());
    Map<String, String> given = Map.of("CHECKOUT_SUCCESS_URL", "http://localhost:3000/thanks");
    CheckoutConfig other = Config.load(of(given).onPort(8000)).payment().checkout().orElseThrow();
    assertEquals(URI.create("http://localhost:3000/thanks"), other.successUrl());
    assertEquals(own.cancelUrl(), other.cancelUrl());
  }

  @Test
  void pushes_go_to_the_fake_only_and_the_VAPID_keys_are_kept() throws IOException {
    Config config = Config.load(of(Map.of()).onPort(8000));
    assertEquals(List.of(AllowedHost.parse(PUSH)), config.notifications().push().hosts());
    String key = config.notifications().push().vapid().orElseThrow().publicText();
    makeSecrets();
    Config again = Config.load(of(Map.of()).onPort(8000));
    assertEquals(key, again.notifications().push().vapid().orElseThrow().publicText());
  }

  @Test
  void VAPID_variables_are_used_only_with_PUSH_HOSTS() {
    VapidKeys custom = VapidKeys.make();
    ServiceEnvironment ignored = of(custom.environment());
    assertEquals(3, ignored.notes().size());
    assertNotEquals(
        custom.publicKey(),
        Config.load(ignored.onPort(8000))
            .notifications()
            .push()
            .vapid()
            .orElseThrow()
            .publicText());
    Map<String, String> withHosts = new HashMap<>(custom.environment());
    withHosts.put("PUSH_HOSTS", "push.example.com");
    Config config = Config.load(of(withHosts).onPort(8000));
    assertEquals(
        custom.publicKey(), config.notifications().push().vapid().orElseThrow().publicText());
    assertEquals(
        List.of(AllowedHost.parse("push.example.com"), AllowedHost.parse(PUSH)),
        config.notifications().push().hosts());
  }

  @Test
  void the_model_is_the_fake_unless_a_base_URL_is_set() {
    Config config = Config.load(of(Map.of("OPENAI_API_KEY", "sk-real")).onPort(8000));
    assertEquals(OPENAI, config.ai().openai().baseUrl());
    assertEquals(FakeOpenAi.KEY, config.ai().openai().key().orElseThrow().value());
    Config other =
        Config.load(of(Map.of("OPENAI_BASE_URL", "http://localhost:11434/v1")).onPort(8000));
    assertEquals(URI.create("http://localhost:11434/v1"), other.ai().openai().baseUrl());
    assertEquals(Optional.empty(), other.ai().openai().key());
  }

  @Test
  void payments_go_to_the_fake_unless_a_base_URL_is_set() {
    ServiceEnvironment environment = of(Map.of());
    Config config = Config.load(environment.onPort(8000));
    assertEquals(CHECKOUT, config.payment().checkout().orElseThrow().baseUrl());
    assertEquals(FakeCheckout.WEBHOOK_SECRET, environment.webhookSecret());
    assertEquals(999, environment.cents("PRO_PRICE_CENTS", 999));
    ServiceEnvironment custom =
        of(
            Map.of(
                "CHECKOUT_BASE_URL", "http://localhost:9999",
                "CHECKOUT_WEBHOOK_SECRET", "custom",
                "PRO_PRICE_CENTS", "1999"));
    assertEquals("custom", custom.webhookSecret());
    assertEquals(1_999, custom.cents("PRO_PRICE_CENTS", 999));
    assertTrue(Config.load(custom.onPort(8000)).payment().checkout().isEmpty());
  }

  @Test
  void secrets_of_an_earlier_version_are_kept_and_completed() throws IOException {
    Path file = directory.resolve("secrets.env");
    Map<String, String> before = Map.copyOf(secrets);
    Files.writeString(
        file,
        Files.readAllLines(file).stream()
            .filter(line -> !line.startsWith("VAPID"))
            .map(line -> line + "\n")
            .collect(Collectors.joining()));
    makeSecrets();
    assertEquals(before.keySet(), secrets.keySet());
    assertEquals(before.get("JWT_PRIVATE_KEY"), secrets.get("JWT_PRIVATE_KEY"));
    assertNotEquals(before.get("VAPID_PRIVATE_KEY"), secrets.get("VAPID_PRIVATE_KEY"));
  }

  @Test
  void variables_of_the_caller_are_passed_on() {
    ServiceEnvironment environment =
        of(
            Map.of(
                "RATE_LIMIT_GENERAL", "100000",
                "CORS_ORIGINS", "http://localhost:4000",
                "GOOGLE_CLIENT_ID", "first, other",
                "REFRESH_TOKEN_SECRET", "secret",
                "JWT_ACCESS_EXPIRY_MINUTES", " "));
    Config config = Config.load(environment.onPort(8000));
    assertEquals(100_000, config.http().rateLimits().general());
    assertEquals(Set.of("http://localhost:4000"), config.http().corsOrigins());
    assertEquals("secret", config.account().refreshSecret().value());
    assertEquals("first", environment.googleClientId());
    assertEquals(List.of(), environment.notes());
  }

  @Test
  void credentials_are_ignored_without_their_base_URL() {
    Map<String, String> keys =
        Map.of(
            "OPENAI_API_KEY", "sk-real",
            "DEEPGRAM_API_KEY", "real",
            "CHECKOUT_SECRET_KEY", "sk_real",
            "CHECKOUT_WEBHOOK_SECRET", "real",
            "OPENAI_BASE_URL", "http://localhost:11434");
    ServiceEnvironment environment = of(keys);
    assertEquals("sk-real", environment.variables().get("OPENAI_API_KEY"));
    assertEquals(FakeDeepgram.KEY, environment.variables().get("DEEPGRAM_API_KEY"));
    assertFalse(environment.variables().containsValue("sk_real"));
    assertFalse(environment.variables().containsValue("real"));
    assertEquals(3, environment.notes().size());
    assertFalse(environment.notes().toString().contains("real"), "a note tells a secret");
  }

  @Test
  void database_variables_are_ignored() {
    ServiceEnvironment environment =
        of(
            Map.of(
                "DATABASE_URL", "postgresql://prod.example.com/flow",
                "DATABASE_DIRECT_URL", "postgresql://prod.example.com/flow"));
    assertEquals(DATABASE, environment.variables().get("DATABASE_URL"));
    assertFalse(environment.variables().containsKey("DATABASE_DIRECT_URL"));
    assertEquals(2, environment.notes().size());
  }

  @Test
  void the_documentation_page_gets_tokens_unless_the_control_port_cannot_create_sessions() {
    assertEquals(
        "http://localhost:8001/session",
        Config.load(of(Map.of()).onPort(8000)).http().docsToken().orElseThrow().toString());
    Map<String, String> google = Map.of("GOOGLE_JWKS_URL", "https://keys.example/certs");
    assertFalse(of(google).variables().containsKey("DOCS_TOKEN_URL"));
  }

  @Test
  void workers_listen_on_other_ports_than_the_service() {
    Map<String, String> worker = of(Map.of("PORT", "8000", "METRICS_PORT", "9100")).forWorker();
    assertEquals("0", worker.get("PORT"));
    assertFalse(worker.containsKey("METRICS_PORT"));
  }

  @Test
  void secrets_are_generated_once_and_readable_by_the_owner_only() throws IOException {
    Path file = directory.resolve("secrets.env");
    assertEquals(secrets, Secrets.keptIn(file));
    assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(file)));
  }
}
