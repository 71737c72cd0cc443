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

/**
 * The environment that the service's processes get: the caller's, in which whatever would reach
 * beyond this machine is left out: databases, and provider keys whose base URL is not set as well.
 *
 * @param variables the environment
 * @param notes what was left out, and why, one line each
 */
record ServiceEnvironment(Map<String, String> variables, List<String> notes) {
  private static final List<String> VAPID =
      List.of("VAPID_PUBLIC_KEY", "VAPID_PRIVATE_KEY", "VAPID_SUBJECT");

  /** A provider's credentials count only together with the address of what they are for. */
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
   * What stands around the service.
   *
   * @param googleKeys where Google's keys are
   * @param push the push service's origin
   * @param openAi the model's address
   * @param checkout the payment provider's
   * @param deepgram Deepgram's origin
   * @param control the control port's, whose page speaks to the service
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
                notes.add(name + " is not used: it would need " + address + " beside it.");
              }
            }
          }
        });
    for (String name : List.of("DATABASE_URL", "DATABASE_DIRECT_URL")) {
      if (variables.remove(name) != null) {
        notes.add(name + " is not used: ./dev has a database of its own.");
      }
    }
    variables.put("DATABASE_URL", databaseUrl);
    if (!variables.containsKey("JWT_PRIVATE_KEY")) {
      // Both halves, or a public key that was meant for another would contradict ours.
      variables.put("JWT_PRIVATE_KEY", secrets.get("JWT_PRIVATE_KEY"));
      variables.put("JWT_PUBLIC_KEY", secrets.get("JWT_PUBLIC_KEY"));
    }
    if (VAPID.stream().noneMatch(variables::containsKey)) {
      VAPID.forEach(name -> variables.put(name, secrets.get(name)));
    }
    variables.merge("PUSH_HOSTS", around.push(), (theirs, ours) -> theirs + "," + ours);
    if (variables.putIfAbsent("OPENAI_BASE_URL", around.openAi().toString()) == null) {
      variables.put("OPENAI_API_KEY", FakeOpenAi.KEY);
    }
    if (variables.putIfAbsent("CHECKOUT_BASE_URL", around.checkout().toString()) == null) {
      variables.put("CHECKOUT_SECRET_KEY", FakeCheckout.SECRET_KEY);
      variables.put("CHECKOUT_WEBHOOK_SECRET", FakeCheckout.WEBHOOK_SECRET);
    }
    variables.putIfAbsent("REFRESH_TOKEN_SECRET", secrets.get("REFRESH_TOKEN_SECRET"));
    if (variables.putIfAbsent("DEEPGRAM_BASE_URL", around.deepgram()) == null) {
      variables.put("DEEPGRAM_API_KEY", FakeDeepgram.KEY);
    }
    // In front, as the first that fits decides.
    variables.merge("AUDIO_HOSTS", "*", (theirs, _) -> theirs);
    variables.merge("AUDIO_HOSTS", around.deepgram(), (theirs, ours) -> ours + "," + theirs);
    variables.putIfAbsent("CORS_ORIGINS", ORIGINS + "," + around.control());
    variables.putIfAbsent("GOOGLE_CLIENT_ID", FakeGoogle.CLIENT_ID);
    if (variables.putIfAbsent("GOOGLE_JWKS_URL", around.googleKeys().toString()) != null) {
      notes.add("GOOGLE_JWKS_URL is set: sessions from the control port are refused.");
    }
    return new ServiceEnvironment(Map.copyOf(variables), List.copyOf(notes));
  }

  /** The same for one process. */
  Map<String, String> onPort(int port) {
    Map<String, String> its = new HashMap<>(variables);
    its.put("PORT", Integer.toString(port));
    return its;
  }

  /** The same for a worker, which takes any port that is free, and no other. */
  Map<String, String> forWorker() {
    Map<String, String> its = onPort(0);
    its.remove("METRICS_PORT");
    return its;
  }

  /** What the service expects webhooks to be signed with. */
  String webhookSecret() {
    return variables.getOrDefault("CHECKOUT_WEBHOOK_SECRET", FakeCheckout.WEBHOOK_SECRET);
  }

  /** A price; the service itself tells what is wrong with one. */
  int cents(String name, int otherwise) {
    String text = variables.getOrDefault(name, "");
    return text.matches("[0-9]{1,9}") ? Integer.parseInt(text) : otherwise;
  }

  /** Whom the fake Google's tokens are made out to. */
  String googleClientId() {
    return variables.getOrDefault("GOOGLE_CLIENT_ID", "").split(",", 2)[0].strip();
  }
}
