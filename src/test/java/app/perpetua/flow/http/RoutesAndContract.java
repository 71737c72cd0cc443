package app.perpetua.flow.http;

import app.perpetua.flow.contract.Document;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;

/** Compares the routes with the contract. */
public final class RoutesAndContract {
  private static final String KEY = "header Idempotency-Key";

  private RoutesAndContract() {}

  /**
   * Lists the differences, in both directions, in operations, required tokens and keys, rate limits
   * and sunset dates. Empty if there are none.
   */
  public static List<String> differences(List<Route> routes, Document contract) {
    List<String> differences = new ArrayList<>();
    Map<String, Map<String, Object>> operations = contract.operations();
    Map<String, Route> table = new TreeMap<>();
    for (Route route : routes) {
      String name = route.method() + " " + route.path();
      if (table.put(name, route) != null) {
        differences.add(name + " is routed twice");
      }
      Map<String, Object> operation = operations.get(name);
      if (operation == null) {
        differences.add(name + " is not in the contract");
      } else {
        details(route, operation, contract).forEach(detail -> differences.add(name + " " + detail));
      }
    }
    operations.keySet().stream()
        .filter(name -> !table.containsKey(name))
        .forEach(name -> differences.add(name + " has no route"));
    return differences;
  }

  private static List<String> details(
      Route route, Map<String, Object> operation, Document contract) {
    List<String> differences = new ArrayList<>();
    boolean open =
        route.handler() instanceof Route.Public
            || route.handler() instanceof Route.SystemWrite
            || route.handler() instanceof Route.CapabilityRead;
    // Metrics have a token of their own, or none.
    boolean contractOpen =
        Document.list(operation.get("security")).stream()
            .noneMatch(scheme -> Document.map(scheme).containsKey("bearerAuth"));
    if (open != contractOpen) {
      differences.add(open ? "requires no token, the contract does" : "requires a token");
    }
    Map<String, Object> key = contract.parameters(operation).get(KEY);
    boolean write = route.handler() instanceof Route.Keyed;
    if (write != (key != null)) {
      differences.add(write ? "takes a key that the contract lacks" : "takes no key");
    } else if (key != null) {
      boolean needed = route.method() == Route.Verb.POST || route.method() == Route.Verb.PATCH;
      if (needed != Boolean.TRUE.equals(key.get("required"))) {
        differences.add(needed ? "needs its key" : "needs no key");
      }
    }
    boolean read = route.handler() instanceof Route.Read;
    for (String condition : List.of("If-None-Match", "If-Match")) {
      boolean capability = route.handler() instanceof Route.CapabilityRead;
      boolean heeded =
          (route.validation() != null || capability)
              && condition.equals("If-None-Match") == (read || capability);
      if (heeded != contract.parameters(operation).containsKey("header " + condition)) {
        differences.add((heeded ? "heeds " : "ignores ") + condition + ", unlike the contract");
      }
    }
    boolean limited = route.bucket() != Route.Bucket.EXEMPT && route.bucket() != Route.Bucket.PROBE;
    if (limited != Document.map(operation.get("responses")).containsKey("429")) {
      differences.add(limited ? "is limited, but has no 429" : "has a 429, but is not limited");
    }
    String ends =
        route.sunset() == null
            ? null
            : LocalDate.ofInstant(route.sunset().removedAt(), ZoneOffset.UTC).toString();
    if (!Objects.equals(ends, operation.get("x-sunset"))) {
      differences.add("ends " + ends + ", by the contract " + operation.get("x-sunset"));
    }
    return differences;
  }
}
