package app.perpetua.flow.mcp;

import app.perpetua.flow.http.Route;
import java.util.List;

/** Finds the operations that tools execute. Thread-safe. */
final class OperationIndex {
  private static final String V1 = "/api/v1";

  private final List<Route> routes;

  OperationIndex(List<Route> routes) {
    this.routes = routes;
  }

  /**
   * An operation.
   *
   * @param path without {@code /api/v1}
   * @throws IllegalArgumentException if there is none
   */
  Route of(Route.Verb method, String path) {
    return routes.stream()
        .filter(route -> route.method() == method && route.path().equals(V1 + path))
        .findFirst()
        .orElseThrow(() -> new IllegalArgumentException("no operation: " + method + " " + path));
  }

  /**
   * The operation of a command of batches.
   *
   * @throws IllegalArgumentException if there is none
   */
  Route command(String type) {
    return routes.stream()
        .filter(route -> route.command() != null && route.command().name().equals(type))
        .findFirst()
        .orElseThrow(() -> new IllegalArgumentException("no command: " + type));
  }
}
