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
  private static final Pattern MODEL = Pattern.compile("[A-Za-z0-9._:/-]{1,200}");

  /**
   * Parses a model's name.
   *
   * @throws IllegalArgumentException if the text cannot be one
   */
  public static String model(String text) {
    String stripped = text.strip();
    if (!MODEL.matcher(stripped).matches()) {
      throw new IllegalArgumentException("must be the name of a model");
    }
    return stripped;
  }

  URI responses() {
    return endpoint("/responses");
  }

  /**
   * @param path below {@code /v1}; starts with a slash
   */
  URI endpoint(String path) {
    String base = ProviderHttp.uri(baseUrl, "").toString().replaceAll("/v1$", "");
    return URI.create(base + "/v1" + path);
  }
}
