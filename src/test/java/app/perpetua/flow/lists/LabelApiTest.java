package app.perpetua.flow.lists;

import static org.junit.jupiter.api.Assertions.assertEquals;

import app.perpetua.flow.harness.Api;
import app.perpetua.flow.harness.Invariants;
import app.perpetua.flow.harness.TestDatabase;
import app.perpetua.flow.harness.TestService;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import tools.jackson.databind.JsonNode;

class LabelApiTest {
  private static final String LABELS = "/api/v1/labels";
  private static final String TASKS = "/api/v1/tasks";

  @Order(1)
  @RegisterExtension
  static final TestDatabase database = new TestDatabase();

  @Order(2)
  @RegisterExtension
  static final TestService service = new TestService(database).with("FREE_MAX_LABELS", "11");

  private final TestService.Session user = service.newUser();
  private final Api api = user.api();

  @AfterEach
  void invariants() {
    Invariants.check(database);
  }

  private String label(String name) {
    return api.post(LABELS, Map.of("name", name)).expect(201).id();
  }

  private List<String> names() {
    return api.get(LABELS)
        .expect(200)
        .data()
        .valueStream()
        .map(label -> label.get("name").stringValue())
        .toList();
  }

  private JsonNode task(String id) {
    return api.get(TASKS + "/" + id).expect(200).data();
  }

  private void undo(String action) {
    JsonNode entry = api.get("/api/v1/activity?action=" + action).expect(200).data().get(0);
    api.post("/api/v1/activity/" + entry.get("id").stringValue() + "/undo").expect(200);
  }

  @Test
  void FR_194_labels_have_a_name_and_a_colour() {
    String urgent = label("urgent");
    JsonNode label = api.get(LABELS + "/" + urgent).expect(200).data();
    assertEquals("#808080", label.get("colour").stringValue());
    Map<String, Object> change = Map.of("version", 1, "name", "Zoo", "colour", "#D0342C");
    JsonNode changed = api.patch(LABELS + "/" + urgent, change).expect(200).data();
    assertEquals("#d0342c", changed.get("colour").stringValue());
    assertEquals(2, changed.get("version").asInt());
    api.patch(LABELS + "/" + urgent, change).expect(409, "CONFLICT");
    label("Aunt");
    assertEquals(List.of("Aunt", "Zoo"), names());
    Api invalid = api.invalidOnPurpose();
    for (String colour : List.of("red", "#d0342", "#d0342cc", "#gggggg")) {
      invalid
          .post(LABELS, Map.of("name", "other", "colour", colour))
          .expect(400, "VALIDATION_ERROR");
    }
    assertEquals(List.of("Aunt", "Zoo"), names());
  }

  @Test
  void FR_194_a_name_is_unique_regardless_of_case_and_form() {
    String home = label("Café");
    api.post(LABELS, Map.of("name", "CAFE\u0301")).expect(409, "CONFLICT");
    String other = label("other");
    api.patch(LABELS + "/" + other, Map.of("name", "café")).expect(409, "CONFLICT");
    api.patch(LABELS + "/" + home, Map.of("name", "CAFÉ")).expect(200);
    api.delete(LABELS + "/" + home).expect(204);
    label("café");
    JsonNode entry = api.get("/api/v1/activity?action=label_deleted").expect(200).data().get(0);
    api.post("/api/v1/activity/" + entry.get("id").stringValue() + "/undo").expect(409, "CONFLICT");
    assertEquals(List.of("café", "other"), names());
    service.newUser().api().post(LABELS, Map.of("name", "café")).expect(201);
  }

  @Test
  void FR_194_the_number_of_labels_is_limited_for_user_and_task() {
    List<String> ids = new ArrayList<>();
    for (int i = 0; i < 11; i++) {
      ids.add(label("label " + i));
    }
    api.post(LABELS, Map.of("name", "twelfth")).expect(409, "LIMIT_EXCEEDED");
    api.invalidOnPurpose()
        .post(TASKS, Map.of("title", "a", "label_ids", ids))
        .expect(400, "VALIDATION_ERROR");
    api.post(TASKS, Map.of("title", "a", "label_ids", ids.subList(0, 10))).expect(201);
  }

  @Test
  void FR_194_a_deleted_label_is_removed_from_tasks_and_comes_back_by_undo() {
    String urgent = label("urgent");
    String other = label("other");
    String task =
        api.post(TASKS, Map.of("title", "a", "label_ids", List.of(urgent, other))).expect(201).id();
    JsonNode before = task(task);
    api.delete(LABELS + "/" + urgent).expect(204);
    assertEquals(List.of("other"), names());
    assertEquals(1, task(task).get("label_ids").size());
    assertEquals(2, task(task).get("version").asInt());
    undo("label_deleted");
    assertEquals(before.get("label_ids"), task(task).get("label_ids"));
    assertEquals(List.of("other", "urgent"), names());
  }

  @Test
  void FR_194_another_users_label_is_forbidden() {
    String label = label("urgent");
    Api other = service.newUser().api();
    other.get(LABELS + "/" + label).expect(403, "FORBIDDEN");
    other.delete(LABELS + "/" + label).expect(403, "FORBIDDEN");
    other
        .post(TASKS, Map.of("title", "a", "label_ids", List.of(label)))
        .expect(400, "VALIDATION_ERROR");
    api.get(LABELS + "/" + UUID.randomUUID()).expect(404, "NOT_FOUND");
  }
}
