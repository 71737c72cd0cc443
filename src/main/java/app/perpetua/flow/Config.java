package app.perpetua.flow;

import app.perpetua.flow.account.AccountConfig;
import app.perpetua.flow.account.Pem;
import app.perpetua.flow.achievements.AchievementConfig;
import app.perpetua.flow.assistant.AssistantConfig;
import app.perpetua.flow.base.AllowedHost;
import app.perpetua.flow.base.Cidr;
import app.perpetua.flow.base.ProxyConfig;
import app.perpetua.flow.base.Secret;
import app.perpetua.flow.billing.BillingConfig;
import app.perpetua.flow.credits.CreditConfig;
import app.perpetua.flow.filters.FilterConfig;
import app.perpetua.flow.http.Docs;
import app.perpetua.flow.http.HttpConfig;
import app.perpetua.flow.http.cors.CorsOrigin;
import app.perpetua.flow.lists.ListConfig;
import app.perpetua.flow.notes.NoteConfig;
import app.perpetua.flow.notifications.Pages;
import app.perpetua.flow.notifications.PushConfig;
import app.perpetua.flow.notifications.Vapid;
import app.perpetua.flow.observability.LogConfig;
import app.perpetua.flow.provider.checkout.CheckoutConfig;
import app.perpetua.flow.provider.openai.OpenAiConfig;
import app.perpetua.flow.recovery.TombstoneConfig;
import app.perpetua.flow.redis.RedisUrl;
import app.perpetua.flow.reminders.ReminderConfig;
import app.perpetua.flow.sql.connection.DatabaseConfig;
import app.perpetua.flow.sql.connection.DatabaseUrl;
import app.perpetua.flow.sync.EventStreamConfig;
import app.perpetua.flow.tasks.TaskConfig;
import app.perpetua.flow.voice.VoiceConfig;
import app.perpetua.flow.webhooks.WebhookConfig;
import java.net.URI;
import java.security.interfaces.ECPrivateKey;
import java.security.interfaces.ECPublicKey;
import java.security.interfaces.RSAPrivateCrtKey;
import java.security.interfaces.RSAPublicKey;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.logging.Level;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The configuration, read once at start; nothing else reads the environment. Each feature declares
 * the section it needs. Immutable; secrets print as {@code ***}.
 *
 * @param redis shares rate limits and circuit breaker between processes; empty if there is one
 */
