package app.perpetua.flow.provider.openai;

import app.perpetua.flow.assistant.Failure;
import app.perpetua.flow.assistant.Model.Usage;
import java.util.Optional;

/** A call of the model failed. Never leaves the package. */
final class ModelCallException extends Exception {
  private static final long serialVersionUID = 1L;

  private final transient Failure failure;
  private final transient Usage usage;
  private final transient Optional<Boolean> advice;

  private ModelCallException(Failure failure, Usage usage, Optional<Boolean> advice) {
    super(failure.label(), null, false, false);
    this.failure = failure;
    this.usage = usage;
    this.advice = advice;
  }

  ModelCallException(Failure failure) {
    this(failure, Usage.NONE, Optional.empty());
  }

  ModelCallException(Failure failure, Usage usage) {
    this(failure, usage, Optional.empty());
  }

  /**
   * @param advice the provider's {@code x-should-retry}
   */
  ModelCallException(Failure failure, Optional<Boolean> advice) {
    this(failure, Usage.NONE, advice);
  }

  Failure failure() {
    return failure;
  }

  Usage usage() {
    return usage;
  }

  /** True if the same request may succeed a little later. */
  boolean isRetryable() {
    return switch (failure) {
      case Failure.QuotaExhausted _,
          Failure.Cancelled _,
          Failure.DeadlineExceeded _,
          Failure.Paused _ ->
          false;
      case Failure.Unreachable _,
          Failure.ReadTimeout _,
          Failure.RateLimited _,
          Failure.ServerError _,
          Failure.Interrupted _ ->
          advice.orElse(true);
      case Failure.Rejected _,
          Failure.Malformed _,
          Failure.WrongShape _,
          Failure.TooLarge _,
          Failure.Refused _,
          Failure.Incomplete _ ->
          advice.orElse(false);
    };
  }
}
