package app.perpetua.flow.tokens;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import app.perpetua.flow.base.WireName;
import app.perpetua.flow.harness.Api;
import app.perpetua.flow.harness.Contract;
import app.perpetua.flow.harness.TestDatabase;
import app.perpetua.flow.harness.TestService;
import app.perpetua.flow.http.auth.Scope;
import io.swagger.v3.oas.models.OpenAPI;
import io.swagger.v3.oas.models.Operation;
import io.swagger.v3.oas.models.PathItem;
import io.swagger.v3.oas.models.security.SecurityRequirement;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Tries each scope at each operation of the contract (FR-155). */
class ScopeMatrixTest {
  @Order(1)
  @RegisterExtension
  static final TestDatabase database = new TestDatabase();

  @Order(2)
  @RegisterExtension
  static final TestService service =
      new TestService(database)
          .with("RATE_LIMIT_TOKEN", "1000000")
          .with("RATE_LIMIT_AI", "1000000");

  private static final String TOKENS = "/api/v1/tokens";

  /** Sign-in, health, contract and so on, which need no token of a user, and the WebSocket. */
  private static final Set<String> OTHERS = Set.of("transcribeLive", "getMetrics");

  /**
   * An operation that requires a token.
   *
   * @param open whether it accepts personal access tokens
   */
  private record Cell(String id, String method, String path, boolean open, Set<String> scopes) {}

  private final TestService.Session user = service.newUser();
  private final Map<Set<String>, Api> programs = new HashMap<>();

  @Test
  void FR_155_each_operation_accepts_the_scopes_of_the_contract_and_no_others() {
    List<Cell> operations = operations();
    assertTrue(operations.size() > 80, operations.toString());
    Set<String> all = Set.of(WireName.all(Scope.class));
    Set<String> used = new TreeSet<>();
    for (Cell cell : operations) {
      used.addAll(cell.scopes());
      for (String scope : all) {
        attempt(cell, Set.of(scope));
      }
      attempt(cell, all);
      if (!cell.scopes().isEmpty()) {
        attempt(cell, cell.scopes());
        Set<String> others = new HashSet<>(all);
        others.removeAll(cell.scopes());
        attempt(cell, others);
      }
    }
    assertEquals(new TreeSet<>(all), used);
    user.api().get("/api/v1/users/me").expect(200);
  }

  private void attempt(Cell cell, Set<String> scopes) {
    boolean permitted = cell.open() && scopes.containsAll(cell.scopes());
    // Without a body and a key, no change gets further than the check of the scopes; a stream would
    // stay open.
    Api program = programs.computeIfAbsent(scopes, this::program);
    Api.Answer answer =
        program
            .withoutKey()
            .invalidOnPurpose()
            .send(cell.id().equals("streamEvents") ? "HEAD" : cell.method(), cell.path(), null);
    String what = cell + " with " + scopes + ": " + answer;
    if (permitted) {
      assertTrue(answer.status() != 401 && answer.status() != 403, what);
    } else {
      assertEquals(403, answer.status(), what);
      assertTrue(
          answer.header("WWW-Authenticate").orElseThrow().contains("error=\"insufficient_scope\""),
          what);
      if (!cell.id().equals("streamEvents")) {
        assertEquals("INSUFFICIENT_SCOPE", answer.errorCode(), what);
        Set<String> required = new HashSet<>();
        answer
            .json()
            .get("error")
            .get("required_scopes")
            .forEach(scope -> required.add(scope.stringValue()));
        assertEquals(cell.scopes(), required, what);
      }
    }
  }

  private Api program(Set<String> scopes) {
    return service
        .api()
        .as(
            user.api()
                .post(TOKENS, Map.of("name", "a", "scopes", scopes))
                .expect(201)
                .data()
                .get("secret")
                .stringValue());
  }

  private static List<Cell> operations() {
    OpenAPI document = Contract.current().document();
    List<Cell> operations = new ArrayList<>();
    document
        .getPaths()
        .forEach(
            (path, item) ->
                item.readOperationsMap()
                    .forEach(
                        (method, operation) -> {
                          if (requiresToken(operation)) {
                            operations.add(cell(path, method, operation));
                          }
                        }));
    return operations;
  }

  private static boolean requiresToken(Operation operation) {
    return (operation.getSecurity() == null || !operation.getSecurity().isEmpty())
        && !OTHERS.contains(operation.getOperationId());
  }

  private static Cell cell(String path, PathItem.HttpMethod method, Operation operation) {
    Set<String> scopes = new HashSet<>();
    boolean open = false;
    if (operation.getSecurity() != null) {
      for (SecurityRequirement requirement : operation.getSecurity()) {
        open |= requirement.containsKey("personalToken");
        scopes.addAll(requirement.getOrDefault("personalToken", List.of()));
      }
    }
    return new Cell(
        operation.getOperationId(),
        method.name(),
        path.replaceAll("\\{[a-z_]+}", "019bd5d9-6a31-7c05-9d4e-8f20b1c7a3e6"),
        open,
        scopes);
  }
}
