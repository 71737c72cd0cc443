package app.perpetua.flow.http;

import app.perpetua.flow.base.ErrorCode;
import app.perpetua.flow.base.Json;
import app.perpetua.flow.base.LogFields;
import app.perpetua.flow.base.Refusal;
import app.perpetua.flow.http.auth.Principal;
import app.perpetua.flow.parsing.Accept;
import app.perpetua.flow.sql.DatabaseException;
import io.helidon.http.HeaderName;
import io.helidon.http.HeaderNames;
import io.helidon.http.Status;
import io.helidon.webserver.http.ServerResponse;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * Maps failures to the contract's error object. Causes are logged and not sent to the client.
 * Thread-safe.
 */
public final class Errors {
  private static final System.Logger LOG = System.getLogger(Errors.class.getName());
  private static final Duration SOON = Duration.ofSeconds(1);

  private static final String JSON = "application/json";
  private static final String PROBLEM = "application/problem+json";
  private static final HeaderName RATE_LIMIT = HeaderNames.create("RateLimit");
  private static final Pattern RESET = Pattern.compile(";t=([0-9]+)$");

  /** The member with the entity tag that a failed precondition did not name. */
  static final String CURRENT_ETAG = "current_etag";

  /** An error as it is sent, in UTF-8. */
  public record Body(String contentType, byte[] bytes) {}

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

  /**
   * Sends a refusal, with {@code Retry-After} if it has a {@code retry_after}, {@code ETag} if it
   * has a {@code current_etag}, and with a challenge if the status is 401 (RFC 9110, section
   * 15.5.2) or the token lacks a scope (RFC 6750, section 3.1).
   */
  public void send(RequestContext context, ServerResponse response, Refusal refusal) {
    context.code(refusal.code());
    int status = refusal.code().status();
    Body body = body(context, refusal, status);
    response.status(status);
    response.header(HeaderNames.CONTENT_TYPE, body.contentType());
    // The handler that failed may have set its own.
    response.header(HeaderNames.CACHE_CONTROL, Reply.NO_STORE);
    if (refusal.extras().get("retry_after") instanceof Number seconds) {
      response.header(HeaderNames.RETRY_AFTER, seconds.toString());
      omitLaterReset(response, seconds.longValue());
    }
    if (refusal.extras().get(CURRENT_ETAG) instanceof String tag) {
      response.header(HeaderNames.ETAG, tag);
    }
    if (status == ErrorCode.UNAUTHORIZED.status()
        || refusal.code() == ErrorCode.INSUFFICIENT_SCOPE) {
      response.header(HeaderNames.WWW_AUTHENTICATE, challenge(context, refusal));
    }
    response.send(body.bytes());
  }

  /**
   * Leaves the optional reset out of {@code RateLimit} if {@code Retry-After} is earlier, because
   * both would name the time of the next request (draft-ietf-httpapi-ratelimit-headers-10, section
   * 5).
   */
  private static void omitLaterReset(ServerResponse response, long retryAfter) {
    if (response.headers().contains(RATE_LIMIT)) {
      String value = response.headers().get(RATE_LIMIT).get();
      Matcher reset = RESET.matcher(value);
      if (reset.find() && Long.parseLong(reset.group(1)) > retryAfter) {
        response.header(RATE_LIMIT, value.substring(0, reset.start()));
      }
    }
  }

  /** RFC 6750, section 3; without an error code if the request has no token. */
  private static String challenge(RequestContext context, Refusal refusal) {
    String realm = "Bearer realm=\"perpetua-flow\"";
    if (!context.hasToken()) {
      return realm;
    }
    if (refusal.code() == ErrorCode.INSUFFICIENT_SCOPE) {
      String scopes =
          refusal.extras().get(Principal.REQUIRED_SCOPES) instanceof List<?> required
                  && !required.isEmpty()
              ? required.stream()
                  .map(String::valueOf)
                  .collect(Collectors.joining(" ", ", scope=\"", "\""))
              : "";
      return realm + ", error=\"insufficient_scope\"" + scopes;
    }
    String description =
        refusal.code() == ErrorCode.TOKEN_EXPIRED
            ? ", error_description=\"the access token has expired\""
            : "";
    return realm + ", error=\"invalid_token\"" + description;
  }

  /**
   * An error as a body: problem details (RFC 9457) if the client asks for them, otherwise the
   * contract's error object.
   *
   * @param status of the response
   */
  public Body body(RequestContext context, Refusal refusal, int status) {
    Accept accept = context.accept();
    return accept.names(PROBLEM) && accept.prefers(PROBLEM, JSON)
        ? new Body(PROBLEM, json.bytes(problem(context, refusal, status)))
        : new Body(JSON, json.bytes(Map.of("error", error(refusal, context.requestId()))));
  }

  private static Map<String, Object> problem(RequestContext context, Refusal refusal, int status) {
    Map<String, Object> problem = new LinkedHashMap<>();
    // The code distinguishes problems; with this type, the title is the status's (section 4.2.1).
    problem.put("type", "about:blank");
    problem.put("title", title(status));
    problem.put("status", status);
    problem.put("detail", refusal.message());
    if (!context.path().isEmpty()) {
      problem.put("instance", NextLink.encoded(context.path()));
    }
    error(refusal, context.requestId())
        .forEach(
            (name, value) -> {
              if (!name.equals("message")) {
                problem.putIfAbsent(name, value);
              }
            });
    return problem;
  }

  /** The phrase in RFC 9110, of which Helidon has earlier versions. */
  private static String title(int status) {
    return switch (status) {
      case 413 -> "Content Too Large";
      case 422 -> "Unprocessable Content";
      default -> Status.create(status).reasonPhrase();
    };
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
