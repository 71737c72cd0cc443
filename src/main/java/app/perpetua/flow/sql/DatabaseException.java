package app.perpetua.flow.sql;

import java.sql.SQLException;
import java.time.Duration;
import java.util.Arrays;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.postgresql.util.PSQLException;
import org.postgresql.util.ServerErrorMessage;

/**
 * A statement, connection or commit that failed, classified by what the caller can do about it. Its
 * message is for the log and never part of a response.
 */
public final class DatabaseException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** What the caller can do about it. */
  public enum Kind {
    /** Unreachable, shutting down, out of connections, or past the request's deadline. */
    UNAVAILABLE,
    /** Another transaction held the owner's row for the lock time-out; nothing was changed. */
    BUSY,
    /**
     * A table, or a row other than the owner's, was locked for the lock time-out, as by a
     * migration; nothing was changed.
     */
    LOCKED,
    /** Serialization failure or deadlock: the transaction can run again. */
    RETRY,
    /** The constraint {@link #constraint()} was violated. */
    CONSTRAINT,
    /** The partition of a row does not exist yet. */
    PARTITION,
    /** The connection broke during the commit, which may or may not have taken effect. */
    COMMIT_UNKNOWN,
    /** Anything else: a defect of this service. */
    DEFECT
  }

  /** Separates the names of statements that left as one message. */
  static final String TOGETHER = " + ";

  /**
   * The statements that lock the owner's row, and wait for no other lock of a row. What may leave
   * together with them ({@link SqlCatalog.Statement#plainRead}) locks no row.
   */
  private static final Set<String> OWNER_LOCKS = Set.of("owner.lock", "idempotency.lock_and_find");

  private final Kind kind;

  private DatabaseException(Kind kind, String message, @Nullable Throwable cause) {
    super(message, cause);
    this.kind = kind;
  }

  static DatabaseException unavailable(String message, @Nullable Throwable cause) {
    return new DatabaseException(Kind.UNAVAILABLE, message, cause);
  }

  /**
   * Classifies an exception of the driver (PostgreSQL, appendix A, error codes).
   *
   * @param operation the statement's name, or another step
   * @param took time from its start to the failure
   */
  static DatabaseException of(SQLException e, String operation, Duration took) {
    return new DatabaseException(
        kind(e, operation),
        operation + ": " + e.getSQLState() + " after " + took.toMillis() + " ms" + advice(e),
        e);
  }

  /** What an operator can do about an error that only a pooler causes. */
  private static String advice(SQLException e) {
    String text = String.valueOf(e.getMessage());
    return switch (String.valueOf(e.getSQLState())) {
      case "26000", "42P05" ->
          " (does a pooler not support prepared statements? DATABASE_PREPARED_STATEMENTS=off)";
      case "08P01" ->
          text.contains("unsupported startup parameter")
              ? " (DATABASE_URL leads to a pooler: set DATABASE_DIRECT_URL, too)"
              : "";
      default -> "";
    };
  }

  /** As {@link #of}, for a commit, whose effect is unknown if the connection broke. */
  static DatabaseException ofCommit(SQLException e, Duration took) {
    DatabaseException failure = of(e, "commit", took);
    return failure.kind == Kind.UNAVAILABLE
        ? new DatabaseException(Kind.COMMIT_UNKNOWN, failure.getMessage() + " (unknown)", e)
        : failure;
  }

  private static Kind kind(SQLException e, String operation) {
    String state = e.getSQLState() == null ? "" : e.getSQLState().toUpperCase(Locale.ROOT);
    return switch (state) {
      case "40001", "40P01" -> Kind.RETRY;
      case "55P03" -> locksOwner(operation) && isRowWait(e) ? Kind.BUSY : Kind.LOCKED;
      case "23514" -> constraint(e) == null ? Kind.PARTITION : Kind.CONSTRAINT;
      // 57014: statement_timeout; 25P03: idle_in_transaction_session_timeout.
      case "57014", "57P01", "57P02", "57P03", "57P05", "25P03", "25P04", "53300", "" ->
          Kind.UNAVAILABLE;
      default -> {
        if (state.startsWith("23")) {
          yield Kind.CONSTRAINT;
        }
        yield state.startsWith("08") || state.startsWith("53") ? Kind.UNAVAILABLE : Kind.DEFECT;
      }
    };
  }

  /** Nothing else that leaves together with a lock waits for rows. */
  private static boolean locksOwner(String operation) {
    return Arrays.stream(operation.split(Pattern.quote(TOGETHER), -1))
        .anyMatch(OWNER_LOCKS::contains);
  }

  /**
   * Whether a lock time-out ended a wait for a row. PostgreSQL then reports the row as the context
   * of the error; the wait for a table has none.
   */
  private static boolean isRowWait(SQLException e) {
    ServerErrorMessage server = serverMessage(e);
    return server != null && server.getWhere() != null;
  }

  public Kind kind() {
    return kind;
  }

  /**
   * One line for the log: the statement or step, its duration, and the first line of the driver's
   * message. For use with {@code UNAVAILABLE}, where that contains nothing that a user wrote.
   */
  public String line() {
    String cause = getCause() == null ? null : getCause().getMessage();
    return getMessage() + (cause == null ? "" : ", " + cause.lines().findFirst().orElse(""));
  }

  /** The name of the violated constraint; null if there is none. */
  public @Nullable String constraint() {
    return getCause() instanceof SQLException e ? constraint(e) : null;
  }

  public boolean violates(String constraint) {
    return constraint.equals(constraint());
  }

  private static @Nullable String constraint(SQLException e) {
    ServerErrorMessage server = serverMessage(e);
    return server == null ? null : server.getConstraint();
  }

  private static @Nullable ServerErrorMessage serverMessage(SQLException e) {
    return e instanceof PSQLException postgres ? postgres.getServerErrorMessage() : null;
  }
}
