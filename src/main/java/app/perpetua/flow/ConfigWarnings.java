package app.perpetua.flow;

import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * Finds settings that are valid and probably wrong. A warning is one line: the variable, what is
 * odd about it, and what to do. It contains no secret. Reads the variables by themselves, and
 * leaves out what is invalid, so that warnings can be shown beside errors.
 */
final class ConfigWarnings {
  /** Of the container's memory; the rest holds threads, code, buffers and the JVM itself. */
  private static final int MAX_HEAP_PERCENT = 80;

  private static final int MIN_SECRET = 32;
  private static final int MIN_TOKEN = 16;

  /** Text that documentation, templates and platforms put in the place of a value. */
  private static final Pattern PLACEHOLDER =
      Pattern.compile(
          "<[^>]*>"
              + "|.*\\$\\{.*}.*"
              + "|.*(\\.\\.\\.|…)"
              + "|(change|replace|fill)[-_ ]?(me|it|this|in)([-_ ].*)?"
              + "|your[-_ ].*"
              + "|x{3,}|\\*{3,}|todo|tbd|placeholder|insert[-_ ].*|example"
              + "|[a-z+]+://[^/@]*:(your[-_])?(password|changeme|<[^>]*>|\\[[^]]*])@.*",
          Pattern.CASE_INSENSITIVE | Pattern.DOTALL);

  private static final Pattern QUOTED = Pattern.compile("(['\"]).*\\1", Pattern.DOTALL);

  private final Variables variables;
  private final List<String> warnings = new ArrayList<>();

  private ConfigWarnings(Variables variables) {
    this.variables = variables;
  }

  /**
   * All warnings.
   *
   * @param memory of the process
   * @param role a worker's clients are none, so that their addresses and origins do not matter
   */
  static List<String> of(Variables variables, Memory memory, Role role) {
    ConfigWarnings found = new ConfigWarnings(variables);
    variables.mistyped().forEach(found::mistyped);
    variables.known().stream().sorted().forEach(found::form);
    found.warnings.addAll(DatabaseWarnings.of(variables));
    found.secrets();
    found.google();
    found.payments();
    found.openai();
    found.memory(memory);
    if (role != Role.WORKER) {
      found.warnings.addAll(HttpWarnings.of(variables));
    }
    return List.copyOf(found.warnings);
  }

  private void warn(String variable, String text) {
    warnings.add(variable + " " + text);
  }

  private void mistyped(String name, String known) {
    warn(name, "is unknown; did you mean " + known + "?");
  }

  private void form(String name) {
    Optional<String> raw = variables.raw(name);
    if (raw.isEmpty()) {
      return;
    }
    String text = raw.get();
    String value = text.strip();
    // A PEM ends with a line break.
    if (value.isEmpty()) {
      warn(name, "is set but empty, which counts as not set; remove it or give it a value");
    } else if (value.length() > 1 && QUOTED.matcher(value).matches()) {
      warn(name, "has quotation marks around its value, which become part of it; remove them");
    } else if (PLACEHOLDER.matcher(value).matches()) {
      warn(name, "looks like a placeholder; set the real value");
    } else if (!text.equals(value) && !value.startsWith("-----BEGIN")) {
      warn(name, "has white space before or after its value; remove it");
    }
  }

  private void secrets() {
    if (!variables.isSet("REFRESH_TOKEN_SECRET")) {
      warn(
          "REFRESH_TOKEN_SECRET",
          "is not set, so that a new JWT_PRIVATE_KEY would sign every user out; set it to the"
              + " output of: openssl rand -hex 32");
    } else {
      shortSecret("REFRESH_TOKEN_SECRET", MIN_SECRET);
    }
    if (!variables.isSet("ACCOUNT_HASH_KEY")) {
      warn(
          "ACCOUNT_HASH_KEY",
          "is not set, so that deleted accounts are forgotten when REFRESH_TOKEN_SECRET or"
              + " JWT_PRIVATE_KEY changes; set it to the output of: openssl rand -hex 32");
    }
    shortSecret("METRICS_TOKEN", MIN_TOKEN);
  }

  private void shortSecret(String name, int min) {
    int length = variables.value(name).map(String::length).orElse(min);
    if (length < min) {
      warn(
          name,
          "has only "
              + length
              + " characters and can be guessed; set it to the output of: openssl rand -hex 32");
    }
  }

