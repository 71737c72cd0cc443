package app.perpetua.flow.provider;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import app.perpetua.flow.base.CheckResult;
import app.perpetua.flow.base.Secret;
import app.perpetua.flow.fake.FakeCheckout;
import app.perpetua.flow.fake.FakeDeepgram;
import app.perpetua.flow.fake.FakeGoogle;
import app.perpetua.flow.fake.FakeOpenAi;
import app.perpetua.flow.fake.OpenAiStep;
import app.perpetua.flow.harness.FreePort;
import app.perpetua.flow.provider.checkout.CheckoutCheck;
import app.perpetua.flow.provider.checkout.CheckoutConfig;
import app.perpetua.flow.provider.deepgram.DeepgramCheck;
import app.perpetua.flow.provider.google.GoogleKeysCheck;
import app.perpetua.flow.provider.openai.OpenAiCheck;
import app.perpetua.flow.provider.openai.OpenAiConfig;
import com.sun.net.httpserver.HttpServer;
import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.time.Clock;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** FR-113: an operator's check of each provider's address and key, over sockets. */
class ProviderCheckTest {
  private static final Duration AGES = Duration.ofSeconds(60);
  private static final Duration SOON = Duration.ofSeconds(1);
  private static final String KEY = "sk-not-to-be-printed";

  private final HttpClient http = HttpClient.newHttpClient();

  @AfterEach
  void close() {
    http.shutdownNow();
  }

  /** A provider, and the variable with its address. */
  enum Provider {
    GOOGLE("GOOGLE_JWKS_URL"),
    OPENAI("OPENAI_BASE_URL"),
    DEEPGRAM("DEEPGRAM_BASE_URL"),
    CHECKOUT("CHECKOUT_BASE_URL");

    private final String variable;

    Provider(String variable) {
      this.variable = variable;
    }

    CheckResult check(HttpClient http, URI base, String key, Duration timeout)
        throws InterruptedException {
      return switch (this) {
        case GOOGLE -> new GoogleKeysCheck(http, base, timeout).run();
        case OPENAI -> openAi(http, base, key, "gpt-4-turbo", timeout);
        case DEEPGRAM -> new DeepgramCheck(http, base, new Secret(key), timeout).run();
        case CHECKOUT -> new CheckoutCheck(http, shop(base, key), timeout).run();
      };
    }

    private static CheckoutConfig shop(URI base, String key) {
      URI page = URI.create("https://app.example.com");
      return new CheckoutConfig(new Secret(key), base, Optional.empty(), "US", page, page, page);
    }
  }

  private static CheckResult openAi(
      HttpClient http, URI base, String key, String model, Duration timeout)
      throws InterruptedException {
    OpenAiConfig config = new OpenAiConfig(Optional.empty(), model, base, AGES, AGES);
    return new OpenAiCheck(http, config, new Secret(key), timeout).run();
  }

  private static void assertOk(CheckResult result) {
    assertEquals(CheckResult.Status.OK, result.status(), result.sentence());
    assertPlain(result);
  }

  private static void assertFailed(CheckResult result, String... parts) {
    assertEquals(CheckResult.Status.FAILED, result.status(), result.sentence());
    for (String part : parts) {
      assertTrue(result.sentence().contains(part), result.sentence());
    }
    assertPlain(result);
  }

  private static void assertPlain(CheckResult result) {
    String sentence = result.sentence();
    assertEquals(1, sentence.lines().count(), sentence);
    for (String secret : new String[] {KEY, FakeOpenAi.KEY, FakeDeepgram.KEY, "Exception"}) {
      assertFalse(sentence.contains(secret), sentence);
    }
    assertFalse(sentence.contains(FakeCheckout.SECRET_KEY), sentence);
  }

  @Test
  void FR_113_each_provider_accepts_its_key() throws Exception {
    try (FakeGoogle google = new FakeGoogle(Clock.systemUTC());
        FakeOpenAi openAi = new FakeOpenAi();
        FakeDeepgram deepgram = new FakeDeepgram();
        FakeCheckout checkout = new FakeCheckout(Clock.systemUTC())) {
      assertOk(Provider.GOOGLE.check(http, google.jwksUrl(), KEY, AGES));
      assertOk(Provider.OPENAI.check(http, openAi.baseUrl(), FakeOpenAi.KEY, AGES));
      assertOk(
          Provider.OPENAI.check(http, URI.create(openAi.baseUrl() + "/v1/"), FakeOpenAi.KEY, AGES));
      assertOk(
          Provider.DEEPGRAM.check(http, URI.create(deepgram.origin()), FakeDeepgram.KEY, AGES));
      assertOk(Provider.CHECKOUT.check(http, checkout.baseUrl(), FakeCheckout.SECRET_KEY, AGES));
      assertEquals(0, checkout.payments().size() + checkout.pages().size(), "nothing is bought");
    }
  }

