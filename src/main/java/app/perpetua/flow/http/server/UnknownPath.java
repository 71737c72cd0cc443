package app.perpetua.flow.http.server;

import app.perpetua.flow.base.ErrorCode;
import app.perpetua.flow.base.Refusal;
import app.perpetua.flow.http.Docs;
import app.perpetua.flow.http.RequestContext;
import app.perpetua.flow.http.RequestHandler;
import app.perpetua.flow.http.cors.Cors;
import io.helidon.http.HeaderNames;
import io.helidon.webserver.http.Handler;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import java.util.Map;
import java.util.Set;

/**
 * Answers requests for paths that no route has: 404 with links to the documentation. A browser that
 * opens one of the addresses at which people look for the documentation is redirected to it.
 * Immutable.
 */
final class UnknownPath implements Handler {
  /** Relative to the path, so that they are right behind a proxy that strips a prefix. */
  private static final Map<String, String> REDIRECTS =
      Map.of(
          "/", "api/v1/docs",
          "/docs", "api/v1/docs",
          "/api/v1", "v1/docs",
          "/api/v1/", "docs",
          "/api/v1/docs/", "../docs",
          "/openapi.json", "api/v1/openapi.json",
          "/openapi.yaml", "api/v1/openapi.yaml");

  private static final Set<String> READING = Set.of("GET", "HEAD");

  /** A page is refused by the answer to its request, which it can read, not by the preflight's. */
  private static final String METHODS = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS";

  private final RequestHandler handler;
  private final Cors cors;

  UnknownPath(RequestHandler handler, Cors cors) {
    this.handler = handler;
    this.cors = cors;
  }

  @Override
  public void handle(ServerRequest request, ServerResponse response) {
    String method = request.prologue().method().text();
    if (method.equals("OPTIONS") && Cors.isPreflight(request.headers())) {
      cors.addPreflightHeaders(request.headers(), response, METHODS);
      response.status(204).send();
      return;
    }
    String location = REDIRECTS.get(request.path().rawPath());
    if (location == null || !READING.contains(method)) {
      handler.refuse(notFound(), request, response);
      return;
    }
    response.headers().add(HeaderNames.VARY, "Accept");
    if (RequestContext.of(request).accept().prefers("text/html", "application/json")) {
      handler.redirect(location, request, response);
    } else {
      handler.refuse(notFound(), request, response);
    }
  }

  private static Refusal notFound() {
    return Refusal.of(ErrorCode.NOT_FOUND, "no such endpoint").with("links", Docs.LINKS);
  }
}