  private void google() {
    boolean isGoogle =
        url("GOOGLE_JWKS_URL").filter(url -> isBelow(url, "googleapis.com")).isPresent();
    for (String client : variables.list("GOOGLE_CLIENT_ID")) {
      if (isGoogle && !client.endsWith(".apps.googleusercontent.com")) {
        warn(
            "GOOGLE_CLIENT_ID",
            "has an entry that does not end in .apps.googleusercontent.com; copy the client id of"
                + " the OAuth client, not its name, number or secret");
      }
    }
  }

  private void payments() {
    Optional<String> given = variables.value("CHECKOUT_SECRET_KEY");
    if (given.isEmpty()) {
      if (variables.isSet("CHECKOUT_WEBHOOK_SECRET")) {
        warn(
            "CHECKOUT_WEBHOOK_SECRET",
            "is set but CHECKOUT_SECRET_KEY is not, so that nothing can be bought; set both");
      }
      return;
    }
    String key = given.get();
    if (!variables.isSet("CHECKOUT_WEBHOOK_SECRET")) {
      warn(
          "CHECKOUT_WEBHOOK_SECRET",
          "is not set but CHECKOUT_SECRET_KEY is, so that users pay and receive nothing; set the"
              + " secret of the webhook that Checkout.com's dashboard shows");
    }
    if (key.startsWith("pk_")) {
      warn("CHECKOUT_SECRET_KEY", "is a public key (pk_); set the secret key (sk_)");
    }
    boolean isTestKey = key.matches("(sk|pk)_(test|sbox)_.*");
    Optional<URI> base = url("CHECKOUT_BASE_URL").filter(url -> isBelow(url, "checkout.com"));
    if (base.isPresent()) {
      boolean isSandbox = isBelow(base.get(), "sandbox.checkout.com");
      if (isTestKey && !isSandbox) {
        warn(
            "CHECKOUT_BASE_URL",
            "is the address for real payments, but CHECKOUT_SECRET_KEY is a test key; set"
                + " https://{prefix}.api.sandbox.checkout.com, or the live key");
      }
      if (!isTestKey && isSandbox) {
        warn(
            "CHECKOUT_BASE_URL",
            "is the sandbox, but CHECKOUT_SECRET_KEY is a live key; set"
                + " https://{prefix}.api.checkout.com, or the test key");
      }
      for (String page :
          List.of("CHECKOUT_SUCCESS_URL", "CHECKOUT_FAILURE_URL", "CHECKOUT_CANCEL_URL")) {
        if (url(page).filter(url -> HostReach.of(url) == HostReach.LOOPBACK).isPresent()) {
          warn(
              page,
              "leads to localhost, where no user finds a page after the payment; set the page of"
                  + " your frontend");
        }
      }
    }
  }

  private void openai() {
    Optional<String> key = variables.value("OPENAI_API_KEY");
    boolean isOpenAi =
        url("OPENAI_BASE_URL").filter(url -> isBelow(url, "api.openai.com")).isPresent();
    if (isOpenAi && key.isPresent() && !key.get().startsWith("sk-")) {
      warn("OPENAI_API_KEY", "does not start with sk-, as every key of OpenAI does; copy it again");
    }
  }

  private void memory(Memory memory) {
    if (memory.heap() > memory.available() / 100 * MAX_HEAP_PERCENT) {
      warn(
          "JAVA_TOOL_OPTIONS",
          "or the command line permits a heap of "
              + megabytes(memory.heap())
              + " MB of the "
              + megabytes(memory.available())
              + " MB that the container has, and the rest of the JVM does not fit beside it; set"
              + " -XX:MaxRAMPercentage=75 or less (MAX_HEAP in the image), or give the container more"
              + " memory");
    }
  }

  private static long megabytes(long bytes) {
    return bytes >> 20;
  }

  private Optional<URI> url(String name) {
    try {
      return variables.value(name).map(URI::create).filter(url -> url.getHost() != null);
    } catch (IllegalArgumentException e) {
      return Optional.empty();
    }
  }

  private static boolean isBelow(URI url, String domain) {
    return url.getHost().equals(domain) || url.getHost().endsWith("." + domain);
  }
}
