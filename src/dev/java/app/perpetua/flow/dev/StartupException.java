package app.perpetua.flow.dev;

import org.jspecify.annotations.Nullable;

/**
 * The dev server cannot start; the message says why, and what to do, to whoever typed the command.
 */
public final class StartupException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** The message goes on after "cannot start: ". */
  public StartupException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
