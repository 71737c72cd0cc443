package app.perpetua.flow.activity;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import app.perpetua.flow.harness.Api;
import app.perpetua.flow.harness.TestDatabase;
import app.perpetua.flow.harness.TestService;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import tools.jackson.databind.JsonNode;

class ActivityApiTest {
  private static final String ACTIVITY = "/api/v1/activity";

  @Order(1)
  @RegisterExtension
  static final TestDatabase database = new TestDatabase();

  @Order(2)
  @RegisterExtension
  static final TestService service = new TestService(database);

  private final TestService.Session user = service.newUser();
  private final Api api = user.api();

  private static List<String> actions(Api.Answer page) {
    List<String> actions = new ArrayList<>();
    page.expect(200).data().forEach(entry -> actions.add(entry.get("action").stringValue()));
    return actions;
  }

  private String taskMadeLater(Duration later) {
    service.clock().advance(later);
    return api.createTask("a");
  }

  @Test
  void FR_052_every_change_is_listed_newest_first_with_its_request() {
    String task = taskMadeLater(Duration.ofSeconds(1));
    JsonNode entry = api.get(ACTIVITY).expect(200).data().get(0);
    assertEquals("task_created", entry.get("action").stringValue());
    assertEquals("task", entry.get("entity_type").stringValue());
    assertEquals(task, entry.get("entity_id").stringValue());
    assertEquals("user", entry.get("source").stringValue());
    assertEquals(user.userId().toString(), entry.get("user_id").stringValue());
    assertFalse(entry.get("request_id").isNull());
    assertEquals(entry.get("metadata"), entry.get("extra_data"));
    assertTrue(actions(api.get(ACTIVITY)).contains("user_registered"));
  }

  @Test
  void FR_052_filters_combine_and_pages_add_up() {
    String first = taskMadeLater(Duration.ofSeconds(1));
    taskMadeLater(Duration.ofSeconds(1));
    String since = service.clock().instant().toString();
    api.patch("/api/v1/tasks/" + first, Map.of("completed", true)).expect(200);
    assertEquals(
        List.of("task_completed", "task_created"),
        actions(api.get(ACTIVITY + "?entity_id=" + first)));
    assertEquals(
        List.of("task_created"),
        actions(api.get(ACTIVITY + "?action=task_created&entity_id=" + first)));
    assertEquals(
        List.of("task_created", "task_created"),
        actions(api.get(ACTIVITY + "?entity_type=task&action=task_created&source=user")));
    assertEquals(2, actions(api.get(ACTIVITY + "?entity_type=task&since=" + since)).size());
    assertEquals(List.of(), actions(api.get(ACTIVITY + "?source=ai")));
    JsonNode page = api.get(ACTIVITY + "?entity_type=task&limit=1&offset=1").expect(200).json();
    assertEquals(1, page.get("data").size());
    assertEquals(3, page.get("pagination").get("total").intValue());
    assertTrue(page.get("pagination").get("has_more").booleanValue());
  }

  @Test
  void FR_005_users_see_only_their_own_activity() {
    String task = taskMadeLater(Duration.ZERO);
    assertEquals(List.of(), actions(service.newUser().api().get(ACTIVITY + "?entity_id=" + task)));
  }

  @Test
  void an_invalid_filter_is_refused() {
    Api odd = api.invalidOnPurpose();
    for (String query : List.of("entity_type=cat", "source=me", "since=yesterday", "entity_id=1")) {
      odd.get(ACTIVITY + "?" + query).expect(400, "VALIDATION_ERROR");
    }
  }

  @Test
  void a_deleted_account_has_no_activity() {
    TestService.Session gone = service.newUser();
    database.run("delete from auth.users where id = ?", gone.userId());
    gone.api().get(ACTIVITY).expect(401, "UNAUTHORIZED");
  }
}
