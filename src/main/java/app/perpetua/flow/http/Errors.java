package app.perpetua.flow.http;

import app.perpetua.flow.base.Code;
import app.perpetua.flow.base.Json;
import app.perpetua.flow.base.LogFields;
import app.perpetua.flow.base.Refusal;
import app.perpetua.flow.sql.DatabaseException;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Turns whatever went wrong into the contract's error object. What a client must not see stays in
 * the log. Thread-safe.
 */
public final class Errors {
  private static final System.Logger LOG = System.getLogger(Errors.class.getName());
  private static final Duration SOON = Duration.ofSeconds(1);

  private final Json json;

  /** Errors are written as JSON. */
  public Errors(Json json) {
    this.json = json;
  }

  /** The refusal that this failure means to the client; anything unforeseen is logged. */
  Refusal refusal(Throwable failure, String requestId) {
    return switch (failure) {
      case Refusal refusal -> refusal;
      case DatabaseException database -> refusal(database, requestId);
      default -> defect(failure, requestId);
    };
  }

  /** The error object in UTF-8, as a body. */
  byte[] json(Refusal refusal, String requestId) {
    return json.bytes(Map.of("error", error(refusal, requestId)));
  }

  /** The error object alone, as an event tells it. */
  String text(Refusal refusal, String requestId) {
    return json.text(error(refusal, requestId));
  }

  private static Map<String, Object> error(Refusal refusal, String requestId) {
    Map<String, Object> error = new LinkedHashMap<>();
    error.put("code", refusal.code());
    error.put("message", refusal.message());
    if (!refusal.faults().isEmpty()) {
      error.put("details", refusal.faults());
    }
    error.putAll(refusal.extras());
    error.put("request_id", requestId);
    return error;
  }

  private static Refusal refusal(DatabaseException e, String requestId) {
    return switch (e.kind()) {
      case AWAY, RETRY -> {
        away("the database cannot be reached", e, requestId);
        yield Refusal.of(Code.SERVICE_UNAVAILABLE, "the database cannot be reached")
            .retryAfter(SOON);
      }
      case COMMIT_UNKNOWN -> {
        away("it is unknown whether a commit was done", e, requestId);
        yield Refusal.of(
                Code.SERVICE_UNAVAILABLE,
                "it is unknown whether the change was saved: retry with the same Idempotency-Key")
            .retryAfter(SOON);
      }
      case BUSY ->
          Refusal.of(Code.CONFLICT, "another change of this account is still running")
              .retryAfter(SOON);
      case CONSTRAINT, PARTITION, DEFECT -> defect(e, requestId);
    };
  }

  /** One line and no trace: under load there is one of these for every request. */
  private static void away(String what, DatabaseException e, String requestId) {
    LOG.log(
        System.Logger.Level.WARNING,
        "{0}: {1}",
        what,
        e.line(),
        LogFields.of("request_id", requestId));
  }

  private static Refusal defect(Throwable failure, String requestId) {
    LOG.log(System.Logger.Level.ERROR, "request " + requestId + " failed", failure);
    return Refusal.of(Code.INTERNAL_ERROR, "something went wrong on our side");
  }
}
