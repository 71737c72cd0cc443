package app.perpetua.flow;

import app.perpetua.flow.account.AccountConfig;
import app.perpetua.flow.account.Pem;
import app.perpetua.flow.achievements.AchievementConfig;
import app.perpetua.flow.assistant.AssistantConfig;
import app.perpetua.flow.base.AllowedHost;
import app.perpetua.flow.base.Secret;
import app.perpetua.flow.billing.BillingConfig;
import app.perpetua.flow.credits.CreditConfig;
import app.perpetua.flow.http.HttpConfig;
import app.perpetua.flow.http.connection.Cidr;
import app.perpetua.flow.notes.NoteConfig;
import app.perpetua.flow.notifications.PushConfig;
import app.perpetua.flow.notifications.Vapid;
import app.perpetua.flow.provider.checkout.CheckoutConfig;
import app.perpetua.flow.provider.openai.OpenAiConfig;
import app.perpetua.flow.recovery.TombstoneConfig;
import app.perpetua.flow.reminders.ReminderConfig;
import app.perpetua.flow.sql.DatabaseConfig;
import app.perpetua.flow.sql.DatabaseUrl;
import app.perpetua.flow.tasks.TaskConfig;
import app.perpetua.flow.voice.VoiceConfig;
import java.net.URI;
import java.security.interfaces.ECPrivateKey;
import java.security.interfaces.ECPublicKey;
import java.security.interfaces.RSAPrivateCrtKey;
import java.security.interfaces.RSAPublicKey;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.logging.Level;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The whole configuration, read once at start; nothing else reads the environment. Each feature
 * declares the section it needs. Immutable; secrets print as {@code ***}.
 *
 * @param http the listener, its limits and whom it trusts
 * @param database where the data is
 * @param account tokens and sign-in
 * @param tasks limits of tasks and subtasks
 * @param notes limits of notes
 * @param reminders limits of reminders
 * @param credits how many credits there are
 * @param achievements limits that perks come on top of
 * @param tombstones how deletions are kept
 * @param billing prices, and how payments are taken
 * @param checkout our account at the payment provider; without it nothing can be bought
 * @param push push to browsers
 * @param openai the assistant's model
 * @param assistant what the assistant costs, and how often it may be asked
 * @param voice transcription
 * @param logLevel the least severe level that is logged
 */
