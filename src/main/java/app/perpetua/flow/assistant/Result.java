package app.perpetua.flow.assistant;

import java.util.Optional;
import java.util.function.Function;

/** The result of a run of the assistant. */
public sealed interface Result<T> {
  Run run();

  /** A usable result, for which the user is charged. */
  record Success<T>(T value, Run run) implements Result<T> {}

  /** No usable result. */
  record Failed<T>(Failure failure, Run run) implements Result<T> {}

  /**
   * Converts the value.
   *
   * @param conversion empty if the value is unusable
   * @param reason why it then is
   */
  default <R> Result<R> map(Function<T, Optional<R>> conversion, String reason) {
    return switch (this) {
      case Failed<T>(Failure failure, Run run) -> new Failed<>(failure, run);
      case Success<T>(T value, Run run) ->
          conversion
              .apply(value)
              .<Result<R>>map(converted -> new Success<>(converted, run))
              .orElseGet(() -> new Failed<>(new Failure.WrongShape(reason), run));
    };
  }
}
