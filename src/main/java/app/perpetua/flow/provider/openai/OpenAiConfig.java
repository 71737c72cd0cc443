package app.perpetua.flow.provider.openai;

import app.perpetua.flow.base.Secret;
import app.perpetua.flow.provider.ProviderHttp;
import java.net.URI;
import java.time.Duration;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * OpenAI, or another provider with the Responses API.
 *
 * @param key the assistant is off without it
 * @param baseUrl with or without {@code /v1}
 * @param timeout for all model calls of one user request
 * @param silence from one event to the next in the middle of an answer
 */
public record OpenAiConfig(
    Optional<Secret> key, String model, URI baseUrl, Duration timeout, Duration silence) {
  private static final Pattern KEY = Pattern.compile("[!-~]{1,1000}");
  private static final Pattern MODEL = Pattern.compile("[A-Za-z0-9._:/-]{1,200}");

  /**
   * Parses a key. Refuses a key that is not a valid header value, because the JDK's HTTP client
   * would quote it in an exception.
   *
   * @throws IllegalArgumentException without the key in its message
   */
  public static Secret key(String text) {
    return new Secret(matching(KEY, text, "must be printable ASCII without spaces"));
  }

  /**
   * Parses a model's name.
   *
   * @throws IllegalArgumentException if the text cannot be one
   */
  public static String model(String text) {
    return matching(MODEL, text, "must be the name of a model");
  }

  private static String matching(Pattern form, String text, String message) {
    String stripped = text.strip();
    if (!form.matcher(stripped).matches()) {
      throw new IllegalArgumentException(message);
    }
    return stripped;
  }

  URI responses() {
    String base = ProviderHttp.uri(baseUrl, "").toString().replaceAll("/v1$", "");
    return URI.create(base + "/v1/responses");
  }
}
