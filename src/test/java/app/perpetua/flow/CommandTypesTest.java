package app.perpetua.flow;

import static org.junit.jupiter.api.Assertions.assertEquals;

import app.perpetua.flow.contract.Document;
import app.perpetua.flow.harness.Api;
import app.perpetua.flow.harness.Contract;
import app.perpetua.flow.harness.Invariants;
import app.perpetua.flow.harness.TestDatabase;
import app.perpetua.flow.harness.TestService;
import app.perpetua.flow.http.Route;
import app.perpetua.flow.sync.Anonymized;
import app.perpetua.flow.sync.Batches;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/** Every command has the answer and the effect of the request that it stands for. */
class CommandTypesTest {
  @Order(1)
  @RegisterExtension
  static final TestDatabase database = new TestDatabase();

  @Order(2)
  @RegisterExtension
  static final TestService service = new TestService(database);

  /** Executes a command and returns its result. */
  private interface Executor {
    JsonNode execute(String type, Map<String, ?> args);
  }

  @AfterEach
  void invariants() {
    Invariants.check(database);
  }

  @Test
  void FR_147_the_contract_lists_all_types() {
    Object types =
        Document.map(
                Document.map(
                        Document.map(Document.parse(Contract.text()).root().get("components"))
                            .get("schemas"))
                    .get("CommandType"))
            .get("enum");
    assertEquals(List.copyOf(routes().keySet()), types);
  }

  private static Map<String, Route> routes() {
    Map<String, Route> routes = new TreeMap<>();
    for (Route route : service.app().routes()) {
      Route.CommandType type = route.command();
      if (type != null) {
        routes.put(type.name(), route);
      }
    }
    return routes;
  }

  @Test
  void FR_147_every_command_equals_its_request() {
    TestService.Session one = service.newUser();
    TestService.Session other = service.newUser();
    Api api = one.api();
    Set<String> types = new TreeSet<>();
    List<JsonNode> requests =
        day(
            one,
            (type, args) -> {
              types.add(type);
              return request(api, Objects.requireNonNull(routes().get(type)), args);
            });
    List<JsonNode> commands =
        day(other, (type, args) -> new Batches().add(type, args).send(other.api()).result(0));
    assertEquals(routes().keySet(), types, "every type is executed");
    Anonymized ofOne = new Anonymized();
    Anonymized ofOther = new Anonymized();
    for (int i = 0; i < requests.size(); i++) {
      assertEquals(ofOne.text(requests.get(i)), ofOther.text(commands.get(i)));
    }
    for (String path :
        List.of("tasks", "notes", "templates", "reminders", "activity", "notifications")) {
      assertEquals(
          ofOne.text(api.get("/api/v1/" + path + "?limit=100").json()),
          ofOther.text(other.api().get("/api/v1/" + path + "?limit=100").json()));
    }
  }

  private static JsonNode request(Api api, Route route, Map<String, ?> args) {
    Map<String, Object> body = new LinkedHashMap<>(args);
    String path = route.path();
    if (path.contains("{")) {
      String id = String.valueOf(body.remove(Objects.requireNonNull(route.command()).idArgument()));
      path = path.replaceFirst("\\{[a-z_]+}", id);
    }
    Api.Answer answer =
        route.method() == Route.Verb.DELETE
            ? api.delete(path)
            : api.invalidOnPurpose().send(route.method().name(), path, body);
    ObjectNode result = JsonNodeFactory.instance.objectNode().put("status", answer.status());
    if (!answer.text().isEmpty()) {
      result.setAll((ObjectNode) answer.json());
    }
    return result;
  }

