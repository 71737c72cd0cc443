package app.perpetua.flow.assistant;

/**
 * What came of asking the model.
 *
 * @param <T> what was wanted
 */
public sealed interface Result<T> {
  /** How it went. */
  Run run();

  /** Something that the user can use, and pays for. */
  record Success<T>(T value, Run run) implements Result<T> {}

  /** Nothing usable. */
  record Failed<T>(Failure failure, Run run) implements Result<T> {}
}
