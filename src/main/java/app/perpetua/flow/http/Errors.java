package app.perpetua.flow.http;

import app.perpetua.flow.base.ErrorCode;
import app.perpetua.flow.base.Json;
import app.perpetua.flow.base.LogFields;
import app.perpetua.flow.base.Refusal;
import app.perpetua.flow.sql.DatabaseException;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Maps failures to the contract's error object. Causes are logged and not sent to the client.
 * Thread-safe.
 */
public final class Errors {
  private static final System.Logger LOG = System.getLogger(Errors.class.getName());
  private static final Duration SOON = Duration.ofSeconds(1);

  private final Json json;

  public Errors(Json json) {
    this.json = json;
  }

  /** Maps a failure to a refusal, and logs any other failure than a refusal. */
  public Refusal refusal(Throwable failure, String requestId) {
    return switch (failure) {
      case Refusal refusal -> refusal;
      case DatabaseException database -> refusal(database, requestId);
      default -> defect(failure, requestId);
    };
  }

  /** The error object in UTF-8, as a body. */
  public byte[] json(Refusal refusal, String requestId) {
    return json.bytes(Map.of("error", error(refusal, requestId)));
  }

  /** The error object alone, as the data of a server-sent event. */
  String text(Refusal refusal, String requestId) {
    return json.text(error(refusal, requestId));
  }

  private static Map<String, Object> error(Refusal refusal, String requestId) {
    Map<String, Object> error = new LinkedHashMap<>();
    error.put("code", refusal.code());
    error.put("message", refusal.message());
    if (!refusal.fieldErrors().isEmpty()) {
      error.put("details", refusal.fieldErrors());
    }
    error.putAll(refusal.extras());
    error.put("request_id", requestId);
    return error;
  }

  private static Refusal refusal(DatabaseException e, String requestId) {
    return switch (e.kind()) {
      case UNAVAILABLE, RETRY -> {
        logOutage("the database is unavailable", e, requestId);
        yield Refusal.of(ErrorCode.SERVICE_UNAVAILABLE, "the database is unavailable")
            .retryAfter(SOON);
      }
      case COMMIT_UNKNOWN -> {
        logOutage("unknown whether the commit took effect", e, requestId);
        yield Refusal.of(
                ErrorCode.SERVICE_UNAVAILABLE,
                "unknown whether the change was saved: retry with the same Idempotency-Key")
            .retryAfter(SOON);
      }
      case BUSY ->
          Refusal.of(ErrorCode.CONFLICT, "another change to this account is in progress")
              .retryAfter(SOON);
      case CONSTRAINT, PARTITION, DEFECT -> defect(e, requestId);
    };
  }

  /** Without a stack trace, since an outage logs this for every request. */
  private static void logOutage(String message, DatabaseException e, String requestId) {
    LOG.log(
        System.Logger.Level.WARNING,
        "{0}: {1}",
        message,
        e.line(),
        LogFields.of("request_id", requestId));
  }

  private static Refusal defect(Throwable failure, String requestId) {
    LOG.log(System.Logger.Level.ERROR, "request " + requestId + " failed", failure);
    return Refusal.of(ErrorCode.INTERNAL_ERROR, "internal error");
  }
}
