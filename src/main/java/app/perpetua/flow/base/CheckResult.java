package app.perpetua.flow.base;

/**
 * The outcome of an attempt to use something outside the process, made for an operator.
 *
 * @param sentence what was found and, after a failure, what to do; one line without secrets
 */
public record CheckResult(Status status, String sentence) {
  /** How the attempt ended. */
  public enum Status {
    OK,
    FAILED,
    /** Not tried, because it is not configured or not used. */
    SKIPPED
  }

  /** It works. */
  public static CheckResult ok(String sentence) {
    return new CheckResult(Status.OK, sentence);
  }

  /** It does not work. */
  public static CheckResult failed(String sentence) {
    return new CheckResult(Status.FAILED, sentence);
  }

  /** It is not configured or not used. */
  public static CheckResult skipped(String sentence) {
    return new CheckResult(Status.SKIPPED, sentence);
  }
}
