package app.perpetua.flow.http.server;

import app.perpetua.flow.base.ErrorCode;
import app.perpetua.flow.base.Refusal;
import app.perpetua.flow.http.CompletedRequest;
import app.perpetua.flow.http.Errors;
import app.perpetua.flow.http.HttpDate;
import app.perpetua.flow.http.RequestContext;
import app.perpetua.flow.http.RequestId;
import app.perpetua.flow.http.SecurityHeaders;
import io.helidon.http.DirectHandler;
import io.helidon.http.HeaderNames;
import io.helidon.http.HeaderValues;
import io.helidon.http.ServerResponseHeaders;
import io.helidon.http.Status;
import io.helidon.webserver.http.DirectHandlers;
import java.time.Duration;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Answers what never reaches a route: malformed, oversized or contradictory HTTP. The connection
 * closes behind each, since nobody knows where the next request would begin. Helidon's own message
 * may quote the request, so it is not shown. Thread-safe.
 */
final class ProtocolErrorHandler implements DirectHandler {
  /** How Helidon says that the headers were larger than allowed: with status 400. */
  private static final String HEADERS_TOO_LARGE = "Header size exceeded";

  private static final String UNKNOWN_CLIENT = "unknown";

  private final Errors errors;
  private final RequestId ids;
  private final Consumer<CompletedRequest> observer;

  ProtocolErrorHandler(Errors errors, RequestId ids, Consumer<CompletedRequest> observer) {
    this.errors = errors;
    this.ids = ids;
    this.observer = observer;
  }

  /** This handler for everything that can happen outside of routing. */
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
    // Helidon stumbling over a request line or a header says 500, but that is the client's fault.
    boolean unparsed = proposed.code() == 500 && request.method().isEmpty();
    Status status = unparsed ? Status.BAD_REQUEST_400 : proposed;
    Refusal refusal = refusal(status.code(), message);
    if (refusal.code() != ErrorCode.VALIDATION_ERROR) {
      // The contract has no code of its own for some statuses of HTTP (414, 501, 505): they stay.
      status = Status.create(refusal.code().status());
    }
    RequestContext exchange =
        new RequestContext(ids.of(request.headers()), UNKNOWN_CLIENT, false, System.nanoTime());
    exchange.code(refusal.code());
    headers.set(HeaderNames.DATE, HttpDate.now());
    SecurityHeaders.ALWAYS.forEach(headers::set);
    headers.set(RequestId.HEADER, exchange.requestId());
    headers.set(HeaderValues.CONTENT_TYPE_JSON);
    if (refusal.extras().get("retry_after") instanceof Number seconds) {
      headers.set(HeaderNames.RETRY_AFTER, seconds.toString());
    }
    observer.accept(
        new CompletedRequest(
            exchange, RequestContextFilter.method(request.method()), status.code(), Duration.ZERO));
    return TransportResponse.builder()
        .status(status)
        .headers(headers)
        .keepAlive(false)
        .entity(errors.json(refusal, exchange.requestId()))
        .build();
  }

  private static Refusal refusal(int status, @Nullable String message) {
    if (HEADERS_TOO_LARGE.equals(message)) {
      return Refusal.of(ErrorCode.HEADERS_TOO_LARGE, "the headers are larger than 16 KiB");
    }
    return switch (status) {
      case 404 -> Refusal.of(ErrorCode.NOT_FOUND, "there is nothing here");
      case 413 -> Refusal.of(ErrorCode.PAYLOAD_TOO_LARGE, "the body is too large");
      case 414 -> Refusal.of(ErrorCode.VALIDATION_ERROR, "the request line is too long");
      case 505 -> Refusal.of(ErrorCode.VALIDATION_ERROR, "only HTTP/1.1 is spoken here");
      case 503 ->
          Refusal.of(ErrorCode.SERVICE_UNAVAILABLE, "too many requests at once")
              .retryAfter(Duration.ofSeconds(1));
      case 500 -> Refusal.of(ErrorCode.INTERNAL_ERROR, "something went wrong on our side");
      default -> Refusal.of(ErrorCode.VALIDATION_ERROR, "the request is not valid HTTP/1.1");
    };
  }
}
