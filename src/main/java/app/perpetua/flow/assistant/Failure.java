package app.perpetua.flow.assistant;

import java.time.Duration;

/** Why a model call failed. Contains no text of the user or the model. */
public sealed interface Failure {
  /** The circuit breaker is open; no request was sent. */
  record Paused(Duration retryAfter) implements Failure {}

  /** No connection, or one that failed before the response headers. */
  record Unreachable() implements Failure {}

  /** No further event in the middle of the answer within the time-out. */
  record ReadTimeout() implements Failure {}

  /** The caller's deadline has passed. */
  record DeadlineExceeded() implements Failure {}

  /**
   * Too many requests or tokens per minute.
   *
   * @param retryAfter as the provider requests; zero if it does not
   */
  record RateLimited(Duration retryAfter) implements Failure {}

  /** The provider's account has no credit left or is blocked; an operator must act. */
  record QuotaExhausted() implements Failure {}

  /**
   * An error of the provider.
   *
   * @param status the HTTP status; 0 if the error arrived within a stream
   */
  record ServerError(int status) implements Failure {}

  /**
   * The provider rejected the request or the API key.
   *
   * @param status the HTTP status; 0 if the error arrived within a stream
   * @param code the provider's error code
   */
  record Rejected(int status, String code) implements Failure {}

  /** The connection closed in the middle of the response. */
  record Interrupted() implements Failure {}

  /**
   * The response violates the protocol.
   *
   * @param why without quoting the response
   */
  record Malformed(String why) implements Failure {}

  /**
   * The output is missing or does not match its schema; a retry may help.
   *
   * @param why for the log and the model, without quoting values
   */
  record WrongShape(String why) implements Failure {}

  /** The response exceeds a size limit. */
  record TooLarge() implements Failure {}

  /** The model refused to answer. */
  record Refused() implements Failure {}

  /**
   * The provider stopped the model.
   *
   * @param reason the provider's, such as {@code max_output_tokens} or {@code content_filter}
   */
  record Incomplete(String reason) implements Failure {}

  /** The caller closed the answer before its end. */
  record Cancelled() implements Failure {}

  /** The fixed label of this kind of failure in logs and metrics. */
  default String label() {
    return switch (this) {
      case Paused _ -> "paused";
      case Unreachable _ -> "unreachable";
      case ReadTimeout _ -> "silent";
      case DeadlineExceeded _ -> "slow";
      case RateLimited _ -> "rate_limited";
      case QuotaExhausted _ -> "quota_exhausted";
      case ServerError _ -> "faulty";
      case Rejected _ -> "rejected";
      case Interrupted _ -> "cut";
      case Malformed _ -> "garbled";
      case WrongShape _ -> "wrong_shape";
      case TooLarge _ -> "too_large";
      case Refused _ -> "refused";
      case Incomplete _ -> "incomplete";
      case Cancelled _ -> "cancelled";
    };
  }
}
