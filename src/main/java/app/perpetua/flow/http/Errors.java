package app.perpetua.flow.http;

import app.perpetua.flow.base.ErrorCode;
import app.perpetua.flow.base.Json;
import app.perpetua.flow.base.LogFields;
import app.perpetua.flow.base.Refusal;
import app.perpetua.flow.sql.DatabaseException;
import io.helidon.http.HeaderNames;
import io.helidon.http.HeaderValues;
import io.helidon.webserver.http.ServerResponse;
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

  /** Maps a failure to a refusal; logs the failure unless it is a refusal itself. */
  public Refusal refusal(Throwable failure, String requestId) {
    return switch (failure) {
      case Refusal refusal -> refusal;
      case DatabaseException database -> refusal(database, requestId);
      default -> defect(failure, requestId);
    };
  }

  /** Sends a refusal, with {@code Retry-After} if it has a {@code retry_after}. */
  public void send(RequestContext context, ServerResponse response, Refusal refusal) {
    context.code(refusal.code());
    response.status(refusal.code().status());
    response.header(HeaderValues.CONTENT_TYPE_JSON);
    // The handler that failed may have set its own.
    response.header(HeaderNames.CACHE_CONTROL, Reply.NO_STORE);
    if (refusal.extras().get("retry_after") instanceof Number seconds) {
      response.header(HeaderNames.RETRY_AFTER, seconds.toString());
    }
    response.send(json(refusal, context.requestId()));
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
      case UNAVAILABLE, LOCKED, RETRY -> {
        logOutage("the database is unavailable", e, requestId);
        yield Refusal.of(ErrorCode.SERVICE_UNAVAILABLE, "the database is unavailable")
            .retryAfter(SOON);
      }
      case COMMIT_UNKNOWN -> {
        logOutage("the outcome of the commit is unknown", e, requestId);
        yield Refusal.of(
                ErrorCode.SERVICE_UNAVAILABLE,
                "it is unknown whether the change was saved; retry with the same Idempotency-Key")
            .retryAfter(SOON);
      }
      case BUSY ->
          Refusal.of(ErrorCode.CONFLICT, "another change to this account is in progress")
              .retryAfter(SOON);
      case CONSTRAINT, PARTITION, DEFECT -> defect(e, requestId);
    };
  }

  /** Without a stack trace, because an outage logs this for every request. */
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