  /** Executes a command of every type, and some that are refused. */
  private static List<JsonNode> day(TestService.Session user, Executor client) {
    List<JsonNode> results = new ArrayList<>();
    Executor recorded =
        (type, args) -> {
          JsonNode result = client.execute(type, args);
          results.add(result.deepCopy());
          return result;
        };
    Executor succeeding =
        (type, args) -> {
          JsonNode result = recorded.execute(type, args);
          assertEquals(2, result.get("status").asInt() / 100, type + " " + result);
          return result;
        };
    recorded.execute("task.create", Map.of("title", " "));
    String due = service.clock().instant().plus(Duration.ofDays(1)).toString();
    String task = id(succeeding.execute("task.create", Map.of("title", "Trip", "due_date", due)));
    succeeding.execute("task.update", Map.of("id", task, "version", 1, "title", "Journey"));
    recorded.execute("task.update", Map.of("id", task, "version", 1, "title", "late"));
    String step = id(succeeding.execute("subtask.create", step(task, "Passport")));
    String other = id(succeeding.execute("subtask.create", step(task, "Ticket")));
    succeeding.execute("subtask.update", Map.of("id", step, "title", "ID"));
    succeeding.execute(
        "subtask.reorder", Map.of("task_id", task, "subtask_ids", List.of(other, step)));
    succeeding.execute("subtask.delete", Map.of("id", other));
    String reminder =
        id(
            succeeding.execute(
                "reminder.create",
                Map.of("task_id", task, "type", "before", "offset_minutes", 30)));
    succeeding.execute("reminder.update", Map.of("id", reminder, "offset_minutes", 60));
    succeeding.execute("reminder.delete", Map.of("id", reminder));
    succeeding.execute("focus.start", Map.of("task_id", task));
    succeeding.execute("focus.end", Map.of("task_id", task, "duration_seconds", 0));
    recorded.execute("focus.end", Map.of("task_id", task));
    int version = user.api().get("/api/v1/tasks/" + task).expect(200).data().get("version").asInt();
    succeeding.execute("task.force_complete", Map.of("id", task, "version", version));
    JsonNode deleted = succeeding.execute("task.delete", Map.of("id", task));
    succeeding.execute(
        "task.recover", Map.of("tombstone_id", deleted.at("/data/tombstone_id").asString()));
    succeeding.execute("task.quick_add", Map.of("text", "Water plants daily at 9am @garden"));
    recorded.execute("task.quick_add", Map.of("text", "tomorrow"));
    String list = id(succeeding.execute("list.create", Map.of("name", "Garden")));
    String second = id(succeeding.execute("list.create", Map.of("name", "House")));
    succeeding.execute("list.update", Map.of("id", list, "name", "Allotment"));
    succeeding.execute("list.move", Map.of("id", second, "before", list));
    succeeding.execute("task.move", Map.of("id", task, "list_id", list));
    recorded.execute("task.move", Map.of("id", task, "version", 1));
    succeeding.execute("list.delete", Map.of("id", list));
    String label = id(succeeding.execute("label.create", Map.of("name", "urgent")));
    recorded.execute("label.create", Map.of("name", "URGENT"));
    succeeding.execute("label.update", Map.of("id", label, "colour", "#d0342c"));
    succeeding.execute("label.delete", Map.of("id", label));
    JsonNode repeated =
        succeeding.execute("template.create", Map.of("title", "Daily", "rrule", "FREQ=DAILY"));
    String template = id(repeated);
    String occurrence = repeated.at("/task/id").asString();
    succeeding.execute("task.postpone", Map.of("id", occurrence, "version", 1, "days", 2));
    recorded.execute("task.postpone", Map.of("id", occurrence, "version", 1, "days", 2));
    succeeding.execute("task.skip", Map.of("id", occurrence));
    recorded.execute("task.skip", Map.of("id", occurrence));
    succeeding.execute("template.update", Map.of("id", template, "title", "Each day"));
    succeeding.execute("template.delete", Map.of("id", template));
    String note = id(succeeding.execute("note.create", Map.of("content", "Note")));
    succeeding.execute("note.update", Map.of("id", note, "content", "Other note"));
    JsonNode gone = succeeding.execute("note.delete", Map.of("id", note));
    succeeding.execute("tombstone.recover", Map.of("id", gone.at("/data/tombstone_id").asString()));
    recorded.execute("note.delete", Map.of("id", task));
    String filter =
        id(succeeding.execute("filter.create", Map.of("name", "Late", "query", "overdue")));
    succeeding.execute("filter.update", Map.of("id", filter, "query", "due = today"));
    recorded.execute("filter.update", Map.of("id", filter, "query", "due ="));
    succeeding.execute("filter.delete", Map.of("id", filter));
    String notification = notification(user.userId());
    succeeding.execute("notification.read", Map.of("id", notification));
    succeeding.execute("notification.read_all", Map.of());
    succeeding.execute("notification.delete", Map.of("id", notification));
    succeeding.execute("settings.update", Map.of("name", "Ada", "timezone", "Europe/Berlin"));
    recorded.execute("settings.update", Map.of("timezone", "Mars"));
    String entry =
        user.api()
            .get("/api/v1/activity?action=user_updated")
            .expect(200)
            .data()
            .get(0)
            .get("id")
            .asString();
    succeeding.execute("activity.undo", Map.of("id", entry));
    recorded.execute("activity.undo", Map.of("id", entry));
    // The ids of requests differ between all answers.
    results.forEach(
        result -> {
          if (result.get("error") instanceof ObjectNode error) {
            error.remove("request_id");
          }
        });
    return results;
  }

  private static Map<String, String> step(String task, String title) {
    return Map.of("task_id", task, "title", title);
  }

  private static String id(JsonNode result) {
    return result.at("/data/id").asString();
  }

  private static String notification(UUID user) {
    UUID id = UUID.randomUUID();
    database.run(
        """
        insert into activity.notifications (id, user_id, type, title, body, created_at, updated_at)
        values (?, ?, 'system', 'title', 'body', ?, ?)
        """,
        id,
        user,
        service.clock().instant(),
        service.clock().instant());
    return id.toString();
  }
}
