package app.perpetua.flow.provider.openai;

import app.perpetua.flow.base.Secret;
import java.net.URI;
import java.time.Duration;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * OpenAI, or whoever speaks its Responses API.
 *
 * @param key without it there is no assistant
 * @param model who answers
 * @param baseUrl {@code /v1/responses} is below it
 * @param timeout for everything that one request of a user asks of the model
 */
public record OpenAiConfig(Optional<Secret> key, String model, URI baseUrl, Duration timeout) {
  private static final Pattern KEY = Pattern.compile("[!-~]{1,1000}");
  private static final Pattern MODEL = Pattern.compile("[A-Za-z0-9._:/-]{1,200}");

  /**
   * A key that a header can carry; a client that is handed another repeats it in its complaint.
   *
   * @throws IllegalArgumentException without the key in its message
   */
  public static Secret key(String text) {
    return new Secret(matching(KEY, text, "must be printable ASCII without spaces"));
  }

  /**
   * The name of a model.
   *
   * @throws IllegalArgumentException if it cannot be one
   */
  public static String model(String text) {
    return matching(MODEL, text, "must be the name of a model");
  }

  private static String matching(Pattern form, String text, String otherwise) {
    String stripped = text.strip();
    if (!form.matcher(stripped).matches()) {
      throw new IllegalArgumentException(otherwise);
    }
    return stripped;
  }

  /** Where turns are asked for. The other notation of the base, with {@code /v1}, will do. */
  URI responses() {
    String base = baseUrl.toString().replaceAll("/+$", "").replaceAll("/v1$", "");
    return URI.create(base + "/v1/responses");
  }
}
