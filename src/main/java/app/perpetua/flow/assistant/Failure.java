package app.perpetua.flow.assistant;

import java.time.Duration;

/** Why a model's turn did not come to its end. Nothing in it is the user's or the model's text. */
public sealed interface Failure {
  /**
   * Nobody was asked: the provider has failed too often.
   *
   * @param retryAfter when it may be asked again
   */
  record Paused(Duration retryAfter) implements Failure {}

  /** No connection, or none that lasted until the answer began. */
  record Unreachable() implements Failure {}

  /** A connection and no answer, or an answer that stopped coming without an end. */
  record ReadTimeout() implements Failure {}

  /** The caller's time is up. */
  record DeadlineExceeded() implements Failure {}

  /**
   * Too many requests or tokens a minute: later it will work.
   *
   * @param retryAfter what the provider asks for; zero if it does not say
   */
  record RateLimited(Duration retryAfter) implements Failure {}

  /** Our account is used up or blocked: until somebody pays, it will not work. */
  record QuotaExhausted() implements Failure {}

  /**
   * The provider failed for reasons of its own.
   *
   * @param status HTTP's; 0 if the failure came in the middle of an answer
   */
  record ServerError(int status) implements Failure {}

  /**
   * The provider does not take our request or our key.
   *
   * @param status HTTP's; 0 if the refusal came in the middle of an answer
   * @param code the provider's word for it
   */
  record Rejected(int status, String code) implements Failure {}

  /** The answer broke off. */
  record Interrupted() implements Failure {}

  /**
   * The answer is not what this protocol looks like.
   *
   * @param why without quoting it
   */
  record Malformed(String why) implements Failure {}

  /**
   * The form that was asked for is missing or has another shape; asking again may help.
   *
   * @param why a sentence that the model understands too, without quoting values
   */
  record WrongShape(String why) implements Failure {}

  /** The answer is larger than any that we asked for. */
  record TooLarge() implements Failure {}

  /** The model does not want to. */
  record Refused() implements Failure {}

  /**
   * The provider stopped the model.
   *
   * @param reason the provider's word, such as {@code max_output_tokens} or {@code content_filter}
   */
  record Incomplete(String reason) implements Failure {}

  /** The answer was closed before its end. */
  record Cancelled() implements Failure {}

  /** One of a few fixed words, for logs, metrics and records. */
  default String word() {
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
