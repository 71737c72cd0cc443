package app.perpetua.flow.sql.startup;

import org.jspecify.annotations.Nullable;

/**
 * The service cannot start with its database. The message is one sentence for the operator, without
 * credentials.
 */
public final class UnusableDatabaseException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  UnusableDatabaseException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
