package app.perpetua.flow.sql;

import java.sql.SQLException;
import java.time.Duration;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import org.postgresql.util.PSQLException;
import org.postgresql.util.ServerErrorMessage;

/**
 * A statement, connection or commit that failed, told apart by what the caller can do about it.
 * Never shown to a client: the edge turns it into an answer.
 */
public final class DatabaseException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** What the caller can do about it. */
  public enum Kind {
    /** Not reachable, shutting down, out of connections, or past the request's deadline. */
    UNAVAILABLE,
    /** A lock was not to be had in time; nothing was changed. */
    BUSY,
    /** Serialization failure or deadlock: the same transaction may simply run again. */
    RETRY,
    /** A constraint, named by {@link #constraint()}, forbids it. */
    CONSTRAINT,
    /** A row has no partition to go to yet. */
    PARTITION,
    /** The connection broke while committing: it may or may not have happened. */
    COMMIT_UNKNOWN,
    /** A mistake of ours. */
    DEFECT
  }

  private final Kind kind;

  private DatabaseException(Kind kind, String message, @Nullable Throwable cause) {
    super(message, cause);
    this.kind = kind;
  }

  /** The database cannot be used right now. */
  static DatabaseException unavailable(String message, @Nullable Throwable cause) {
    return new DatabaseException(Kind.UNAVAILABLE, message, cause);
  }

  /**
   * Classifies what the driver reported (PostgreSQL, appendix A, error codes).
   *
   * @param doing the statement's name, or another step
   * @param took from its beginning to the failure
   */
  static DatabaseException of(SQLException e, String doing, Duration took) {
    return new DatabaseException(
        kind(e), doing + ": " + e.getSQLState() + " after " + took.toMillis() + " ms", e);
  }

  /** As {@link #of}, for a commit, where a broken connection means that nobody knows. */
  static DatabaseException ofCommit(SQLException e, Duration took) {
    DatabaseException known = of(e, "commit", took);
    return known.kind == Kind.UNAVAILABLE
        ? new DatabaseException(Kind.COMMIT_UNKNOWN, known.getMessage() + " (unknown)", e)
        : known;
  }

  /** A read waits for no change of an account: what locks it out is work on the whole table. */
  DatabaseException ofRead() {
    return kind == Kind.BUSY
        ? new DatabaseException(Kind.UNAVAILABLE, String.valueOf(getMessage()), getCause())
        : this;
  }

  private static Kind kind(SQLException e) {
    String state = e.getSQLState() == null ? "" : e.getSQLState().toUpperCase(Locale.ROOT);
    return switch (state) {
      case "40001", "40P01" -> Kind.RETRY;
      case "55P03" -> Kind.BUSY;
      case "23514" -> constraint(e) == null ? Kind.PARTITION : Kind.CONSTRAINT;
      // 57014 is a cancelled statement (statement_timeout), 25P03 an idle transaction ended.
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

  /** What the caller can do about it. */
  public Kind kind() {
    return kind;
  }

  /**
   * What happened in one line: the statement or step, how long it took, and the first line of what
   * the server or the pool said about it, which for a database that is away holds nothing that a
   * user wrote.
   */
  public String line() {
    String said = getCause() == null ? null : getCause().getMessage();
    return getMessage() + (said == null ? "" : ", " + said.lines().findFirst().orElse(""));
  }

  /** The violated constraint's name, if the server told one. */
  public @Nullable String constraint() {
    return getCause() instanceof SQLException e ? constraint(e) : null;
  }

  /** True if that constraint was violated. */
  public boolean violates(String constraint) {
    return constraint.equals(constraint());
  }

  private static @Nullable String constraint(SQLException e) {
    ServerErrorMessage server =
        e instanceof PSQLException postgres ? postgres.getServerErrorMessage() : null;
    return server == null ? null : server.getConstraint();
  }
}
