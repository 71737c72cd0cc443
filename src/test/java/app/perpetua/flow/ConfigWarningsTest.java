package app.perpetua.flow;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import app.perpetua.flow.harness.SigningKey;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** FR-112: settings that are valid and probably wrong. */
class ConfigWarningsTest {
  private static final Memory ENOUGH = new Memory(256L << 20, 1024L << 20);

  private static final String SECRET = "0123456789abcdef0123456789abcdef";

  /** A configuration of which there is nothing to say, with changes; null removes a variable. */
  private static Map<String, String> with(@Nullable String... changes) {
    Map<String, String> environment = new HashMap<>();
    environment.put("DATABASE_URL", "postgresql://flow:fl0w@db.example.com/flow?sslmode=require");
    environment.put("JWT_PRIVATE_KEY", SigningKey.pem());
    environment.put("GOOGLE_CLIENT_ID", "1-a.apps.googleusercontent.com");
    environment.put("REFRESH_TOKEN_SECRET", SECRET);
    environment.put("ACCOUNT_HASH_KEY", SECRET);
    for (int i = 0; i < changes.length; i += 2) {
      String name = Objects.requireNonNull(changes[i]);
      String value = changes[i + 1];
      if (value == null) {
        environment.remove(name);
      } else {
        environment.put(name, value);
      }
    }
    return environment;
  }

  private static List<String> warnings(Map<String, String> environment) {
    return warnings(environment, ENOUGH, Role.ALL);
  }

  private static List<String> warnings(Map<String, String> environment, Memory memory, Role role) {
    return ConfigWarnings.of(new ConfigReader(environment).variables(), memory, role);
  }

  private static void assertOne(String start, Map<String, String> environment) {
    List<String> found = warnings(environment);
    assertEquals(1, found.size(), found::toString);
    assertTrue(found.getFirst().startsWith(start), found::toString);
    assertFalse(found.getFirst().contains("\n"), found::toString);
  }

  @Test
  void a_careful_configuration_causes_no_warning() {
    assertEquals(List.of(), warnings(with()));
    Config.load(with());
  }

