package app.perpetua.flow.http;

import app.perpetua.flow.base.Refusal;
import io.helidon.http.HeaderNames;
import io.helidon.http.HeaderValues;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;

/** Writes the contract's error object for requests that reach no {@link Endpoint}. Thread-safe. */
final class Refuser {
  private final Errors errors;

  Refuser(Errors errors) {
    this.errors = errors;
  }

  /** The context that {@link Edge} has attached to the request. */
  Exchange exchange(ServerRequest request) {
    return request.context().get(Exchange.class).orElseThrow();
  }

  void refuse(ServerRequest request, ServerResponse response, Refusal refusal) {
    Exchange exchange = exchange(request);
    exchange.code(refusal.code());
    response.status(refusal.code().status());
    response.header(HeaderValues.CONTENT_TYPE_JSON);
    if (refusal.extras().get("retry_after") instanceof Number seconds) {
      response.header(HeaderNames.RETRY_AFTER, seconds.toString());
    }
    response.send(errors.json(refusal, exchange.requestId()));
  }
}
