package app.perpetua.flow;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import app.perpetua.flow.base.Secret;
import app.perpetua.flow.fake.FakeCheckout;
import app.perpetua.flow.fake.FakeDeepgram;
import app.perpetua.flow.fake.FakeGoogle;
import app.perpetua.flow.fake.FakeOpenAi;
import app.perpetua.flow.fake.VapidKeys;
import app.perpetua.flow.harness.SigningKey;
import app.perpetua.flow.harness.TestDatabase;
import app.perpetua.flow.sql.connection.DatabaseUrl;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** FR-112, FR-113: the command that an operator runs before the first start. */
class CheckConfigCommandTest {
  /** Longer than any attempt takes on a busy machine. */
  private static final Duration AGES = Duration.ofMinutes(5);

  private static final Memory ENOUGH = new Memory(1, 1_000);

  @RegisterExtension static final TestDatabase database = new TestDatabase();

  private static FakeGoogle google;
  private static FakeOpenAi openAi;
  private static FakeDeepgram deepgram;
  private static FakeCheckout checkout;

  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final ByteArrayOutputStream err = new ByteArrayOutputStream();

  @BeforeAll
  static void start() {
    google = new FakeGoogle(Clock.systemUTC());
    openAi = new FakeOpenAi();
    deepgram = new FakeDeepgram();
    checkout = new FakeCheckout(Clock.systemUTC());
  }

  @AfterAll
  static void stop() {
    google.close();
    openAi.close();
    deepgram.close();
    checkout.close();
  }

  /** Everything is configured. */
  private static Map<String, String> environment() {
    DatabaseUrl url = database.url();
    VapidKeys keys = VapidKeys.make();
    Map<String, String> environment = new HashMap<>();
    environment.put(
        "DATABASE_URL",
        url.jdbcUrl()
            .replace(
                "jdbc:postgresql://",
                "postgresql://"
                    + url.user().orElseThrow()
                    + ":"
                    + url.password().map(Secret::value).orElse("")
                    + "@"));
    environment.put("JWT_PRIVATE_KEY", SigningKey.pem());
    environment.put("GOOGLE_CLIENT_ID", FakeGoogle.CLIENT_ID);
    environment.put("GOOGLE_JWKS_URL", google.jwksUrl().toString());
    environment.put("REFRESH_TOKEN_SECRET", "0123456789abcdef0123456789abcdef");
    environment.put("ACCOUNT_HASH_KEY", "0123456789abcdef0123456789abcdef");
    environment.put("OPENAI_API_KEY", FakeOpenAi.KEY);
    environment.put("OPENAI_BASE_URL", openAi.baseUrl().toString());
    environment.put("DEEPGRAM_API_KEY", FakeDeepgram.KEY);
    environment.put("DEEPGRAM_BASE_URL", deepgram.origin());
    environment.put("CHECKOUT_SECRET_KEY", FakeCheckout.SECRET_KEY);
    environment.put("CHECKOUT_WEBHOOK_SECRET", FakeCheckout.WEBHOOK_SECRET);
    environment.put("CHECKOUT_BASE_URL", checkout.baseUrl().toString());
    environment.put("VAPID_PUBLIC_KEY", keys.publicKey());
    environment.put("VAPID_PRIVATE_KEY", keys.privateKey());
    environment.put("VAPID_SUBJECT", "mailto:ops@example.com");
    return environment;
  }

  private int run(Map<String, String> environment, boolean connect) {
    return run(environment, Role.ALL, connect);
  }

  private int run(Map<String, String> environment, Role role, boolean connect) {
    out.reset();
    err.reset();
    return new CheckConfigCommand(environment, role, ENOUGH, AGES, print(out), print(err))
        .run(connect);
  }

  private static PrintStream print(ByteArrayOutputStream to) {
    return new PrintStream(to, true, StandardCharsets.UTF_8);
  }

  private static List<String> lines(ByteArrayOutputStream bytes) {
    return bytes.toString(StandardCharsets.UTF_8).lines().toList();
  }

  /** Status and name of each result. */
  private List<String> results() {
    return lines(out).stream()
        .filter(line -> line.matches("  (ok|failed|skipped) .*"))
        .map(line -> line.strip().replaceAll(" +", " "))
        .map(line -> line.replaceFirst("^(\\S+ (?:Web Push|\\S+)).*", "$1"))
        .toList();
  }

  private void assertNoSecret(Map<String, String> environment) {
    String all = lines(out).toString() + lines(err);
    for (String name :
        List.of(
            "JWT_PRIVATE_KEY",
            "REFRESH_TOKEN_SECRET",
            "OPENAI_API_KEY",
            "DEEPGRAM_API_KEY",
            "CHECKOUT_SECRET_KEY",
            "CHECKOUT_WEBHOOK_SECRET",
            "VAPID_PRIVATE_KEY")) {
      assertFalse(all.contains(environment.getOrDefault(name, "\0")), name);
    }
    assertFalse(all.contains("\tat "), all);
  }

  @Test
  void FR_112_a_complete_configuration_is_valid_without_warnings() {
    assertEquals(0, run(environment(), false));
    assertEquals(List.of("the configuration is valid"), lines(out));
    assertEquals(List.of(), lines(err));
  }

