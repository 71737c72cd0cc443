package app.perpetua.flow.provider.openai;

import app.perpetua.flow.assistant.Failure;
import app.perpetua.flow.base.Json;
import java.net.http.HttpHeaders;
import java.time.Clock;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.format.DateTimeFormatter;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;

/**
 * What the provider says when it fails, made one of our failures. Its sentences are never repeated:
 * they quote keys and prompts.
 *
 * @param status HTTP's; 0 in the middle of an answer
 * @param code its word for it; {@code unknown} if there is none
 */
record Complaint(int status, String code) {
  private static final Duration LONGEST_WAIT = Duration.ofHours(1);
  private static final Pattern WORD = Pattern.compile("[A-Za-z0-9_.-]{1,64}");

  /** Unlike a rate limit, these do not pass by themselves. */
  private static final Set<String> QUOTA =
      Set.of(
          "insufficient_quota",
          "billing_hard_limit_reached",
          "billing_not_active",
          "account_deactivated");

  private static final Set<String> RATE = Set.of("rate_limit_exceeded", "slow_down");

  /** The object that tells: {@code {code, type, …}}. The code says more than the type. */
  static Complaint of(int status, JsonNode error) {
    String code = word(error.path("code"));
    String type = word(error.path("type"));
    boolean isTypeTelling = code.equals("unknown") || QUOTA.contains(type);
    return new Complaint(status, isTypeTelling ? type : code);
  }

  /** The body of an answer that is an error; it may be anything. */
  static Complaint of(int status, Json json, String body) {
    try {
      return of(status, json.parse(body).path("error"));
    } catch (JacksonException e) {
      return new Complaint(status, "unknown");
    }
  }

  /** A word of the provider's that may be logged; {@code unknown} if it is none. */
  static String word(JsonNode node) {
    return node.isString() && WORD.matcher(node.stringValue()).matches()
        ? node.stringValue()
        : "unknown";
  }

  /**
   * @param retryAfter what the provider asks for; zero if it does not say
   */
  Failure failure(Duration retryAfter) {
    if (QUOTA.contains(code)) {
      return new Failure.QuotaExhausted();
    }
    if (status == 429 || RATE.contains(code)) {
      return new Failure.RateLimited(retryAfter);
    }
    boolean isOurs =
        status == 0
            ? code.startsWith("invalid") || code.equals("context_length_exceeded")
            : status < 500 && status != 408 && status != 409;
    return isOurs ? new Failure.Rejected(status, code) : new Failure.Faulty(status);
  }

  /** {@code x-should-retry}, if it is there. */
  static Optional<Boolean> advice(HttpHeaders headers) {
    return headers
        .firstValue("x-should-retry")
        .filter(value -> value.equals("true") || value.equals("false"))
        .map(Boolean::valueOf);
  }

  /**
   * {@code Retry-After-Ms}, or {@code Retry-After} in seconds or as a date (RFC 9110, 10.2.3); zero
   * if neither says anything sensible, an hour at most.
   */
  static Duration retryAfter(HttpHeaders headers, Clock clock) {
    Duration asked = asked(headers, clock);
    if (asked.isNegative()) {
      return Duration.ZERO;
    }
    return asked.compareTo(LONGEST_WAIT) > 0 ? LONGEST_WAIT : asked;
  }

  private static Duration asked(HttpHeaders headers, Clock clock) {
    String millis = headers.firstValue("Retry-After-Ms").orElse("").strip();
    if (millis.matches("[0-9]{1,9}(\\.[0-9]{1,9})?")) {
      return Duration.ofMillis((long) Math.ceil(Double.parseDouble(millis)));
    }
    String text = headers.firstValue("Retry-After").orElse("").strip();
    if (text.matches("[0-9]{1,9}(\\.[0-9]{1,9})?")) {
      return Duration.ofMillis((long) Math.ceil(Double.parseDouble(text) * 1_000));
    }
    try {
      Instant until = DateTimeFormatter.RFC_1123_DATE_TIME.parse(text, Instant::from);
      return Duration.between(clock.instant(), until);
    } catch (DateTimeException e) {
      return Duration.ZERO;
    }
  }
}
