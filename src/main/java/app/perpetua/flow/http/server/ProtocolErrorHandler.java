package app.perpetua.flow.http.server;

import app.perpetua.flow.base.ErrorCode;
import app.perpetua.flow.base.Refusal;
import app.perpetua.flow.base.TraceContext;
import app.perpetua.flow.http.CompletedRequest;
import app.perpetua.flow.http.Errors;
import app.perpetua.flow.http.HttpDate;
import app.perpetua.flow.http.RequestContext;
import app.perpetua.flow.http.RequestId;
import app.perpetua.flow.http.connection.InvalidRequest;
import app.perpetua.flow.http.cors.Cors;
import io.helidon.http.DirectHandler;
import io.helidon.http.HeaderNames;
import io.helidon.http.ServerResponseHeaders;
import io.helidon.http.Status;
import io.helidon.webserver.http.DirectHandlers;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Answers malformed, oversized or contradictory HTTP, which reaches no route, and closes the
 * connection, because the start of the next request is unknown. Helidon's message may quote the
 * request, so it is not sent. Thread-safe.
 */
final class ProtocolErrorHandler implements DirectHandler {
  private final Errors errors;
  private final RequestId ids;
  private final Cors cors;
  private final Consumer<CompletedRequest> observer;

  ProtocolErrorHandler(
      Errors errors, RequestId ids, Cors cors, Consumer<CompletedRequest> observer) {
    this.errors = errors;
    this.ids = ids;
    this.cors = cors;
    this.observer = observer;
  }

  DirectHandlers forAll() {
    DirectHandlers.Builder handlers = DirectHandlers.builder();
    for (EventType type : EventType.values()) {
      handlers.addHandler(type, this);
    }
    return handlers.build();
  }

  @Override
  public TransportResponse handle(
      TransportRequest request,
      EventType type,
      Status proposed,
      ServerResponseHeaders headers,
      @Nullable String message) {
    // Helidon reports a request line or header that it cannot parse as 500.
    boolean unparsed = proposed.code() == 500 && request.method().isEmpty();
    Status status = unparsed ? Status.BAD_REQUEST_400 : proposed;
    Refusal refusal =
        request instanceof InvalidRequest invalid ? invalid.refusal() : refusal(status.code());
    if (refusal.code() != ErrorCode.VALIDATION_ERROR) {
      // Statuses without an error code in the contract (414, 501, 505) are kept.
      status = Status.create(refusal.code().status());
    }
    RequestContext context = new RequestContext(ids.of(request.headers()), "unknown", () -> false);
    context.request(
        Objects.requireNonNullElse(request.path(), ""),
        request.headers().all(HeaderNames.ACCEPT, List::of));
    context.code(refusal.code());
    Errors.Body body = errors.body(context, refusal, status.code());
    headers.set(HeaderNames.DATE, HttpDate.now());
    RequestContextFilter.SECURITY_HEADERS.forEach(headers::set);
    cors.addHeaders(request.headers(), headers);
    headers.set(RequestId.HEADER, context.requestId());
    headers.set(HeaderNames.CONTENT_TYPE, body.contentType());
    if (refusal.extras().get("retry_after") instanceof Number seconds) {
      headers.set(HeaderNames.RETRY_AFTER, seconds.toString());
    }
    CompletedRequest completed =
        new CompletedRequest(
            context, RequestContextFilter.method(request.method()), status.code(), Duration.ZERO);
    TraceContext.continued(request.headers().all(RequestContextFilter.TRACEPARENT, List::of))
        .run(() -> observer.accept(completed));
    return TransportResponse.builder()
        .status(status)
        .headers(headers)
        .keepAlive(false)
        .entity(body.bytes())
        .build();
  }

  /** The answer if Helidon itself refuses the request. */
  private static Refusal refusal(int status) {
    return switch (status) {
      case 404 -> Refusal.of(ErrorCode.NOT_FOUND, "no such endpoint");
      case 503 ->
          Refusal.of(ErrorCode.SERVICE_UNAVAILABLE, "too many requests are running")
              .retryAfter(Duration.ofSeconds(1));
      case 500 -> Refusal.of(ErrorCode.INTERNAL_ERROR, "internal error");
      default -> Refusal.of(ErrorCode.VALIDATION_ERROR, "the request is not valid HTTP/1.1");
    };
  }
}