  @Test
  void FR_113_a_refused_key_is_reported_by_the_name_of_its_variable() throws Exception {
    try (FakeOpenAi openAi = new FakeOpenAi();
        FakeDeepgram deepgram = new FakeDeepgram();
        FakeCheckout checkout = new FakeCheckout(Clock.systemUTC())) {
      assertFailed(Provider.OPENAI.check(http, openAi.baseUrl(), KEY, AGES), "OPENAI_API_KEY");
      assertFailed(
          Provider.DEEPGRAM.check(http, URI.create(deepgram.origin()), KEY, AGES),
          "DEEPGRAM_API_KEY");
      assertFailed(
          Provider.CHECKOUT.check(http, checkout.baseUrl(), KEY, AGES), "CHECKOUT_SECRET_KEY");
    }
  }

  @Test
  void FR_113_a_model_that_does_not_exist_is_reported() throws Exception {
    try (FakeOpenAi openAi = new FakeOpenAi()) {
      assertFailed(
          openAi(http, openAi.baseUrl(), FakeOpenAi.KEY, "no/such:model", AGES),
          "no/such:model",
          "OPENAI_MODEL");
    }
  }

  @ParameterizedTest
  @CsvSource(
      quoteCharacter = '`',
      value = {
        "401, `{\"error\":{\"message\":\"Missing scopes: api.model.read\"}}`, OK, may not read",
        "403, `{\"error\":{\"message\":\"Missing scopes: api.model.read\"}}`, OK, may not read",
        "403, `{\"error\":{\"code\":\"unsupported_country_region_territory\"}}`, FAILED, country",
        "418, `{}`, FAILED, OPENAI_BASE_URL"
      })
  void a_restricted_key_of_OpenAI_is_told_from_a_refused_one(
      int status, String body, CheckResult.Status expected, String part) throws Exception {
    try (FakeOpenAi openAi = new FakeOpenAi()) {
      openAi.script(
          OpenAiStep.of(
              new OpenAiStep.Reply.Raw(
                  status, "application/json", body.getBytes(StandardCharsets.UTF_8))));
      CheckResult result = Provider.OPENAI.check(http, openAi.baseUrl(), FakeOpenAi.KEY, AGES);
      assertEquals(expected, result.status(), result.sentence());
      assertTrue(result.sentence().contains(part), result.sentence());
      assertPlain(result);
    }
  }

  @Test
  void a_server_that_only_lists_models_is_asked_for_the_list() throws Exception {
    try (Stub stub =
        new Stub(
            404,
            "{\"detail\":\"Not Found\"}",
            Map.of("/v1/models", "{\"data\":[{\"id\":\"llama\"},{\"id\":\"qwen\"}]}"))) {
      assertOk(openAi(http, stub.uri(), KEY, "qwen", AGES));
      assertFailed(openAi(http, stub.uri(), KEY, "other", AGES), "other", "OPENAI_MODEL");
    }
  }

  @Test
  void a_project_of_Deepgram_without_credit_is_reported() throws Exception {
    try (Stub stub = new Stub(402, "{}")) {
      assertFailed(Provider.DEEPGRAM.check(http, stub.uri(), KEY, AGES), "credit");
    }
  }

  @Test
  void a_key_set_without_a_usable_key_is_reported() throws Exception {
    try (Stub stub = new Stub(200, "{\"keys\":[]}")) {
      assertFailed(Provider.GOOGLE.check(http, stub.uri(), KEY, AGES), "GOOGLE_JWKS_URL");
    }
  }

