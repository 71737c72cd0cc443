package app.perpetua.flow.assistant;

import app.perpetua.flow.assistant.Model.Usage;
import java.util.Optional;
import java.util.function.Function;

/** The result of a run of the assistant. */
sealed interface Result<T> {
  /**
   * A usable result, for which the user is charged.
   *
   * @param model as the provider reports it
   * @param usage of all turns
   */
  record Success<T>(T value, String model, Usage usage) implements Result<T> {}

  record Failed<T>(Failure failure) implements Result<T> {}

  /**
   * Converts the value.
   *
   * @param conversion empty if the value is unusable
   * @param reason why it is unusable then
   */
  default <R> Result<R> map(Function<T, Optional<R>> conversion, String reason) {
    return switch (this) {
      case Failed<T>(Failure failure) -> new Failed<>(failure);
      case Success<T>(T value, String model, Usage usage) ->
          conversion
              .apply(value)
              .<Result<R>>map(converted -> new Success<>(converted, model, usage))
              .orElseGet(() -> new Failed<>(new Failure.WrongShape(reason)));
    };
  }
}
