package app.perpetua.flow.http.server;

import app.perpetua.flow.base.ErrorCode;
import app.perpetua.flow.base.Refusal;
import app.perpetua.flow.http.Cors;
import app.perpetua.flow.http.HttpDate;
import app.perpetua.flow.http.Route;
import app.perpetua.flow.http.Route.Verb;
import io.helidon.common.uri.UriPath;
import io.helidon.http.HeaderName;
import io.helidon.http.HeaderNames;
import io.helidon.http.PathMatcher;
import io.helidon.http.PathMatchers;
import io.helidon.webserver.http.Handler;
import io.helidon.webserver.http.HttpRoute;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * One path with all its methods: finds the route for a method, answers {@code HEAD} like {@code
 * GET} (the connection keeps the body back), {@code OPTIONS} itself, and everything else with 405.
 * Immutable.
 */
final class Resource implements Handler {
  private static final HeaderName DEPRECATION = HeaderNames.create("Deprecation");
  private static final HeaderName SUNSET = HeaderNames.create("Sunset");
  private static final HeaderName LINK = HeaderNames.create("Link");

  private final String path;
  private final Map<String, Route> byMethod;
  private final String allowed;
  private final Server.RequestHandler handler;
  private final ErrorWriter refuser;
  private final Cors cors;

  private Resource(
      String path,
      Map<Verb, Route> routes,
      Server.RequestHandler handler,
      ErrorWriter refuser,
      Cors cors) {
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
    this.refuser = refuser;
    this.cors = cors;
  }

  /**
   * Groups routes by path, literal paths before templates, so that {@code /tasks/recover} is never
   * taken for a task's id.
   *
   * @throws IllegalArgumentException if two routes have the same method and path
   */
  static List<HttpRoute> all(
      List<Route> routes, Server.RequestHandler handler, ErrorWriter refuser, Cors cors) {
    Map<String, Map<Verb, Route>> byPath = new LinkedHashMap<>();
    for (Route route : routes) {
      Route twin =
          byPath
              .computeIfAbsent(route.path(), _ -> new EnumMap<>(Verb.class))
              .put(route.method(), route);
      if (twin != null) {
        throw new IllegalArgumentException("twice: " + route.method() + " " + route.path());
      }
    }
    List<String> paths = new ArrayList<>(byPath.keySet());
    paths.sort(Comparator.comparing((String path) -> path.contains("{")));
    return paths.stream()
        .map(
            path ->
                HttpRoute.builder()
                    .path(asWritten(path))
                    .handler(
                        new Resource(
                            path, byPath.getOrDefault(path, Map.of()), handler, refuser, cors))
                    .build())
        .toList();
  }

  @Override
  public void handle(ServerRequest request, ServerResponse response) {
    refuser.exchange(request).route(path);
    String method = request.prologue().method().text();
    if (method.equals("OPTIONS")) {
      response.header(HeaderNames.ALLOW, allowed);
      cors.preflight(request.headers(), response, allowed);
      response.status(204).send();
      return;
    }
    Route route = byMethod.get(method);
    if (route == null) {
      response.header(HeaderNames.ALLOW, allowed);
      refuser.refuse(
          request,
          response,
          Refusal.of(ErrorCode.METHOD_NOT_ALLOWED, "this path allows " + allowed));
      return;
    }
    if (route.sunset() != null) {
      announce(route.sunset(), response);
    }
    handler.handle(route, request, response);
  }

  /** FR-069b: RFC 9745, RFC 8594. */
  private static void announce(Route.Sunset end, ServerResponse response) {
    response.header(DEPRECATION, "@" + end.deprecatedAt().getEpochSecond());
    response.header(SUNSET, HttpDate.of(end.goneAt()));
    response.header(LINK, "<" + end.migration() + ">; rel=\"deprecation\"");
  }

  /**
   * Matches a path only in the one form we publish. Helidon would decode and normalize it first,
   * and then see another path than the proxies before it did ({@code %2f}, {@code ..}, {@code //},
   * {@code ;x}).
   */
  private static PathMatcher asWritten(String pattern) {
    PathMatcher matcher = PathMatchers.create(pattern);
    return new PathMatcher() {
      @Override
      public PathMatchers.MatchResult match(UriPath uri) {
        return uri.rawPath().equals(uri.path())
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
}
