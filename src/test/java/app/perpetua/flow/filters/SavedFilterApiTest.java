package app.perpetua.flow.filters;

import static org.junit.jupiter.api.Assertions.assertEquals;

import app.perpetua.flow.harness.Api;
import app.perpetua.flow.harness.Invariants;
import app.perpetua.flow.harness.TestDatabase;
import app.perpetua.flow.harness.TestService;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import tools.jackson.databind.JsonNode;

/** FR-213 and FR-214 through HTTP. */
class SavedFilterApiTest {
  private static final String FILTERS = "/api/v1/filters";
  private static final String TASKS = "/api/v1/tasks";

  @Order(1)
  @RegisterExtension
  static final TestDatabase database = new TestDatabase();

  @Order(2)
  @RegisterExtension
  static final TestService service = new TestService(database).with("FREE_MAX_FILTERS", "3");

  private final Api api = service.newUser().api();

  @AfterEach
  void invariants() {
    Invariants.check(database);
  }

  private String saved(String name, String query) {
    return api.post(FILTERS, Map.of("name", name, "query", query)).expect(201).id();
  }

  private List<String> names() {
    return values(api.get(FILTERS).expect(200).data(), "name");
  }

  private List<String> titles(String target) {
    return values(api.get(target).expect(200).data(), "title");
  }

  private static List<String> values(JsonNode array, String member) {
    return array.valueStream().map(each -> each.get(member).stringValue()).toList();
  }

  private static JsonNode error(Api.Answer answer) {
    return answer.expect(400, "VALIDATION_ERROR").json().get("error");
  }

  @Test
  void FR_213_filters_are_saved_in_an_order_and_changed() {
    String late = saved("Late", " overdue ");
    service.clock().advance(Duration.ofMillis(1));
    saved("High", "priority = high");
    assertEquals(List.of("Late", "High"), names());
    JsonNode shown = api.get(FILTERS + "/" + late).expect(200).data();
    assertEquals("overdue", shown.get("query").stringValue());
    assertEquals(1, shown.get("version").intValue());
    JsonNode moved =
        api.patch(FILTERS + "/" + late, Map.of("version", 1, "name", "Too late", "position", "z"))
            .expect(200)
            .data();
    assertEquals(2, moved.get("version").intValue());
    assertEquals(List.of("High", "Too late"), names());
    assertEquals(
        2,
        api.patch(FILTERS + "/" + late, Map.of("name", "Too late"))
            .expect(200)
            .data()
            .get("version")
            .intValue());
    api.patch(FILTERS + "/" + late, Map.of("version", 1, "name", "a")).expect(409, "CONFLICT");
    api.invalidOnPurpose()
        .patch(FILTERS + "/" + late, Map.of("position", "a0"))
        .expect(400, "VALIDATION_ERROR");
    api.delete(FILTERS + "/" + late).expect(204);
    assertEquals(List.of("High"), names());
  }

  @Test
  void FR_213_the_number_of_filters_is_limited() {
    for (int i = 0; i < 3; i++) {
      saved("filter " + i, "overdue");
    }
    JsonNode error =
        api.post(FILTERS, Map.of("name", "fourth", "query", "overdue"))
            .expect(409, "LIMIT_EXCEEDED")
            .json()
            .get("error");
    assertEquals(3, error.get("limit").intValue());
    assertEquals(3, names().size());
  }

  @Test
  void FR_213_what_cannot_be_used_is_not_saved() {
    String late = saved("Late", "overdue");
    for (String query : List.of("due <", "list = No", "due in [today, ")) {
      JsonNode made = error(api.post(FILTERS, Map.of("name", "a", "query", query)));
      JsonNode changed = error(api.patch(FILTERS + "/" + late, Map.of("query", query)));
      assertEquals(made.get("position"), changed.get("position"), query);
      assertEquals("query", made.at("/details/0/field").stringValue());
    }
    assertEquals(
        7,
        error(api.post(FILTERS, Map.of("name", "a", "query", "list = No")))
            .get("position")
            .intValue());
    assertEquals("overdue", api.get(FILTERS + "/" + late).data().get("query").stringValue());
    assertEquals(List.of("Late"), names());
  }

