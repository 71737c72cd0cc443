package app.perpetua.flow.http.server;

import app.perpetua.flow.base.ErrorCode;
import app.perpetua.flow.base.Refusal;
import app.perpetua.flow.http.Endpoint;
import app.perpetua.flow.http.RequestContext;
import app.perpetua.flow.http.RequestHandler;
import app.perpetua.flow.http.Route;
import app.perpetua.flow.http.Route.Verb;
import app.perpetua.flow.http.cors.Cors;
import io.helidon.common.uri.UriPath;
import io.helidon.http.HeaderName;
import io.helidon.http.HeaderNames;
import io.helidon.http.PathMatcher;
import io.helidon.http.PathMatchers;
import io.helidon.webserver.http.Handler;
import io.helidon.webserver.http.HttpRoute;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * One path with all its methods. Handles {@code HEAD} like {@code GET} (the connection drops the
 * body), answers {@code OPTIONS} itself and unknown methods with 405. Immutable.
 */
final class Resource implements Handler {
  private static final HeaderName ACCEPT_PATCH = HeaderNames.create("Accept-Patch");

  private final String path;
  private final Map<String, Route> byMethod;
  private final String allowed;
  private final RequestHandler handler;
  private final Cors cors;

  private Resource(String path, Map<Verb, Route> routes, RequestHandler handler, Cors cors) {
    this.path = path;
    this.byMethod = new LinkedHashMap<>();
    routes.forEach(
        (verb, route) -> {
          byMethod.put(verb.name(), route);
          if (verb == Verb.GET) {
            byMethod.put("HEAD", route);
          }
        });
    this.allowed = String.join(", ", byMethod.keySet()) + ", OPTIONS";
    this.handler = handler;
    this.cors = cors;
  }

  /**
   * Groups routes by path, literal paths before templates, so that {@code /tasks/recover} does not
   * match {@code /tasks/{id}}.
   *
   * @throws IllegalArgumentException if two routes have the same method and path
   */
  static List<HttpRoute> all(List<Route> routes, RequestHandler handler, Cors cors) {
    Map<String, Map<Verb, Route>> byPath = new LinkedHashMap<>();
    for (Route route : routes) {
      Route duplicate =
          byPath
              .computeIfAbsent(route.path(), _ -> new EnumMap<>(Verb.class))
              .put(route.method(), route);
      if (duplicate != null) {
        throw new IllegalArgumentException(
            "duplicate route: " + route.method() + " " + route.path());
      }
    }
    return byPath.entrySet().stream()
        .sorted(Comparator.comparing(entry -> entry.getKey().contains("{")))
        .map(entry -> new Resource(entry.getKey(), entry.getValue(), handler, cors))
        .map(
            resource ->
                HttpRoute.builder().path(canonical(resource.path)).handler(resource).build())
        .toList();
  }

  @Override
  public void handle(ServerRequest request, ServerResponse response) {
    RequestContext context = RequestContext.of(request);
    context.route(path);
    String method = request.prologue().method().text();
    if (byMethod.containsKey("PATCH") && (method.equals("OPTIONS") || method.equals("PATCH"))) {
      response.header(ACCEPT_PATCH, Endpoint.ACCEPT_PATCH);
    }
    if (method.equals("OPTIONS")) {
      response.header(HeaderNames.ALLOW, allowed);
      cors.addPreflightHeaders(request.headers(), response, allowed);
      response.status(204).send();
      return;
    }
    Route route = byMethod.get(method);
    if (route == null) {
      response.header(HeaderNames.ALLOW, allowed);
      handler.refuse(
          Refusal.of(ErrorCode.METHOD_NOT_ALLOWED, "this path allows " + allowed),
          request,
          response);
      return;
    }
    Route.Sunset sunset = route.sunset();
    if (sunset != null) {
      sunset.headers().forEach((name, value) -> response.header(name, value));
    }
    handler.handle(route, request, response);
  }

  /**
   * Matches a path only in its published form. Helidon decodes and normalizes paths ({@code %2f},
   * {@code ..}, {@code //}, {@code ;x}), and would route one that a proxy in front interprets
   * differently.
   */
  private static PathMatcher canonical(String pattern) {
    PathMatcher matcher = PathMatchers.create(pattern);
    int parameter = pattern.indexOf('{');
    String start = parameter < 0 ? pattern : pattern.substring(0, parameter);
    int segments = segments(pattern);
    return new PathMatcher() {
      @Override
      public PathMatchers.MatchResult match(UriPath uri) {
        String raw = uri.rawPath();
        // Most patterns do not match, which these comparisons find more cheaply than the matcher.
        return raw.startsWith(start) && segments(raw) == segments && raw.equals(uri.path())
            ? matcher.match(uri)
            : PathMatchers.MatchResult.notAccepted();
      }

      @Override
      public PathMatchers.PrefixMatchResult prefixMatch(UriPath uri) {
        return PathMatchers.PrefixMatchResult.notAccepted();
      }

      @Override
      public Optional<String> matchingElement() {
        return Optional.of(pattern);
      }
    };
  }

  private static int segments(String path) {
    int segments = 0;
    for (int at = path.indexOf('/'); at >= 0; at = path.indexOf('/', at + 1)) {
      segments++;
    }
    return segments;
  }
}
