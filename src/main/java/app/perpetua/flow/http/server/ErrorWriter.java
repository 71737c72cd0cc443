package app.perpetua.flow.http.server;

import app.perpetua.flow.base.Refusal;
import app.perpetua.flow.http.Endpoint;
import app.perpetua.flow.http.Errors;
import app.perpetua.flow.http.RequestContext;
import io.helidon.http.HeaderNames;
import io.helidon.http.HeaderValues;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;

/** Writes the contract's error object for requests that reach no {@link Endpoint}. Thread-safe. */
final class ErrorWriter {
  private final Errors errors;

  ErrorWriter(Errors errors) {
    this.errors = errors;
  }

  /** The context that {@link RequestContextFilter} has attached to the request. */
  RequestContext context(ServerRequest request) {
    return request.context().get(RequestContext.class).orElseThrow();
  }

  void write(ServerRequest request, ServerResponse response, Refusal refusal) {
    RequestContext context = context(request);
    context.code(refusal.code());
    response.status(refusal.code().status());
    response.header(HeaderValues.CONTENT_TYPE_JSON);
    if (refusal.extras().get("retry_after") instanceof Number seconds) {
      response.header(HeaderNames.RETRY_AFTER, seconds.toString());
    }
    response.send(errors.json(refusal, context.requestId()));
  }
}