  @Test
  void FR_112_features_that_are_off_are_warnings() {
    Map<String, String> environment = environment();
    environment.keySet().removeIf(name -> name.matches("(OPENAI|VAPID|DEEPGRAM|CHECKOUT).*"));
    assertEquals(0, run(environment, false));
    assertEquals(
        List.of(
            "the configuration is valid; 5 warnings:",
            "  assistant disabled: OPENAI_API_KEY is not set",
            "  speech to text disabled: DEEPGRAM_API_KEY is not set",
            "  payments disabled: CHECKOUT_SECRET_KEY is not set",
            "  payment webhooks disabled: CHECKOUT_WEBHOOK_SECRET is not set",
            "  push disabled: VAPID_PUBLIC_KEY is not set"),
        lines(out));
  }

  @Test
  void FR_112_a_worker_is_warned_only_of_what_it_needs() {
    Map<String, String> environment = environment();
    environment.keySet().removeIf(name -> name.matches("(OPENAI|VAPID|DEEPGRAM|CHECKOUT).*"));
    environment.put("CORS_ORIGINS", "http://app.example.com");
    assertEquals(0, run(environment, Role.WORKER, false));
    assertEquals(
        List.of(
            "the configuration is valid; 2 warnings:",
            "  payments disabled: CHECKOUT_SECRET_KEY is not set",
            "  push disabled: VAPID_PUBLIC_KEY is not set"),
        lines(out));
    run(environment, Role.API, false);
    assertTrue(lines(out).getFirst().endsWith("; 6 warnings:"), () -> lines(out).toString());
    environment.remove("JWT_PRIVATE_KEY");
    assertEquals(2, run(environment, Role.WORKER, false), "no role starts without it");
  }

  @Test
  void FR_113_a_worker_tries_only_what_it_uses() {
    Map<String, String> environment = environment();
    environment.put("OPENAI_API_KEY", "sk-wrong-key");
    environment.put("DEEPGRAM_API_KEY", "wrong-deepgram-key");
    environment.put("GOOGLE_JWKS_URL", "http://unknown.invalid/certs");
    assertEquals(0, run(environment, Role.WORKER, true), () -> lines(out).toString());
    assertEquals(
        List.of(
            "ok database",
            "ok connections",
            "skipped Redis",
            "skipped Google",
            "skipped OpenAI",
            "skipped Deepgram",
            "ok Checkout.com",
            "ok Web Push"),
        results());
    assertEquals(1, run(environment, Role.API, true));
  }

  @Test
  void FR_112_errors_and_warnings_are_printed_together() {
    Map<String, String> environment = environment();
    environment.put("PORT", "eighty");
    environment.put("LOG_LEVEL", "LOUD");
    environment.put("METRICS_TOKN", "x");
    assertEquals(2, run(environment, true));
    assertEquals(3, lines(err).size(), () -> lines(err).toString());
    assertEquals(
        List.of(
            "other things to look at; 1 warning:",
            "  METRICS_TOKN is unknown; did you mean METRICS_TOKEN?",
            "connections are tried once the configuration is valid"),
        lines(out));
  }

  @Test
  void FR_113_everything_that_is_configured_is_tried() {
    Map<String, String> environment = environment();
    assertEquals(0, run(environment, true), () -> lines(out).toString());
    assertEquals(
        List.of(
            "ok database",
            "ok connections",
            "skipped Redis",
            "ok Google",
            "ok OpenAI",
            "ok Deepgram",
            "ok Checkout.com",
            "ok Web Push"),
        results());
    assertNoSecret(environment);
  }

  @Test
  void FR_113_one_failure_decides_the_exit_code_and_hides_no_other() {
    Map<String, String> environment = environment();
    environment.put("OPENAI_API_KEY", "sk-wrong-key");
    environment.put("DEEPGRAM_API_KEY", "wrong-deepgram-key");
    environment.remove("CHECKOUT_SECRET_KEY");
    environment.remove("CHECKOUT_WEBHOOK_SECRET");
    environment.put("DATABASE_URL", "postgresql://flow:wrong-word@unknown.invalid/flow");
    assertEquals(1, run(environment, true));
    assertEquals(
        List.of(
            "failed database",
            "failed connections",
            "skipped Redis",
            "ok Google",
            "failed OpenAI",
            "failed Deepgram",
            "skipped Checkout.com",
            "ok Web Push"),
        results());
    assertNoSecret(environment);
    assertFalse(lines(out).toString().contains("wrong-word"));
    assertTrue(
        lines(out).stream().anyMatch(line -> line.endsWith("CHECKOUT_SECRET_KEY is not set")));
  }

  @Test
  void FR_113_a_feature_that_is_turned_off_is_not_tried() {
    Map<String, String> environment = environment();
    environment.put("ENABLE_VOICE_TRANSCRIPTION", "false");
    environment.put("DEEPGRAM_API_KEY", "wrong-deepgram-key");
    assertEquals(0, run(environment, true), () -> lines(out).toString());
    assertTrue(results().contains("skipped Deepgram"), () -> lines(out).toString());
  }
}
