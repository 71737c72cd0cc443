package app.perpetua.flow.http;

import static org.junit.jupiter.api.Assertions.assertEquals;

import app.perpetua.flow.contract.Document;
import java.net.URI;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;

class RoutesAndContractTest {
  private static final Document CONTRACT =
      Document.parse(
          """
          openapi: 3.1.0
          security: [{bearerAuth: []}]
          paths:
            /keys:
              get: {security: [], responses: {'200': {}}}
            /things:
              get: {responses: {'200': {}, '429': {}}}
              post:
                parameters: [{name: Idempotency-Key, in: header, required: true}]
                responses: {'200': {}, '429': {}}
            /things/{id}:
              put:
                parameters: [{name: Idempotency-Key, in: header, required: false}]
                responses: {'200': {}, '429': {}}
          """);

  private static final Route.Work WORK = _ -> _ -> Reply.noContent();
  private static final Route KEYS = Route.plain("/keys", _ -> Reply.noContent());
  private static final Route LIST = Route.read("/things", WORK);
  private static final Route MAKE = Route.write(Route.Verb.POST, "/things", WORK);
  private static final Route PUT = Route.write(Route.Verb.PUT, "/things/{id}", WORK);

  @Test
  void equal_routes_and_contract_have_no_differences() {
    assertEquals(List.of(), differences(KEYS, LIST, MAKE, PUT));
  }

  @Test
  void a_route_or_operation_that_is_missing_is_reported() {
    assertEquals(
        List.of("GET /nowhere is not in the contract", "GET /things has no route"),
        differences(KEYS, MAKE, PUT, Route.read("/nowhere", WORK)));
    assertEquals(List.of("GET /keys is routed twice"), differences(KEYS, KEYS, LIST, MAKE, PUT));
  }

  @Test
  void a_different_guard_is_reported() {
    assertEquals(
        List.of("GET /keys requires a token", "GET /keys is limited, but has no 429"),
        differences(Route.read("/keys", WORK), LIST, MAKE, PUT));
    assertEquals(
        List.of(
            "GET /things requires no token, the contract does",
            "GET /things has a 429, but is not limited"),
        differences(KEYS, Route.plain("/things", _ -> Reply.noContent()), MAKE, PUT));
  }

  @Test
  void a_different_key_is_reported() {
    assertEquals(
        List.of("GET /things takes a key that the contract lacks"),
        differences(KEYS, Route.write(Route.Verb.GET, "/things", WORK), MAKE, PUT));
    assertEquals(
        List.of("POST /things requires no token, the contract does", "POST /things takes no key"),
        differences(KEYS, LIST, Route.auth("/things", WORK), PUT));
  }

  @Test
  void a_different_condition_is_reported() {
    assertEquals(
        List.of(
            "GET /things heeds If-None-Match, unlike the contract",
            "PUT /things/{id} heeds If-Match, unlike the contract"),
        differences(KEYS, Route.conditionalRead("/things", WORK), MAKE, PUT.conditionalOn(WORK)));
    assertEquals(
        List.of("PATCH /notes/{id} ignores If-Match, unlike the contract"),
        RoutesAndContract.differences(
            List.of(Route.write(Route.Verb.PATCH, "/notes/{id}", WORK)),
            Document.parse(
                """
                openapi: 3.1.0
                security: [{bearerAuth: []}]
                paths:
                  /notes/{id}:
                    patch:
                      parameters:
                        - {name: Idempotency-Key, in: header, required: true}
                        - {name: If-Match, in: header}
                      responses: {'200': {}, '429': {}}
                """)));
  }

  @Test
  void a_different_sunset_is_reported() {
    Route ending =
        LIST.deprecated(
            new Route.Sunset(
                Instant.parse("2026-01-01T00:00:00Z"),
                Instant.parse("2026-12-01T00:00:00Z"),
                URI.create("/api/v1/docs")));
    assertEquals(
        List.of("GET /things ends 2026-12-01, by the contract null"),
        differences(KEYS, ending, MAKE, PUT));
  }

  private static List<String> differences(Route... routes) {
    return RoutesAndContract.differences(List.of(routes), CONTRACT);
  }
}