  @ParameterizedTest
  @CsvSource({
    "DATABSE_URL, DATABASE_URL",
    "DATABASE_URI, DATABASE_URL",
    "DATABASEURL, DATABASE_URL",
    "DATA_BASE_URL, DATABASE_URL",
    "database_url, DATABASE_URL",
    "database.url, DATABASE_URL",
    "DIRECT_DATABASE_URL, DATABASE_DIRECT_URL",
    "FLOW_DATABASE_URL, DATABASE_URL",
    "PERPETUA_PORT, PORT",
    "PERPETUA_FLOW_LOG_LEVEL, LOG_LEVEL",
    "Port, PORT",
    "CORS_ORIGIN, CORS_ORIGINS",
    "TRUSTED_PROXY, TRUSTED_PROXIES",
    "TRUSTED_PROXYS, TRUSTED_PROXIES",
    "GOOGLE_CLIENT_IDS, GOOGLE_CLIENT_ID",
    "RATE_LIMT_GENERAL, RATE_LIMIT_GENERAL",
    "RATELIMIT_AUTH, RATE_LIMIT_AUTH",
    "OPEN_AI_API_KEY, OPENAI_API_KEY",
    "OPENAI_APIKEY, OPENAI_API_KEY",
    "DEEPGARM_API_KEY, DEEPGRAM_API_KEY",
    "CHECKOUT_WEBHOOK_SECERT, CHECKOUT_WEBHOOK_SECRET",
    "JWT_PRIVAT_KEY, JWT_PRIVATE_KEY",
    "LOGLEVEL, LOG_LEVEL",
    "VAPID_PUBLICKEY, VAPID_PUBLIC_KEY"
  })
  void a_mistyped_name_is_reported_with_the_known_one(String name, String known) {
    assertEquals(
        List.of(name + " is unknown; did you mean " + known + "?"),
        warnings(with(name, "postgresql://flow:fl0w@db.example.com/flow")));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "PATH",
        "HOME",
        "HOST",
        "HOSTNAME",
        "USER",
        "LANG",
        "LC_ALL",
        "PWD",
        "OLDPWD",
        "SHLVL",
        "TERM",
        "TZ",
        "_",
        "JAVA_HOME",
        "JAVA_OPTS",
        "JAVA_TOOL_OPTIONS",
        "JAVA_VERSION",
        "JDK_JAVA_OPTIONS",
        "POSTGRES_USER",
        "POSTGRES_PASSWORD",
        "PGHOST",
        "PGPORT",
        "PGUSER",
        "PGDATABASE",
        "DATABASE_PUBLIC_URL",
        "DATABASE_URL_UNPOOLED",
        "DATABASE_URL_2",
        "NEXT_PUBLIC_API_URL",
        "OPENAI_ORG_ID",
        "GOOGLE_APPLICATION_CREDENTIALS",
        "CHECKOUT_PUBLIC_KEY",
        "APP_URL",
        "APP_ENV",
        "APP_PORT",
        "SERVER_PORT",
        "MANAGEMENT_PORT",
        "SPORT",
        "POST",
        "KUBERNETES_PORT",
        "METRICS_SERVICE_PORT",
        "FLY_APP_NAME",
        "RENDER_SERVICE_ID",
        "NODE_ENV",
        "npm_config_cache",
        "http_proxy",
        "NO_PROXY",
        "LOG_FORMAT",
        "MAX_TASKS",
        "SSH_AUTH_SOCK",
        "XDG_RUNTIME_DIR"
      })
  void ordinary_variables_cause_no_warning(String name) {
    assertEquals(List.of(), warnings(with(name, "anything")));
  }

  @Test
  void a_link_to_another_service_causes_no_warning() {
    assertEquals(List.of(), warnings(with("FLOW_PORT", "tcp://10.0.0.1:8000")));
  }

  @ParameterizedTest
  @CsvSource({
    "DATABASE_URL, DATABSE_URL",
    "JWT_PRIVATE_KEY, JWT_PRIVAT_KEY",
    "GOOGLE_CLIENT_ID, GOOGLE_CLIENTID"
  })
  void the_error_of_a_missing_variable_names_the_mistyped_one(String name, String mistyped) {
    Map<String, String> environment = with(name, null, mistyped, "value-of-it");
    List<String> errors =
        assertThrows(Config.InvalidException.class, () -> Config.load(environment)).errors();
    assertEquals(
        List.of(
            name + " is required; " + mistyped + " is set, but has no meaning: is it mistyped?"),
        errors);
  }

  @ParameterizedTest
  @CsvSource(
      quoteCharacter = '`',
      value = {
        "METRICS_TOKEN, ``, is set but empty",
        "METRICS_TOKEN, `  `, is set but empty",
        "METRICS_TOKEN, `\"0123456789abcdef\"`, has quotation marks",
        "METRICS_TOKEN, `'0123456789abcdef'`, has quotation marks",
        "METRICS_TOKEN, ` 0123456789abcdef`, has white space",
        "METRICS_TOKEN, `0123456789abcdef\t`, has white space",
        "METRICS_TOKEN, ${METRICS_TOKEN_OF_X}, looks like a placeholder",
        "METRICS_TOKEN, ${{shared.METRICS_TOKEN}}, looks like a placeholder",
        "METRICS_TOKEN, <insert the token here>, looks like a placeholder",
        "REFRESH_TOKEN_SECRET, change-me-change-me-change-me-change, looks like a placeholder",
        "ACCOUNT_HASH_KEY, CHANGEME_changeme, looks like a placeholder",
        "ACCOUNT_HASH_KEY, your-secret-of-16, looks like a placeholder",
        "ACCOUNT_HASH_KEY, replace_me_replace, looks like a placeholder",
        "ACCOUNT_HASH_KEY, xxxxxxxxxxxxxxxxxxx, looks like a placeholder",
        "OPENAI_API_KEY, sk-..., looks like a placeholder",
        "GOOGLE_CLIENT_ID, your-client-id.apps.googleusercontent.com, looks like a placeholder",
        "DATABASE_URL, postgresql://user:password@host.com/name?sslmode=require, looks like a",
      })
  void a_value_that_was_copied_badly_is_reported(String name, String value, String start) {
    assertOne(name + " " + start, with(name, value));
  }

  @Test
  void a_key_in_PEM_ends_with_a_line_break() {
    assertEquals(List.of(), warnings(with("JWT_PRIVATE_KEY", SigningKey.pem() + "\n")));
  }

  @ParameterizedTest
  @CsvSource({
    "http://app.example.com, without TLS",
    "http://app.example.com:8080, without TLS",
    "http://93.184.216.34, without TLS",
    "http://localhost:3000, the database is not on this machine",
    "http://127.0.0.1:3000, the database is not on this machine",
    "http://[::1]:3000, the database is not on this machine",
    "https://app.localhost, the database is not on this machine",
    "http://192.168.1.4:3000, private network",
    "http://frontend:3000, private network",
    "https://frontend.railway.internal, private network",
    "https://my_host, private network"
  })
  void an_origin_without_use_is_reported(String origin, String reason) {
    List<String> found = warnings(with("CORS_ORIGINS", "https://app.example.com," + origin));
    assertEquals(1, found.size(), found::toString);
    assertTrue(
        found.getFirst().startsWith("CORS_ORIGINS has the entry \"" + origin + "\""),
        found::toString);
    assertTrue(found.getFirst().contains(reason), found::toString);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "https://app.example.com",
        "https://app.example.com:443/",
        "https://App.Example.com:8443",
        "https://bücher.example",
        "https://93.184.216.34:8443"
      })
  void a_useful_origin_causes_no_warning(String origin) {
    assertEquals(List.of(), warnings(with("CORS_ORIGINS", origin)));
  }

  @ParameterizedTest
  @ValueSource(strings = {"localhost", "127.0.0.1:5432", "[::1]", "database:5432", "10.1.2.3"})
  void local_origins_belong_to_a_local_database(String host) {
    assertEquals(
        List.of(),
        warnings(
            with(
                "DATABASE_URL",
                "postgresql://" + host + "/flow",
                "CORS_ORIGINS",
                "http://localhost:3000,http://192.168.1.4:3000")));
  }

  @Test
  void the_services_own_origin_and_a_repeated_one_are_reported() {
    assertOne(
        "CORS_ORIGINS lists \"https://a.example.com:443\" twice",
        with("CORS_ORIGINS", "https://a.example.com,https://a.example.com:443"));
    assertOne(
        "CORS_ORIGINS has the entry \"https://flow.up.railway.app\", the address of this service",
        with(
            "CORS_ORIGINS",
            "https://flow.up.railway.app",
            "RAILWAY_PUBLIC_DOMAIN",
            "flow.up.railway.app",
            "TRUSTED_PROXIES",
            "100.64.0.0/10",
            "CLIENT_IP_HEADER",
            "X-Real-IP"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"0.0.0.0/0", "::/0", "0.0.0.0/1", "128.0.0.0/1", "2000::/3"})
  void a_block_that_contains_clients_is_reported(String block) {
    assertOne(
        "TRUSTED_PROXIES trusts ",
        with("TRUSTED_PROXIES", "10.0.0.0/8," + block, "CLIENT_IP_HEADER", "X-Forwarded-For"));
  }

  @Test
  void proxies_and_header_belong_together() {
    assertOne("CLIENT_IP_HEADER is not set", with("TRUSTED_PROXIES", "10.0.0.0/8,fd00::/8"));
    assertOne("CLIENT_IP_HEADER has no effect", with("CLIENT_IP_HEADER", "X-Real-IP"));
    assertEquals(
        List.of(),
        warnings(with("TRUSTED_PROXIES", "10.0.0.0/8", "CLIENT_IP_HEADER", "X-Forwarded-For")));
  }

  @Test
  void on_Railway_the_edge_is_trusted_and_X_Real_IP_read() {
    Map<String, String> bare = with("RAILWAY_ENVIRONMENT", "production");
    assertEquals(
        List.of("TRUSTED_PROXIES does not contain", "CLIENT_IP_HEADER is X-Forwarded-For"),
        warnings(bare).stream().map(line -> line.split(" Railway|, whose", 2)[0]).toList());
    assertOne(
        "CLIENT_IP_HEADER is X-Forwarded-For",
        with("RAILWAY_ENVIRONMENT", "production", "TRUSTED_PROXIES", "100.64.0.0/10"));
    assertOne(
        "TRUSTED_PROXIES does not contain",
        with(
            "RAILWAY_ENVIRONMENT",
            "production",
            "TRUSTED_PROXIES",
            "100.64.0.0/16",
            "CLIENT_IP_HEADER",
            "x-real-ip"));
    assertEquals(
        List.of(),
        warnings(
            with(
                "RAILWAY_ENVIRONMENT",
                "production",
                "TRUSTED_PROXIES",
                "100.64.0.0/10",
                "CLIENT_IP_HEADER",
                "x-real-ip")));
    assertEquals(List.of(), warnings(bare, ENOUGH, Role.WORKER), "a worker has no clients");
  }

  @ParameterizedTest
  @CsvSource({"410, 512, true", "409, 512, false", "4096, 512, true", "128, 1024, false"})
  void a_heap_that_leaves_no_room_in_the_container_is_reported(
      long heap, long container, boolean reported) {
    List<String> found = warnings(with(), new Memory(heap << 20, container << 20), Role.ALL);
    assertEquals(reported ? 1 : 0, found.size(), found::toString);
    if (reported) {
      assertTrue(
          found.getFirst().contains(heap + " MB of the " + container + " MB"), found::toString);
    }
  }

  @Test
  void the_memory_of_this_process_is_read() {
    Memory memory = Memory.ofThisProcess();
    assertTrue(memory.heap() > 0 && memory.available() > 0, memory::toString);
  }

  @ParameterizedTest
  @CsvSource({
    "postgresql://db.example.com/flow, has no sslmode",
    "postgresql://93.184.216.34/flow, has no sslmode",
    "postgresql://db.example.com/flow?sslmode=prefer, has sslmode=prefer",
    "postgresql://db.example.com/flow?connectTimeout=3&sslmode=disable, has sslmode=disable"
  })
  void an_unencrypted_connection_over_a_public_network_is_reported(String url, String start) {
    assertOne("DATABASE_URL " + start, with("DATABASE_URL", url));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "postgresql://localhost/flow",
        "postgresql://10.0.0.3/flow",
        "postgresql://172.16.0.3/flow",
        "postgresql://[fd12::1]/flow",
        "postgresql://database/flow",
        "postgresql://postgres.railway.internal:5432/flow",
        "postgresql://db.example.com/flow?sslmode=verify-full",
        "jdbc:postgresql://db.example.com/flow?sslmode=require&channel_binding=require"
      })
  void a_connection_that_stays_private_causes_no_warning(String url) {
    assertEquals(List.of(), warnings(with("DATABASE_URL", url)));
  }

  @ParameterizedTest
  @CsvSource({
    "ep-a-1-pooler.eu.aws.neon.tech/flow, , is not set although",
    "db.example.com:6543/flow, , is not set although",
    "db.example.com:6432/flow, , is not set although",
    "aws-0-eu.pooler.supabase.com/flow, , is not set although",
    "ep-a-1-pooler.eu.aws.neon.tech/flow, ep-a-1-pooler.eu.aws.neon.tech/flow, leads to a pooler",
    "ep-a-1-pooler.eu.aws.neon.tech/flow, ep-a-1.eu.aws.neon.tech/other, names another database",
    "ep-a-1-pooler.eu.aws.neon.tech/flow, ep-b-2.eu.aws.neon.tech/flow, leads to another Neon",
    "db.example.com/flow, db.example.com/flow2, names another database"
  })
  void a_pooler_needs_the_direct_URL_of_the_same_database(
      String main, @Nullable String direct, String start) {
    String suffix = "?sslmode=require";
    assertOne(
        "DATABASE_DIRECT_URL " + start,
        with(
            "DATABASE_URL",
            "postgresql://" + main + suffix,
            "DATABASE_DIRECT_URL",
            direct == null ? null : "postgresql://" + direct + suffix));
  }

  @Test
  void a_pooler_with_its_direct_URL_causes_no_warning() {
    assertEquals(
        List.of(),
        warnings(
            with(
                "DATABASE_URL",
                "postgresql://u:p@ep-a-1-pooler.eu.aws.neon.tech/flow?sslmode=require",
                "DATABASE_DIRECT_URL",
                "postgresql://u:p@ep-a-1.eu.aws.neon.tech/flow?sslmode=require")));
  }

  @Test
  void secrets_that_are_missing_or_short_are_reported_without_their_value() {
    assertOne("REFRESH_TOKEN_SECRET is not set", with("REFRESH_TOKEN_SECRET", null));
    assertOne("ACCOUNT_HASH_KEY is not set", with("ACCOUNT_HASH_KEY", null));
    assertOne("REFRESH_TOKEN_SECRET has only 5", with("REFRESH_TOKEN_SECRET", "abcde"));
    assertOne("METRICS_TOKEN has only 5 characters", with("METRICS_TOKEN", "abcde"));
    assertFalse(warnings(with("METRICS_TOKEN", "abcde")).toString().contains("abcde"));
  }

  @Test
  void another_client_id_than_Googles_is_reported() {
    assertOne("GOOGLE_CLIENT_ID has an entry", with("GOOGLE_CLIENT_ID", "GOCSPX-abc"));
    assertEquals(
        List.of(),
        warnings(
            with("GOOGLE_CLIENT_ID", "any", "GOOGLE_JWKS_URL", "https://idp.example.com/keys")));
  }

  private static Map<String, String> shop(String key, String base, String... more) {
    Map<String, String> environment = with(more);
    environment.put("CHECKOUT_SECRET_KEY", key);
    environment.put("CHECKOUT_BASE_URL", base);
    environment.putIfAbsent("CHECKOUT_WEBHOOK_SECRET", SECRET);
    for (String page : List.of("SUCCESS", "FAILURE", "CANCEL")) {
      environment.putIfAbsent("CHECKOUT_" + page + "_URL", "https://app.example.com/" + page);
    }
    return environment;
  }

  @ParameterizedTest
  @CsvSource({
    "sk_sbox_a, https://abc.api.checkout.com, CHECKOUT_BASE_URL is the address for real payments",
    "sk_test_a, https://api.checkout.com, CHECKOUT_BASE_URL is the address for real payments",
    "sk_a, https://abc.api.sandbox.checkout.com, CHECKOUT_BASE_URL is the sandbox",
    "sk_live_a, https://api.sandbox.checkout.com, CHECKOUT_BASE_URL is the sandbox",
    "pk_a, https://abc.api.checkout.com, CHECKOUT_SECRET_KEY is a public key"
  })
  void a_key_of_the_other_environment_is_reported(String key, String base, String start) {
    assertOne(start, shop(key, base));
  }

  @Test
  void a_shop_that_is_configured_by_half_is_reported() {
    String base = "https://abc.api.checkout.com";
    assertEquals(List.of(), warnings(shop("sk_a", base)));
    assertEquals(
        List.of(), warnings(shop("sk_sbox_a", "https://abc.api.sandbox.checkout.com")), "sandbox");
    Map<String, String> unsigned = shop("sk_a", base);
    unsigned.remove("CHECKOUT_WEBHOOK_SECRET");
    assertOne("CHECKOUT_WEBHOOK_SECRET is not set but CHECKOUT_SECRET_KEY is", unsigned);
    Map<String, String> keyless = shop("sk_a", base);
    keyless.remove("CHECKOUT_SECRET_KEY");
    assertOne("CHECKOUT_WEBHOOK_SECRET is set but CHECKOUT_SECRET_KEY is not", keyless);
    for (String page : List.of("SUCCESS", "FAILURE", "CANCEL")) {
      String name = "CHECKOUT_" + page + "_URL";
      Map<String, String> local = shop("sk_a", base);
      local.remove(name);
      assertOne(name + " leads to localhost", local);
    }
  }

  @Test
  void a_key_that_OpenAI_never_issues_is_reported() {
    assertOne("OPENAI_API_KEY does not start with sk-", with("OPENAI_API_KEY", "gsk_1"));
    assertEquals(
        List.of(),
        warnings(with("OPENAI_API_KEY", "gsk_1", "OPENAI_BASE_URL", "https://llm.example.com")));
  }

  @Test
  void warnings_are_found_beside_errors() {
    Map<String, String> environment =
        with(
            "PORT", "eighty",
            "DATABASE_URL", "mysql://x",
            "CORS_ORIGINS", "*,http://app.example.com",
            "TRUSTED_PROXIES", "10.0.0.0/33,0.0.0.0/0",
            "OPENAI_BASE_URL", "not a url",
            "METRICS_TOKEN", "abcde");
    assertEquals(
        List.of("CLIENT_IP_HEADER", "CORS_ORIGINS", "METRICS_TOKEN", "TRUSTED_PROXIES"),
        warnings(environment).stream().map(line -> line.split(" ", 2)[0]).sorted().toList());
  }

  @Test
  void a_key_that_no_header_can_hold_is_an_error_that_does_not_quote_it() {
    for (String name : List.of("OPENAI_API_KEY", "DEEPGRAM_API_KEY", "CHECKOUT_SECRET_KEY")) {
      Map<String, String> environment = with(name, "sk-hidden\nword");
      assertEquals(
          List.of(name + " must be printable ASCII without spaces"),
          assertThrows(Config.InvalidException.class, () -> Config.load(environment)).errors());
    }
    assertEquals(
        "key",
        Config.load(with("DEEPGRAM_API_KEY", " key\n")).voice().apiKey().orElseThrow().value());
  }

  @Test
  void one_port_is_not_used_twice() {
    assertEquals(
        List.of("METRICS_PORT must differ from PORT"),
        assertThrows(
                Config.InvalidException.class,
                () -> Config.load(with("PORT", "9000", "METRICS_PORT", "9000")))
            .errors());
  }
}
