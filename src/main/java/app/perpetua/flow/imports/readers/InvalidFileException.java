package app.perpetua.flow.imports.readers;

import org.jspecify.annotations.Nullable;

/** A file that cannot be read, so that nothing of it is imported. */
public final class InvalidFileException extends Exception {
  private static final long serialVersionUID = 1L;

  private final String problem;
  private final @Nullable Integer line;

  /**
   * @param problem a sentence for the user, at most 500 characters
   * @param line from 1; null if unknown
   */
  InvalidFileException(String problem, @Nullable Integer line) {
    super(problem, null, false, false);
    this.problem = problem;
    this.line = line;
  }

  /** A sentence for the user. */
  public String problem() {
    return problem;
  }

  /** From 1; null if unknown. */
  public @Nullable Integer line() {
    return line;
  }
}
