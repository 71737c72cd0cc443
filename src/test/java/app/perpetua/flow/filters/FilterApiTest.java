package app.perpetua.flow.filters;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import app.perpetua.flow.harness.Api;
import app.perpetua.flow.harness.TestDatabase;
import app.perpetua.flow.harness.TestService;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import tools.jackson.databind.JsonNode;

/** FR-210 to FR-212 through HTTP: GET /tasks with a filter. */
class FilterApiTest {
  @Order(1)
  @RegisterExtension
  static final TestDatabase database = new TestDatabase();

  @Order(2)
  @RegisterExtension
  static final TestService service = new TestService(database);

  private static String target(String filter) {
    return "/api/v1/tasks?filter=" + URLEncoder.encode(filter, StandardCharsets.UTF_8);
  }

  private static Api withTasks() {
    Api api = service.newUser().api();
    for (String title : List.of("Pay rent", "Call Ada", "Pay bills")) {
      api.post("/api/v1/tasks", Map.of("title", title, "priority", "high")).expect(201);
    }
    api.post("/api/v1/tasks", Map.of("title", "Pay later", "priority", "low")).expect(201);
    return api;
  }

  @Test
  void a_filter_is_walked_by_cursor() {
    Api api = withTasks();
    String target = target("completed = false and priority = high and title ~ pay") + "&limit=1";
    List<String> titles = new ArrayList<>();
    JsonNode page = api.get(target).expect(200).json();
    while (true) {
      page.get("data").valueStream().forEach(task -> titles.add(task.get("title").stringValue()));
      JsonNode next = page.get("pagination").get("next_cursor");
      if (next.isNull()) {
        break;
      }
      page = api.get(target + "&cursor=" + next.stringValue()).expect(200).json();
    }
    assertEquals(List.of("Pay bills", "Pay rent"), titles);
    assertFalse(page.get("pagination").has("total"));
    assertEquals(4, api.get(target("title ~ a")).expect(200).data().size());
  }

  @Test
  void open_tasks_have_every_order_and_others_that_of_creation() {
    Api api = withTasks();
    JsonNode tasks = api.get(target("not completed") + "&sort=-priority").expect(200).data();
    assertEquals("Pay later", tasks.get(0).get("title").stringValue());
    assertEquals(
        "sort",
        api.get(target("priority = high") + "&sort=priority")
            .expect(400, "VALIDATION_ERROR")
            .json()
            .get("error")
            .get("details")
            .get(0)
            .get("field")
            .stringValue());
  }

  @Test
  void an_invalid_filter_is_refused_with_its_position() {
    Api api = service.newUser().api();
    JsonNode error = api.get(target("due <")).expect(400, "VALIDATION_ERROR").json().get("error");
    assertEquals(5, error.get("position").intValue());
    assertEquals(
        "filter is not valid at character 5: expected a date such as today, today + 7d, now or"
            + " 2026-01-19 after 'due <'",
        error.get("message").stringValue());
    assertEquals(
        7,
        api.get(target("list = Nowhere"))
            .expect(400, "VALIDATION_ERROR")
            .json()
            .get("error")
            .get("position")
            .intValue());
    api.invalidOnPurpose().get("/api/v1/tasks?filter=").expect(400, "VALIDATION_ERROR");
  }

  @Test
  void a_filter_is_not_combined_with_other_conditions() {
    Api api = service.newUser().api();
    for (String parameter : List.of("completed=true", "q=rent", "offset=0", "hidden=true")) {
      String message =
          api.get(target("overdue") + "&" + parameter)
              .expect(400, "VALIDATION_ERROR")
              .json()
              .get("error")
              .get("message")
              .stringValue();
      assertTrue(message.contains("is not a parameter here"), message);
    }
  }
}