public record Config(
    HttpConfig http,
    DatabaseConfig database,
    Optional<RedisUrl> redis,
    AccountConfig account,
    Limits limits,
    Payment payment,
    Notifications notifications,
    Ai ai,
    VoiceConfig voice,
    LogConfig log) {
  /** Limits of a user's data and credits. */
  public record Limits(
      TaskConfig tasks,
      ListConfig lists,
      NoteConfig notes,
      FilterConfig filters,
      ReminderConfig reminders,
      CreditConfig credits,
      AchievementConfig achievements,
      TombstoneConfig tombstones,
      EventStreamConfig eventStreams) {}

  /**
   * Prices and the payment provider.
   *
   * @param checkout empty if nothing can be bought
   */
  public record Payment(BillingConfig billing, Optional<CheckoutConfig> checkout) {}

  /** Web Push, the pages of the client that notifications open, and webhooks. */
  public record Notifications(PushConfig push, Pages pages, WebhookConfig webhooks) {}

  /** The assistant and its model. */
  public record Ai(AssistantConfig assistant, OpenAiConfig openai) {}

  /** The largest value of any limit. */
  private static final int MAX_LIMIT = 100_000_000;

  /** Characters; {@code openssl rand -hex 32} prints 64. */
  private static final int MIN_HASH_KEY = 16;

  private static final DatabaseUrl UNSET_URL =
      new DatabaseUrl("jdbc:postgresql://unset.invalid/unset", Optional.empty(), Optional.empty());

  /** The configuration is invalid; the message lists every error. */
  public static final class InvalidException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final transient List<String> errors;

    InvalidException(List<String> errors) {
      super(String.join("\n", errors), null, false, false);
      this.errors = List.copyOf(errors);
    }

    /** One line for each invalid or missing variable, which starts with its name. */
    public List<String> errors() {
      return errors;
    }
  }

  /**
   * Reads {@code application.yaml} with the given environment variables.
   *
   * @throws InvalidException with all errors
   */
  public static Config load(Map<String, String> environment) {
    return load(new ConfigReader(environment));
  }

  /** As above, from a reader that is used for nothing else but its variables. */
  static Config load(ConfigReader in) {
    HttpConfig http = http(in);
    if (http.metrics().port() != 0 && http.metrics().port() == http.port()) {
      in.addError("http.metrics-port", "must differ from PORT");
    }
    DatabaseConfig database = database(in);
    Optional<RedisUrl> redis = in.parsed("redis.url", RedisUrl::parse);
    Limits limits = limits(in);
    Payment payment = new Payment(billing(in), checkout(in));
    Notifications notifications = new Notifications(push(in), pages(in), webhooks(in));
    OpenAiConfig openai = openai(in);
    Ai ai = new Ai(assistant(in, openai), openai);
    VoiceConfig voice = voice(in);
    LogConfig log = new LogConfig(level(in), in.integer("log.lines-per-second", 0, MAX_LIMIT));
    // Last: there is no account section without a key, and all other errors are known by now.
    AccountConfig account = account(in);
    if (!in.errors().isEmpty()) {
      throw new InvalidException(in.errors());
    }
    return new Config(
        http, database, redis, account, limits, payment, notifications, ai, voice, log);
  }

  private static HttpConfig http(ConfigReader in) {
    return new HttpConfig(
        in.integer("http.port", 0, 65_535),
        Set.copyOf(in.list("http.cors-origins", CorsOrigin::parse)),
        new ProxyConfig(
            in.list("http.trusted-proxies", Cidr::parse),
            in.required("http.client-ip-header", ProxyConfig::header)
                .orElse(ProxyConfig.FORWARDED_FOR)),
        new HttpConfig.Metrics(
            in.secret("http.metrics-token"), in.integer("http.metrics-port", 0, 65_535)),
        in.parsed("http.docs-token-url", Docs.TokenUrl::parse),
        in.integer("http.max-connections-per-address", 1, MAX_LIMIT),
        new HttpConfig.RateLimits(
            in.integer("http.rate-limit-general", 1, MAX_LIMIT),
            in.integer("http.rate-limit-token", 1, MAX_LIMIT),
            in.integer("http.rate-limit-ai", 1, MAX_LIMIT),
            in.integer("http.rate-limit-auth", 1, MAX_LIMIT)),
        Duration.ofSeconds(in.integer("http.shutdown-delay-seconds", 0, 300)));
  }

  private static DatabaseConfig database(ConfigReader in) {
    DatabaseUrl main = in.required("database.url", DatabaseUrl::parse).orElse(UNSET_URL);
    DatabaseUrl direct = in.parsed("database.direct-url", DatabaseUrl::parse).orElse(main);
    return new DatabaseConfig(
        main,
        direct,
        in.integer("database.pool-size", 1, 100),
        in.oneOf("database.prepared-statements", "on", "off").equals("on"));
  }

  private static AccountConfig account(ConfigReader in) {
    in.oneOf("tokens.algorithm", "RS256");
    @Nullable RSAPrivateCrtKey key =
        in.required("tokens.private-key", Pem::privateKey).orElse(null);
    in.parsed("tokens.public-key", Pem::publicKeys)
        .ifPresent(
            given -> {
              if (key != null && !given.contains(Pem.publicHalf(key))) {
                in.addError("tokens.public-key", "is not the public half of JWT_PRIVATE_KEY");
              }
            });
    Set<String> clients = Set.copyOf(in.list("google.client-ids"));
    if (clients.isEmpty()) {
      in.addMissing("google.client-ids", "is required");
    }
    List<RSAPublicKey> previous =
        in.parsed("tokens.previous-public-key", Pem::publicKeys).orElse(List.of());
    Duration access = Duration.ofMinutes(in.integer("tokens.access-expiry-minutes", 1, 1_440));
    Duration refresh = Duration.ofDays(in.integer("tokens.refresh-expiry-days", 1, 365));
    URI jwks = in.httpUri("google.jwks-url");
    int kickstart = in.integer("credits.kickstart", 0, MAX_LIMIT);
    List<Secret> hashKeys =
        Stream.of("accounts.hash-key", "accounts.hash-key-previous")
            .flatMap(name -> in.parsed(name, Config::hashKey).stream())
            .toList();
    if (key == null) {
      throw new InvalidException(in.errors());
    }
    Secret secret = in.secret("tokens.refresh-secret").orElseGet(() -> Pem.derivedSecret(key));
    List<Secret> subjectKeys = Stream.concat(hashKeys.stream(), Stream.of(secret)).toList();
    return new AccountConfig(
        key, previous, access, refresh, secret, subjectKeys, clients, jwks, kickstart);
  }

  private static Secret hashKey(String text) {
    if (text.length() < MIN_HASH_KEY) {
      throw new IllegalArgumentException("must have at least " + MIN_HASH_KEY + " characters");
    }
    return new Secret(text);
  }

  private static Limits limits(ConfigReader in) {
    TaskConfig tasks =
        new TaskConfig(
            in.integer("tasks.free-max", 1, MAX_LIMIT),
            in.integer("tasks.pro-max", 1, MAX_LIMIT),
            in.integer("tasks.free-max-subtasks", 1, 100),
            in.integer("tasks.pro-max-subtasks", 1, 100),
            in.integer("tasks.free-description-length", 1, 10_000),
            in.integer("tasks.pro-description-length", 1, 10_000),
            in.integer("tasks.due-date-max-days", 0, 36_500));
    NoteConfig notes =
        new NoteConfig(
            in.integer("notes.free-max", 1, MAX_LIMIT),
            in.integer("notes.pro-max", 1, MAX_LIMIT),
            in.integer("notes.max-voice-seconds", 1, 3_600));
    CreditConfig credits =
        new CreditConfig(
            in.integer("credits.pro-daily", 0, MAX_LIMIT),
            in.integer("credits.pro-monthly", 1, MAX_LIMIT),
            in.integer("credits.max-carryover", 0, MAX_LIMIT));
    return new Limits(
        tasks,
        new ListConfig(
            in.integer("lists.free-max", 1, 1_000),
            in.integer("lists.pro-max", 1, 1_000),
            in.integer("labels.free-max", 1, 10_000),
            in.integer("labels.pro-max", 1, 10_000)),
        notes,
        new FilterConfig(
            in.integer("filters.free-max", 1, 10_000), in.integer("filters.pro-max", 1, 10_000)),
        new ReminderConfig(in.integer("reminders.max", 1, 100)),
        credits,
        new AchievementConfig(
            tasks.freeMax(), tasks.proMax(), notes.freeMax(), notes.proMax(), credits.proDaily()),
        new TombstoneConfig(
            in.integer("recovery.tombstones-kept", 1, 100),
            Duration.ofDays(in.integer("recovery.tombstone-days", 1, 365))),
        new EventStreamConfig(
            in.integer("event-streams.max", 0, MAX_LIMIT),
            in.integer("event-streams.max-per-user", 1, 1_000),
            Duration.ofSeconds(in.integer("event-streams.max-seconds", 1, 86_400))));
  }

  private static BillingConfig billing(ConfigReader in) {
    List<Secret> secrets =
        Stream.of("checkout.webhook-secret", "checkout.webhook-secret-previous")
            .flatMap(key -> in.secret(key).stream())
            .toList();
    return new BillingConfig(
        in.integer("billing.pro-price-cents", 1, MAX_LIMIT),
        in.integer("billing.credit-price-cents", 1, 1_000_000),
        "USD",
        in.integer("billing.credit-purchase-monthly", 0, MAX_LIMIT),
        in.integer("billing.payment-failures", 1, 100),
        Duration.ofDays(in.integer("billing.grace-days", 1, 28)),
        in.oneOf("billing.charges", "own", "external").equals("own")
            ? BillingConfig.Charges.OWN
            : BillingConfig.Charges.EXTERNAL,
        in.integer("billing.record-years", 1, 100),
        secrets,
        in.secret("checkout.webhook-authorization"));
  }

  private static Optional<CheckoutConfig> checkout(ConfigReader in) {
    URI base = in.httpUri("checkout.base-url");
    Optional<String> channel = in.optional("checkout.processing-channel-id");
    String country = in.text("checkout.billing-country");
    if (!country.matches("[A-Z]{2}")) {
      in.addError("checkout.billing-country", "must be two capital letters such as US");
    }
    URI success = in.httpUri("checkout.success-url");
    URI failure = in.httpUri("checkout.failure-url");
    URI cancel = in.httpUri("checkout.cancel-url");
    return in.parsed("checkout.secret-key", Secret::ofHeader)
        .map(key -> new CheckoutConfig(key, base, channel, country, success, failure, cancel));
  }

  private static PushConfig push(ConfigReader in) {
    return new PushConfig(vapid(in), in.list("push.hosts", AllowedHost::parse));
  }

  private static WebhookConfig webhooks(ConfigReader in) {
    return new WebhookConfig(in.list("webhooks.hosts", Config::allowedHostOrAny));
  }

  private static Pages pages(ConfigReader in) {
    return new Pages(
        in.required("app.task-url", Pages::pattern).orElse(""),
        in.required("app.achievements-url", Pages::page).orElse(""),
        in.required("app.subscription-url", Pages::page).orElse(""));
  }

  private static VoiceConfig voice(ConfigReader in) {
    return new VoiceConfig(
        in.oneOf("voice.enabled", "true", "false").equals("true"),
        in.integer("voice.max-seconds", 1, 3_600),
        in.integer("voice.credits-per-minute", 0, MAX_LIMIT),
        in.parsed("deepgram.api-key", Secret::ofHeader),
        in.httpUri("deepgram.base-url"),
        in.list("voice.audio-hosts", Config::allowedHostOrAny));
  }

  private static AllowedHost allowedHostOrAny(String entry) {
    return entry.equals("*") ? new AllowedHost.Any() : AllowedHost.parse(entry);
  }

  /** Requires all three variables or none. */
  private static Optional<Vapid> vapid(ConfigReader in) {
    List<String> keys =
        List.of("push.vapid-public-key", "push.vapid-private-key", "push.vapid-subject");
    List<String> missing = keys.stream().filter(key -> in.optional(key).isEmpty()).toList();
    if (missing.size() < keys.size()) {
      missing.forEach(key -> in.addMissing(key, "is required beside the other VAPID variables"));
    }
    Optional<ECPublicKey> publicKey = in.parsed("push.vapid-public-key", Vapid::publicKey);
    Optional<ECPrivateKey> privateKey = in.parsed("push.vapid-private-key", Vapid::privateKey);
    Optional<String> subject = in.parsed("push.vapid-subject", Vapid::subject);
    if (publicKey.isEmpty() || privateKey.isEmpty() || subject.isEmpty()) {
      return Optional.empty();
    }
    Vapid vapid = new Vapid(publicKey.get(), privateKey.get(), subject.get());
    if (!vapid.isPair()) {
      in.addError("push.vapid-public-key", "is not the public half of VAPID_PRIVATE_KEY");
    }
    return Optional.of(vapid);
  }

  private static AssistantConfig assistant(ConfigReader in, OpenAiConfig openai) {
    return new AssistantConfig(
        in.integer("assistant.chat-credits", 0, MAX_LIMIT),
        in.integer("assistant.subtask-credits", 0, MAX_LIMIT),
        in.integer("assistant.conversion-credits", 0, MAX_LIMIT),
        in.integer("assistant.task-warn-at", 1, MAX_LIMIT),
        in.integer("assistant.task-max", 1, MAX_LIMIT),
        openai.timeout());
  }

  private static OpenAiConfig openai(ConfigReader in) {
    return new OpenAiConfig(
        in.parsed("openai.api-key", Secret::ofHeader),
        in.required("openai.model", OpenAiConfig::model).orElse(""),
        in.httpUri("openai.base-url"),
        Duration.ofSeconds(in.integer("openai.timeout-seconds", 1, 600)),
        Duration.ofSeconds(in.integer("openai.silence-seconds", 1, 600)));
  }

  private static Level level(ConfigReader in) {
    return switch (in.oneOf("log.level", "INFO", "ERROR", "WARNING", "DEBUG")) {
      case "ERROR" -> Level.SEVERE;
      case "WARNING" -> Level.WARNING;
      case "DEBUG" -> Level.FINE;
      default -> Level.INFO;
    };
  }
}
