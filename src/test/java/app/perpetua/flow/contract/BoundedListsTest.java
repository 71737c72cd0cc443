package app.perpetua.flow.contract;

import static org.junit.jupiter.api.Assertions.assertEquals;

import app.perpetua.flow.harness.Contract;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/** No list grows with the data of a user. */
class BoundedListsTest {
  private static final int MAX_PAGE = 100;

  /** Lists without pages, whose rows are limited when they are created. */
  private static final Set<String> LIMITED =
      Set.of(
          "GET /api/v1/tasks/{id}/subtasks",
          "GET /api/v1/tasks/{id}/reminders",
          "GET /api/v1/recovery/tombstones",
          "GET /api/v1/sessions",
          "GET /api/v1/tokens",
          "GET /api/v1/webhooks/endpoints",
          "GET /api/v1/calendar-feeds",
          "GET /api/v1/lists",
          "GET /api/v1/labels",
          "GET /api/v1/filters",
          "GET /api/v1/achievements");

  private static Document contract() throws IOException {
    try (InputStream in =
        Objects.requireNonNull(Contract.class.getResourceAsStream("/openapi.yaml"))) {
      return Document.parse(new String(in.readAllBytes(), StandardCharsets.UTF_8));
    }
  }

  @Test
  void every_list_has_pages_of_at_most_100_items_or_a_limit_on_its_rows() throws IOException {
    Document contract = contract();
    Set<String> unpaged = new TreeSet<>();
    List<String> wrong = new ArrayList<>();
    contract
        .operations()
        .forEach(
            (name, operation) -> {
              if (!name.startsWith("GET ") || !isList(contract, operation)) {
                return;
              }
              Map<String, Object> limit =
                  contract.parameters(operation).getOrDefault("query limit", Map.of());
              Object max = contract.resolved(limit.get("schema")).get("maximum");
              if (max == null) {
                unpaged.add(name);
              } else if (!max.equals(MAX_PAGE)) {
                wrong.add(name + ": " + max);
              }
            });
    assertEquals(List.of(), wrong);
    assertEquals(new TreeSet<>(LIMITED), unpaged);
  }

  private static boolean isList(Document contract, Map<String, Object> operation) {
    Map<String, Object> answer =
        contract.resolved(Document.map(operation.get("responses")).get("200"));
    Map<String, Object> json =
        Document.map(Document.map(answer.get("content")).get("application/json"));
    Map<String, Object> body = contract.resolved(json.get("schema"));
    Object data = Document.map(body.get("properties")).get("data");
    return "array".equals(contract.resolved(data).get("type"));
  }
}
