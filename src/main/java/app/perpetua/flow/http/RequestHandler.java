package app.perpetua.flow.http;

import app.perpetua.flow.base.Refusal;
import io.helidon.webserver.CloseConnectionException;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;

/** Answers the requests that the listener has parsed. Implementations are thread-safe. */
public interface RequestHandler {
  /**
   * Handles a request of a route; sends the answer before it returns.
   *
   * @throws CloseConnectionException if the answer cannot be completed
   */
  void handle(Route route, ServerRequest request, ServerResponse response);

  /** Answers a request that no route handles, such as one with an unknown path. */
  void refuse(Refusal refusal, ServerRequest request, ServerResponse response);

  /**
   * Redirects a request that no route handles. It counts towards the rate limit as a refused one.
   *
   * @param location a URI reference, which may be relative
   */
  void redirect(String location, ServerRequest request, ServerResponse response);
}