  @ParameterizedTest
  @EnumSource
  void FR_113_another_server_at_the_address_is_reported(Provider provider) throws Exception {
    for (int status : new int[] {200, 301, 308, 400, 404, 405}) {
      try (Stub stub = new Stub(status, "<html>" + KEY + "</html>")) {
        assertFailed(provider.check(http, stub.uri(), KEY, AGES), provider.variable);
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void FR_113_a_provider_in_trouble_is_told_from_a_wrong_key(Provider provider) throws Exception {
    for (int status : new int[] {429, 500, 502, 503}) {
      try (Stub stub = new Stub(status, "{}")) {
        assertFailed(provider.check(http, stub.uri(), KEY, AGES), String.valueOf(status), "again");
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void FR_113_an_address_without_a_server_is_reported(Provider provider) throws Exception {
    assertFailed(
        provider.check(
            http, URI.create("http://127.0.0.1:" + FreePort.find()), KEY, Duration.ofSeconds(30)),
        "nothing accepts connections",
        provider.variable);
    assertFailed(
        provider.check(http, URI.create("https://unknown.invalid"), KEY, Duration.ofSeconds(30)),
        "unknown.invalid is unknown",
        provider.variable);
  }

  @ParameterizedTest
  @EnumSource
  void FR_113_a_server_that_does_not_answer_is_reported_in_time(Provider provider)
      throws Exception {
    try (ServerSocket silent = new ServerSocket(0, 50, InetAddress.getLoopbackAddress())) {
      for (String scheme : new String[] {"http", "https"}) {
        URI uri = URI.create(scheme + "://127.0.0.1:" + silent.getLocalPort());
        assertFailed(provider.check(http, uri, KEY, SOON), "did not answer within 1 s");
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void FR_113_TLS_and_plain_HTTP_are_not_confused(Provider provider) throws Exception {
    byte[] bad = "HTTP/1.1 400 Bad Request\r\n\r\n".getBytes(StandardCharsets.US_ASCII);
    try (ServerSocket plain = new ServerSocket(0, 50, InetAddress.getLoopbackAddress())) {
      Thread.ofVirtual().start(() -> answerEach(plain, bad));
      URI uri = URI.create("https://127.0.0.1:" + plain.getLocalPort());
      assertFailed(provider.check(http, uri, KEY, AGES), "TLS", provider.variable);
    }
    // What a TLS server sends to a client that speaks HTTP: an alert.
    try (ServerSocket tls = new ServerSocket(0, 50, InetAddress.getLoopbackAddress())) {
      Thread.ofVirtual().start(() -> answerEach(tls, new byte[] {0x15, 3, 1, 0, 2, 2, 70}));
      URI uri = URI.create("http://127.0.0.1:" + tls.getLocalPort());
      assertFailed(provider.check(http, uri, KEY, AGES), "TLS", provider.variable);
    }
  }

  @ParameterizedTest
  @EnumSource
  void FR_113_a_connection_that_ends_early_is_reported(Provider provider) throws Exception {
    try (ServerSocket rude = new ServerSocket(0, 50, InetAddress.getLoopbackAddress())) {
      Thread.ofVirtual().start(() -> answerEach(rude, new byte[0]));
      URI uri = URI.create("http://127.0.0.1:" + rude.getLocalPort());
      assertFailed(provider.check(http, uri, KEY, AGES), "did not answer", provider.variable);
    }
  }

  @Test
  void FR_113_a_certificate_of_nobody_is_reported(@TempDir Path folder) throws Exception {
    Path store = folder.resolve("store.p12");
    int made =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "keytool").toString(),
                "-genkeypair",
                "-keyalg",
                "EC",
                "-dname",
                "CN=127.0.0.1",
                "-ext",
                "san=ip:127.0.0.1",
                "-storetype",
                "PKCS12",
                "-storepass",
                "password",
                "-keystore",
                store.toString())
            .redirectErrorStream(true)
            .redirectOutput(folder.resolve("log").toFile())
            .start()
            .waitFor();
    assertEquals(0, made);
    HttpsServer server =
        HttpsServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.setHttpsConfigurator(new HttpsConfigurator(context(store)));
    server.start();
    try {
      URI uri = URI.create("https://127.0.0.1:" + server.getAddress().getPort());
      for (Provider provider : Provider.values()) {
        assertFailed(
            provider.check(http, uri, KEY, AGES), "certificate", "127.0.0.1", provider.variable);
      }
    } finally {
      server.stop(0);
    }
  }

  private static SSLContext context(Path store) throws Exception {
    char[] password = "password".toCharArray();
    KeyStore keys = KeyStore.getInstance("PKCS12");
    try (InputStream in = Files.newInputStream(store)) {
      keys.load(in, password);
    }
    KeyManagerFactory managers =
        KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
    managers.init(keys, password);
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(managers.getKeyManagers(), null, null);
    return context;
  }

  /** Reads something from each client, sends the bytes and closes. */
  private static void answerEach(ServerSocket listener, byte[] bytes) {
    try {
      while (true) {
        try (Socket client = listener.accept()) {
          client.getInputStream().read(new byte[16_384]);
          client.getOutputStream().write(bytes);
        }
      }
    } catch (IOException e) {
      // The listener is closed.
    }
  }

  /** A web server with one answer for every path, and others for some. */
  private static final class Stub implements AutoCloseable {
    private final HttpServer server;

    Stub(int status, String body) throws IOException {
      this(status, body, Map.of());
    }

    Stub(int status, String body, Map<String, String> paths) throws IOException {
      server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
      server.createContext(
          "/",
          exchange -> {
            String other = paths.get(exchange.getRequestURI().getPath());
            byte[] bytes = (other == null ? body : other).getBytes(StandardCharsets.UTF_8);
            exchange.getResponseHeaders().add("Location", "/elsewhere");
            exchange.sendResponseHeaders(other == null ? status : 200, bytes.length);
            exchange.getResponseBody().write(bytes);
            exchange.close();
          });
      server.start();
    }

    URI uri() {
      return URI.create("http://127.0.0.1:" + server.getAddress().getPort());
    }

    @Override
    public void close() {
      server.stop(0);
    }
  }
}