  @Test
  void FR_213_another_users_filter_is_forbidden() {
    String late = saved("Late", "overdue");
    Api other = service.newUser().api();
    other.get(FILTERS + "/" + late).expect(403, "FORBIDDEN");
    other.delete(FILTERS + "/" + late).expect(403, "FORBIDDEN");
    assertEquals(
        "filter_id",
        error(other.get(TASKS + "?filter_id=" + late)).at("/details/0/field").stringValue());
    api.get(FILTERS + "/" + UUID.randomUUID()).expect(404, "NOT_FOUND");
  }

  @Test
  void FR_213_changes_are_undone_and_synchronized() {
    String late = saved("Late", "overdue");
    api.patch(FILTERS + "/" + late, Map.of("query", "due = today")).expect(200);
    undo("filter_updated");
    assertEquals("overdue", api.get(FILTERS + "/" + late).data().get("query").stringValue());
    api.delete(FILTERS + "/" + late).expect(204);
    undo("filter_deleted");
    assertEquals(List.of("Late"), names());
    JsonNode synced = api.get("/api/v1/sync?types=filter").expect(200).json();
    assertEquals(List.of("filter"), values(synced.at("/data/changes"), "type"));
    undo("filter_created");
    assertEquals(List.of(), names());
    saved("High", "priority = high");
    JsonNode exported = api.get("/api/v1/users/me/export").expect(200).json().get("filters");
    assertEquals(List.of("priority = high"), values(exported, "query"));
  }

  private void undo(String action) {
    String entry =
        api.get("/api/v1/activity?action=" + action)
            .expect(200)
            .data()
            .get(0)
            .get("id")
            .stringValue();
    api.post("/api/v1/activity/" + entry + "/undo").expect(200);
  }

  @Test
  void FR_214_tasks_are_listed_by_a_saved_filter() {
    for (String title : List.of("Pay rent", "Call Ada", "Pay bills")) {
      api.post(TASKS, Map.of("title", title, "priority", "high")).expect(201);
    }
    String pay = saved("Pay", "title ~ pay");
    String target = TASKS + "?filter_id=" + pay;
    assertEquals(List.of("Pay bills", "Pay rent"), titles(target));
    JsonNode first = api.get(target + "&limit=1").expect(200).json();
    String cursor = first.at("/pagination/next_cursor").stringValue();
    assertEquals(List.of("Pay rent"), titles(target + "&limit=1&cursor=" + cursor));
    assertEquals(
        "sort", error(api.get(target + "&sort=priority")).at("/details/0/field").stringValue());
    error(api.get(target + "&filter=overdue"));
    error(api.get(target + "&completed=true"));
    error(api.invalidOnPurpose().get(TASKS + "?filter_id=1"));
    api.patch(FILTERS + "/" + pay, Map.of("query", "completed = false and title ~ call"))
        .expect(200);
    assertEquals(List.of("Call Ada"), titles(target + "&sort=priority"));
    assertEquals(
        "sort", error(api.get(target + "&sort=position")).at("/details/0/field").stringValue());
  }

  @Test
  void FR_214_a_saved_filter_whose_list_was_renamed_is_an_error_until_it_is_changed() {
    UUID list = UUID.randomUUID();
    UUID owner =
        UUID.fromString(api.get("/api/v1/users/me").expect(200).data().get("id").stringValue());
    database.run(
        """
        insert into tasks.lists (user_id, id, name, position, created_at, updated_at)
        values (?, ?, 'Home', 'V', '2026-01-01Z', '2026-01-01Z')
        """,
        owner,
        list);
    api.post(TASKS, Map.of("title", "Dig", "list_id", list)).expect(201);
    String named = TASKS + "?filter_id=" + saved("Home", "list = home");
    String identified = TASKS + "?filter_id=" + saved("Home", "list = " + list);
    assertEquals(List.of("Dig"), titles(named));
    database.run("update tasks.lists set name = 'House', version = 2 where id = ?", list);
    JsonNode error = error(api.get(named));
    assertEquals(7, error.get("position").intValue());
    assertEquals("filter_id", error.at("/details/0/field").stringValue());
    assertEquals(List.of("Dig"), titles(identified));
  }
}
