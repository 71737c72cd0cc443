package app.perpetua.flow.dev;

import app.perpetua.flow.fake.FakeCheckout;
import app.perpetua.flow.fake.FakeDeepgram;
import app.perpetua.flow.fake.FakeGoogle;
import app.perpetua.flow.fake.FakeOpenAi;
import java.net.URI;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The environment of the service's processes: the caller's, without variables that connect to other
 * machines, such as databases, and provider keys without a base URL.
 *
 * @param variables the environment
 * @param notes a line for each ignored variable, with the reason
 */
record ServiceEnvironment(Map<String, String> variables, List<String> notes) {
  private static final List<String> VAPID =
      List.of("VAPID_PUBLIC_KEY", "VAPID_PRIVATE_KEY", "VAPID_SUBJECT");

  /** The control port's path from which the documentation page gets a token. */
  static final String TOKEN_PATH = "/session";

  /** A provider's credentials are used only together with its base URL. */
  private static final Map<String, List<String>> CREDENTIALS =
      Map.of(
          "OPENAI_BASE_URL",
          List.of("OPENAI_API_KEY"),
          "DEEPGRAM_BASE_URL",
          List.of("DEEPGRAM_API_KEY"),
          "CHECKOUT_BASE_URL",
          List.of(
              "CHECKOUT_SECRET_KEY",
              "CHECKOUT_WEBHOOK_SECRET",
              "CHECKOUT_WEBHOOK_SECRET_PREVIOUS",
              "CHECKOUT_WEBHOOK_AUTHORIZATION",
              "CHECKOUT_PROCESSING_CHANNEL_ID"),
          "PUSH_HOSTS",
          VAPID);

  private static final String ORIGINS =
      "http://localhost:3000,http://localhost:3100,http://localhost:5173";

  /**
   * Addresses of the fakes and of the control port.
   *
   * @param googleKeys URL of Google's keys
   * @param push origin of the push service
   * @param openAi base URL of the model
   * @param checkout base URL of the payment provider
   * @param deepgram Deepgram's origin
   * @param control origin of the control port, whose page connects to the service and is shown
   *     after a payment, and which receives webhooks
   */
  record Around(
      URI googleKeys, String push, URI openAi, URI checkout, String deepgram, String control) {}

  static ServiceEnvironment of(
      Map<String, String> given, Map<String, String> secrets, String databaseUrl, Around around) {
    Map<String, String> variables = new HashMap<>(given);
    variables.values().removeIf(String::isBlank);
    List<String> notes = new ArrayList<>();
    CREDENTIALS.forEach(
        (address, names) -> {
          if (!variables.containsKey(address)) {
            for (String name : names) {
              if (variables.remove(name) != null) {
                notes.add(name + " is ignored: it also needs " + address + ".");
              }
            }
          }
        });
    for (String name : List.of("DATABASE_URL", "DATABASE_DIRECT_URL")) {
      if (variables.remove(name) != null) {
        notes.add(name + " is ignored: ./dev starts its own database.");
      }
    }
    variables.put("DATABASE_URL", databaseUrl);
    if (!variables.containsKey("JWT_PRIVATE_KEY")) {
      // Both halves, because a public key without its private key would not match the generated
      // one.
      variables.put("JWT_PRIVATE_KEY", secrets.get("JWT_PRIVATE_KEY"));
      variables.put("JWT_PUBLIC_KEY", secrets.get("JWT_PUBLIC_KEY"));
    }
    if (VAPID.stream().noneMatch(variables::containsKey)) {
      VAPID.forEach(name -> variables.put(name, secrets.get(name)));
    }
    variables.merge("PUSH_HOSTS", around.push(), (inherited, own) -> inherited + "," + own);
    if (variables.putIfAbsent("OPENAI_BASE_URL", around.openAi().toString()) == null) {
      variables.put("OPENAI_API_KEY", FakeOpenAi.KEY);
    }
    if (variables.putIfAbsent("CHECKOUT_BASE_URL", around.checkout().toString()) == null) {
      variables.put("CHECKOUT_SECRET_KEY", FakeCheckout.SECRET_KEY);
      variables.put("CHECKOUT_WEBHOOK_SECRET", FakeCheckout.WEBHOOK_SECRET);
    }
    // No load balancer is in front of it.
    variables.putIfAbsent("SHUTDOWN_DELAY_SECONDS", "0");
    variables.putIfAbsent("REFRESH_TOKEN_SECRET", secrets.get("REFRESH_TOKEN_SECRET"));
    if (variables.putIfAbsent("DEEPGRAM_BASE_URL", around.deepgram()) == null) {
      variables.put("DEEPGRAM_API_KEY", FakeDeepgram.KEY);
    }
    // First, because the first matching entry decides.
    variables.merge("AUDIO_HOSTS", "*", (inherited, _) -> inherited);
    variables.merge("AUDIO_HOSTS", around.deepgram(), (inherited, own) -> own + "," + inherited);
    variables.merge("WEBHOOK_HOSTS", "*", (inherited, _) -> inherited);
    variables.merge("WEBHOOK_HOSTS", around.control(), (inherited, own) -> own + "," + inherited);
    String home = around.control() + "/?checkout=";
    variables.putIfAbsent("CHECKOUT_SUCCESS_URL", home + "success");
    variables.putIfAbsent("CHECKOUT_FAILURE_URL", home + "failure");
    variables.putIfAbsent("CHECKOUT_CANCEL_URL", home + "cancelled");
    variables.putIfAbsent("CORS_ORIGINS", ORIGINS + "," + around.control());
    variables.putIfAbsent("GOOGLE_CLIENT_ID", FakeGoogle.CLIENT_ID);
    if (variables.putIfAbsent("GOOGLE_JWKS_URL", around.googleKeys().toString()) != null) {
      notes.add("GOOGLE_JWKS_URL is set: the control port cannot create sessions.");
    } else {
      variables.putIfAbsent("DOCS_TOKEN_URL", around.control() + TOKEN_PATH);
    }
    return new ServiceEnvironment(Map.copyOf(variables), List.copyOf(notes));
  }

  /** The environment of one process. */
  Map<String, String> onPort(int port) {
    Map<String, String> its = new HashMap<>(variables);
    its.put("PORT", Integer.toString(port));
    return its;
  }

  /** The environment of a worker, which listens on any free port. */
  Map<String, String> forWorker() {
    Map<String, String> its = onPort(0);
    its.remove("METRICS_PORT");
    return its;
  }

  /** The service's port for metrics if it is not its main port, otherwise 0. */
  int metricsPort() {
    return cents("METRICS_PORT", 0);
  }

  /** The secret with which webhooks are signed. */
  String webhookSecret() {
    return variables.getOrDefault("CHECKOUT_WEBHOOK_SECRET", FakeCheckout.WEBHOOK_SECRET);
  }

  /** A price; the service itself validates it. */
  int cents(String name, int otherwise) {
    String text = variables.getOrDefault(name, "");
    return text.matches("[0-9]{1,9}") ? Integer.parseInt(text) : otherwise;
  }

  /**
   * The client id with which browsers sign in at Google itself; null if the service accepts tokens
   * of the fake.
   */
  @Nullable String googleSignIn() {
    String keys = variables.getOrDefault("GOOGLE_JWKS_URL", "");
    return keys.startsWith("https://www.googleapis.com/") ? googleClientId() : null;
  }

  /** Audience of the fake Google's tokens. */
  String googleClientId() {
    return variables.getOrDefault("GOOGLE_CLIENT_ID", "").split(",", 2)[0].strip();
  }
}
