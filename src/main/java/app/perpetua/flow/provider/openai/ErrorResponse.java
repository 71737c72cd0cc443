package app.perpetua.flow.provider.openai;

import app.perpetua.flow.assistant.Failure;
import app.perpetua.flow.base.Json;
import java.net.http.HttpHeaders;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;

/**
 * An error that OpenAI reports, mapped to a {@link Failure}. Its message is dropped, because it
 * quotes keys and prompts.
 *
 * @param status the HTTP status; 0 if the error arrived within a stream
 * @param code {@code unknown} if there is none that can be logged
 */
record ErrorResponse(int status, String code) {
  private static final Pattern IDENTIFIER = Pattern.compile("[A-Za-z0-9_.-]{1,64}");

  /** Unlike rate limits, these last until an operator acts. */
  private static final Set<String> QUOTA =
      Set.of(
          "insufficient_quota",
          "billing_hard_limit_reached",
          "billing_not_active",
          "account_deactivated");

  private static final Set<String> RATE = Set.of("rate_limit_exceeded", "slow_down");

  /** From an error object, {@code {code, type, …}}. The code is more specific than the type. */
  static ErrorResponse of(int status, JsonNode error) {
    String code = identifier(error.path("code"));
    String type = identifier(error.path("type"));
    boolean isTypeUsed = code.equals("unknown") || QUOTA.contains(type);
    return new ErrorResponse(status, isTypeUsed ? type : code);
  }

  /** From the body of an error response, which may be anything. */
  static ErrorResponse of(int status, Json json, String body) {
    try {
      return of(status, json.parse(body).path("error"));
    } catch (JacksonException e) {
      return new ErrorResponse(status, "unknown");
    }
  }

  /** An identifier that may be logged; {@code unknown} if the node is none. */
  static String identifier(JsonNode node) {
    return node.isString() && IDENTIFIER.matcher(node.stringValue()).matches()
        ? node.stringValue()
        : "unknown";
  }

  /**
   * @param retryAfter the delay that the provider requests; zero if none
   */
  Failure failure(Duration retryAfter) {
    if (QUOTA.contains(code)) {
      return new Failure.QuotaExhausted();
    }
    if (status == 429 || RATE.contains(code)) {
      return new Failure.RateLimited(retryAfter);
    }
    boolean isRejected =
        status == 0
            ? code.startsWith("invalid") || code.equals("context_length_exceeded")
            : status < 500 && status != 408 && status != 409;
    return isRejected ? new Failure.Rejected(status, code) : new Failure.ServerError(status);
  }

  /** The {@code x-should-retry} header. */
  static Optional<Boolean> advice(HttpHeaders headers) {
    return headers
        .firstValue("x-should-retry")
        .filter(value -> value.equals("true") || value.equals("false"))
        .map(Boolean::valueOf);
  }
}