public record Config(
    HttpConfig http,
    DatabaseConfig database,
    AccountConfig account,
    TaskConfig tasks,
    NoteConfig notes,
    ReminderConfig reminders,
    CreditConfig credits,
    AchievementConfig achievements,
    TombstoneConfig tombstones,
    BillingConfig billing,
    Optional<CheckoutConfig> checkout,
    PushConfig push,
    OpenAiConfig openai,
    AssistantConfig assistant,
    VoiceConfig voice,
    Level logLevel) {
  /** The largest figure that any limit may be set to. */
  private static final int LARGE = 100_000_000;

  private static final DatabaseUrl NOWHERE =
      new DatabaseUrl("jdbc:postgresql://nowhere.invalid/none", Optional.empty(), Optional.empty());

  /** Configuration that cannot work; the message tells every fault. */
  public static final class Faulty extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final transient List<String> faults;

    Faulty(List<String> faults) {
      super(String.join("\n", faults), null, false, false);
      this.faults = List.copyOf(faults);
    }

    /** What is wrong or missing, each named by its variable. */
    public List<String> faults() {
      return faults;
    }
  }

  /**
   * Reads {@code application.yaml} with the given environment variables.
   *
   * @throws Faulty with everything that is wrong or missing
   */
  public static Config load(Map<String, String> environment) {
    ConfigReader in = new ConfigReader(environment);
    HttpConfig http = http(in);
    DatabaseConfig database = database(in);
    TaskConfig tasks = tasks(in);
    NoteConfig notes = notes(in);
    ReminderConfig reminders = new ReminderConfig(in.integer("reminders.max", 1, 100));
    CreditConfig credits = credits(in);
    AchievementConfig achievements = achievements(tasks, notes, credits);
    TombstoneConfig tombstones = tombstones(in);
    BillingConfig billing = billing(in);
    Optional<CheckoutConfig> checkout = checkout(in);
    PushConfig push = push(in);
    OpenAiConfig openai = openai(in);
    AssistantConfig assistant = assistant(in, openai);
    VoiceConfig voice = voice(in);
    Level level = level(in);
    // Last: without a key there is no section to make, and all other faults are known by now.
    Config config =
        new Config(
            http,
            database,
            account(in),
            tasks,
            notes,
            reminders,
            credits,
            achievements,
            tombstones,
            billing,
            checkout,
            push,
            openai,
            assistant,
            voice,
            level);
    if (!in.faults().isEmpty()) {
      throw new Faulty(in.faults());
    }
    return config;
  }

  private static HttpConfig http(ConfigReader in) {
    List<Cidr> proxies = new ArrayList<>();
    for (String block : in.list("http.trusted-proxies")) {
      try {
        proxies.add(Cidr.parse(block));
      } catch (IllegalArgumentException e) {
        in.fault("TRUSTED_PROXIES", String.valueOf(e.getMessage()));
      }
    }
    return new HttpConfig(
        in.integer("http.port", 0, 65_535),
        Set.copyOf(in.list("http.cors-origins")),
        List.copyOf(proxies),
        in.secret("http.metrics-token"),
        in.integer("http.metrics-port", 0, 65_535),
        in.integer("http.max-connections-per-address", 1, LARGE),
        in.integer("http.rate-limit-general", 1, LARGE),
        in.integer("http.rate-limit-ai", 1, LARGE),
        in.integer("http.rate-limit-auth", 1, LARGE));
  }

  private static DatabaseConfig database(ConfigReader in) {
    DatabaseUrl main = in.required("database.url", DatabaseUrl::parse).orElse(NOWHERE);
    DatabaseUrl direct = in.parsed("database.direct-url", DatabaseUrl::parse).orElse(main);
    return new DatabaseConfig(main, direct, in.integer("database.pool-size", 1, 100));
  }

  private static AccountConfig account(ConfigReader in) {
    in.oneOf("tokens.algorithm", "RS256");
    @Nullable RSAPrivateCrtKey key =
        in.required("tokens.private-key", Pem::privateKey).orElse(null);
    in.parsed("tokens.public-key", Pem::publicKeys)
        .ifPresent(
            given -> {
              if (key != null && !given.contains(Pem.publicHalf(key))) {
                in.fault("JWT_PUBLIC_KEY", "is not the public half of JWT_PRIVATE_KEY");
              }
            });
    Set<String> clients = Set.copyOf(in.list("google.client-ids"));
    if (clients.isEmpty()) {
      in.text("google.client-ids");
    }
    List<RSAPublicKey> previous =
        in.parsed("tokens.previous-public-key", Pem::publicKeys).orElse(List.of());
    Duration access = Duration.ofMinutes(in.integer("tokens.access-expiry-minutes", 1, 1_440));
    Duration refresh = Duration.ofDays(in.integer("tokens.refresh-expiry-days", 1, 365));
    URI jwks = in.httpUri("google.jwks-url");
    int kickstart = in.integer("credits.kickstart", 0, LARGE);
    if (key == null) {
      throw new Faulty(in.faults());
    }
    Secret secret = in.secret("tokens.refresh-secret").orElseGet(() -> Pem.derivedSecret(key));
    return new AccountConfig(key, previous, access, refresh, secret, clients, jwks, kickstart);
  }

  private static TaskConfig tasks(ConfigReader in) {
    return new TaskConfig(
        in.integer("tasks.free-max", 1, LARGE),
        in.integer("tasks.pro-max", 1, LARGE),
        in.integer("tasks.free-max-subtasks", 1, 100),
        in.integer("tasks.pro-max-subtasks", 1, 100),
        in.integer("tasks.free-description-length", 1, 10_000),
        in.integer("tasks.pro-description-length", 1, 10_000));
  }

  private static NoteConfig notes(ConfigReader in) {
    return new NoteConfig(
        in.integer("notes.free-max", 1, LARGE),
        in.integer("notes.pro-max", 1, LARGE),
        in.integer("notes.max-voice-seconds", 1, 3_600));
  }

  private static CreditConfig credits(ConfigReader in) {
    return new CreditConfig(
        in.integer("credits.pro-daily", 0, LARGE),
        in.integer("credits.pro-monthly", 1, LARGE),
        in.integer("credits.max-carryover", 0, LARGE));
  }

  private static AchievementConfig achievements(
      TaskConfig tasks, NoteConfig notes, CreditConfig credits) {
    return new AchievementConfig(
        tasks.freeMax(), tasks.proMax(), notes.freeMax(), notes.proMax(), credits.proDaily());
  }

  private static TombstoneConfig tombstones(ConfigReader in) {
    return new TombstoneConfig(
        in.integer("recovery.tombstones-kept", 1, 100),
        Duration.ofDays(in.integer("recovery.tombstone-days", 1, 365)));
  }

  private static BillingConfig billing(ConfigReader in) {
    List<Secret> secrets =
        Stream.of("checkout.webhook-secret", "checkout.webhook-secret-previous")
            .flatMap(key -> in.secret(key).stream())
            .toList();
    return new BillingConfig(
        in.integer("billing.pro-price-cents", 1, LARGE),
        in.integer("billing.credit-price-cents", 1, 1_000_000),
        "USD",
        in.integer("billing.credit-purchase-monthly", 0, LARGE),
        in.integer("billing.payment-failures", 1, 100),
        Duration.ofDays(in.integer("billing.grace-days", 1, 28)),
        in.oneOf("billing.charges", "own", "external").equals("own")
            ? BillingConfig.Charges.OWN
            : BillingConfig.Charges.EXTERNAL,
        secrets,
        in.secret("checkout.webhook-authorization"));
  }

  private static Optional<CheckoutConfig> checkout(ConfigReader in) {
    URI base = in.httpUri("checkout.base-url");
    Optional<String> channel = in.optional("checkout.processing-channel-id");
    String country = in.text("checkout.billing-country");
    if (!country.matches("[A-Z]{2}")) {
      in.fault("CHECKOUT_BILLING_COUNTRY", "must be two capital letters such as US");
    }
    URI success = in.httpUri("checkout.success-url");
    URI failure = in.httpUri("checkout.failure-url");
    URI cancel = in.httpUri("checkout.cancel-url");
    return in.secret("checkout.secret-key")
        .map(key -> new CheckoutConfig(key, base, channel, country, success, failure, cancel));
  }

  private static PushConfig push(ConfigReader in) {
    return new PushConfig(vapid(in), hosts(in, "push.hosts", "PUSH_HOSTS", AllowedHost::parse));
  }

  private static VoiceConfig voice(ConfigReader in) {
    return new VoiceConfig(
        in.oneOf("voice.enabled", "true", "false").equals("true"),
        in.integer("voice.max-seconds", 1, 3_600),
        in.integer("voice.credits-per-minute", 0, LARGE),
        in.secret("deepgram.api-key"),
        in.httpUri("deepgram.base-url"),
        hosts(in, "voice.audio-hosts", "AUDIO_HOSTS", Config::anyHost));
  }

  private static AllowedHost anyHost(String entry) {
    return entry.equals("*") ? new AllowedHost.Any() : AllowedHost.parse(entry);
  }

  private static List<AllowedHost> hosts(
      ConfigReader in, String key, String variable, Function<String, AllowedHost> parser) {
    List<AllowedHost> hosts = new ArrayList<>();
    for (String host : in.list(key)) {
      try {
        hosts.add(parser.apply(host));
      } catch (IllegalArgumentException e) {
        in.fault(variable, String.valueOf(e.getMessage()));
      }
    }
    return List.copyOf(hosts);
  }

  /** All three or none. */
  private static Optional<Vapid> vapid(ConfigReader in) {
    Map<String, String> keys =
        Map.of(
            "push.vapid-public-key",
            "VAPID_PUBLIC_KEY",
            "push.vapid-private-key",
            "VAPID_PRIVATE_KEY",
            "push.vapid-subject",
            "VAPID_SUBJECT");
    List<String> missing =
        keys.entrySet().stream()
            .filter(key -> in.optional(key.getKey()).isEmpty())
            .map(Map.Entry::getValue)
            .sorted()
            .toList();
    if (missing.size() < keys.size()) {
      missing.forEach(name -> in.fault(name, "is required beside the other VAPID variables"));
    }
    Optional<ECPublicKey> publicKey = in.parsed("push.vapid-public-key", Vapid::publicKey);
    Optional<ECPrivateKey> privateKey = in.parsed("push.vapid-private-key", Vapid::privateKey);
    Optional<String> subject = in.parsed("push.vapid-subject", Vapid::subject);
    if (publicKey.isEmpty() || privateKey.isEmpty() || subject.isEmpty()) {
      return Optional.empty();
    }
    Vapid vapid = new Vapid(publicKey.get(), privateKey.get(), subject.get());
    if (!vapid.isPair()) {
      in.fault("VAPID_PUBLIC_KEY", "is not the public half of VAPID_PRIVATE_KEY");
    }
    return Optional.of(vapid);
  }

  private static AssistantConfig assistant(ConfigReader in, OpenAiConfig openai) {
    return new AssistantConfig(
        in.integer("assistant.chat-credits", 0, LARGE),
        in.integer("assistant.subtask-credits", 0, LARGE),
        in.integer("assistant.conversion-credits", 0, LARGE),
        in.integer("assistant.task-warn-at", 1, LARGE),
        in.integer("assistant.task-max", 1, LARGE),
        openai.timeout());
  }

  private static OpenAiConfig openai(ConfigReader in) {
    return new OpenAiConfig(
        in.parsed("openai.api-key", OpenAiConfig::key),
        in.required("openai.model", OpenAiConfig::model).orElse(""),
        in.httpUri("openai.base-url"),
        Duration.ofSeconds(in.integer("openai.timeout-seconds", 1, 600)));
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
