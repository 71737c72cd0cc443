package app.perpetua.flow;

import app.perpetua.flow.account.IdTokens;
import app.perpetua.flow.assistant.Model;
import app.perpetua.flow.base.AddressGuard;
import app.perpetua.flow.base.AllowedHost;
import app.perpetua.flow.billing.Payments;
import app.perpetua.flow.module.ModuleContext;
import app.perpetua.flow.notifications.PushService;
import app.perpetua.flow.provider.checkout.CheckoutPayments;
import app.perpetua.flow.provider.deepgram.Deepgram;
import app.perpetua.flow.provider.google.GoogleIdTokens;
import app.perpetua.flow.provider.google.GoogleKeys;
import app.perpetua.flow.provider.openai.OpenAi;
import app.perpetua.flow.provider.webhook.HttpWebhookSender;
import app.perpetua.flow.provider.webpush.WebPush;
import app.perpetua.flow.redis.Redis;
import app.perpetua.flow.voice.Transcriber;
import app.perpetua.flow.voice.VoiceTiming;
import app.perpetua.flow.webhooks.WebhookSender;
import java.net.InetAddress;
import java.net.http.HttpClient;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/**
 * The adapters of external services, and their HTTP clients. An optional one is empty if its key is
 * not set, which is logged. Thread-safe.
 */
final class Providers implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(Providers.class.getName());

  /** Longer than the retransmission of a lost packet takes, shorter than a client waits. */
  private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(2);

  private final HttpClient http = HttpClient.newBuilder().connectTimeout(CONNECT_TIMEOUT).build();

  /** A thread per callback, because a callback of the speech client writes to a slow client. */
  private final ExecutorService speechThreads = Executors.newVirtualThreadPerTaskExecutor();

  private final HttpClient speechHttp =
      HttpClient.newBuilder()
          .executor(speechThreads)
          .version(HttpClient.Version.HTTP_1_1)
          .connectTimeout(CONNECT_TIMEOUT)
          .build();

  /** Of its own, so that receivers of webhooks do not affect the calls of other providers. */
  private final HttpClient webhookHttp =
      HttpClient.newBuilder()
          .version(HttpClient.Version.HTTP_1_1)
          .connectTimeout(CONNECT_TIMEOUT)
          .build();

  private final IdTokens google;
  private final Optional<Model> model;
  private final Optional<Transcriber> transcriber;
  private final Optional<Payments> payments;
  private final AddressGuard pushHosts;
  private final Optional<PushService> push;
  private final AddressGuard webhookHosts;
  private final WebhookSender webhooks;

  Providers(
      Config config, Role role, VoiceTiming timing, ModuleContext context, Optional<Redis> redis) {
    google =
        new GoogleIdTokens(
            new GoogleKeys(
                http, config.account().googleJwksUrl(), context.clock(), System::nanoTime),
            config.account().googleClientIds(),
            context.clock());
    model =
        config
            .ai()
            .openai()
            .key()
            .map(
                key ->
                    new OpenAi(
                        http,
                        config.ai().openai(),
                        key,
                        context.json(),
                        redis,
                        context.clock(),
                        System::nanoTime,
                        new SecureRandom(),
                        context.metrics()));
    transcriber =
        config
            .voice()
            .apiKey()
            .filter(_ -> config.voice().enabled())
            .map(
                key ->
                    new Deepgram(
                        speechHttp,
                        config.voice().baseUrl(),
                        key,
                        context.json(),
                        timing.nanoTime()));
    payments =
        config
            .payment()
            .checkout()
            .map(checkout -> new CheckoutPayments(http, checkout, context.json()));
    pushHosts = new AddressGuard(config.notifications().push().hosts(), InetAddress::getAllByName);
    push =
        config
            .notifications()
            .push()
            .vapid()
            .map(vapid -> new WebPush(http, vapid, pushHosts, context.clock()));
    webhookHosts =
        new AddressGuard(config.notifications().webhooks().hosts(), InetAddress::getAllByName);
    webhooks = new HttpWebhookSender(webhookHttp, webhookHosts, context.clock());
    warnings(config, role).forEach(warning -> LOG.log(System.Logger.Level.WARNING, warning));
  }

  IdTokens google() {
    return google;
  }

  Optional<Model> model() {
    return model;
  }

  Optional<Transcriber> transcriber() {
    return transcriber;
  }

  Optional<Payments> payments() {
    return payments;
  }

  /** Permits the endpoints of push subscriptions. */
  AddressGuard pushHosts() {
    return pushHosts;
  }

  Optional<PushService> push() {
    return push;
  }

  /** Permits the URLs of webhook endpoints. */
  AddressGuard webhookHosts() {
    return webhookHosts;
  }

  WebhookSender webhooks() {
    return webhooks;
  }

  /**
   * A line for each feature of the role that is off because it has no key, and for development
   * settings.
   */
  static List<String> warnings(Config config, Role role) {
    List<String> warnings = new ArrayList<>();
    boolean answersUsers = role != Role.WORKER;
    if (answersUsers && config.ai().openai().key().isEmpty()) {
      warnings.add("assistant disabled: OPENAI_API_KEY is not set");
    }
    if (answersUsers && config.voice().enabled() && config.voice().apiKey().isEmpty()) {
      warnings.add("speech to text disabled: DEEPGRAM_API_KEY is not set");
    }
    if (config.payment().checkout().isEmpty()) {
      warnings.add("payments disabled: CHECKOUT_SECRET_KEY is not set");
    }
    if (answersUsers && config.payment().billing().webhookSecrets().isEmpty()) {
      warnings.add("payment webhooks disabled: CHECKOUT_WEBHOOK_SECRET is not set");
    }
    if (config.notifications().push().vapid().isEmpty()) {
      warnings.add("push disabled: VAPID_PUBLIC_KEY is not set");
    }
    warnings.addAll(origins("PUSH_HOSTS", config.notifications().push().hosts()));
    warnings.addAll(origins("WEBHOOK_HOSTS", config.notifications().webhooks().hosts()));
    return List.copyOf(warnings);
  }

  private static List<String> origins(String variable, List<AllowedHost> hosts) {
    return hosts.stream()
        .filter(AllowedHost.Origin.class::isInstance)
        .map(AllowedHost.Origin.class::cast)
        .map(
            host ->
                variable
                    + " allows "
                    + host.origin()
                    + " even at a private address; use this for development only")
        .toList();
  }

  /**
   * Aborts speech connections, whose sessions have ended by now, and webhooks, whose jobs were
   * released, and awaits all other calls.
   */
  @Override
  public void close() {
    speechHttp.shutdownNow();
    speechThreads.shutdownNow();
    webhookHttp.shutdownNow();
    http.close();
  }
}
