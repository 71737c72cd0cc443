package app.perpetua.flow.dev;

import org.jspecify.annotations.Nullable;

/** The dev server cannot start; the message has the cause and the remedy. */
public final class StartupException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /**
   * @param message continues "cannot start: "
   */
  public StartupException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
