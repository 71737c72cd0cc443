package app.perpetua.flow.mcp;

import static app.perpetua.flow.http.Route.Verb.GET;

import app.perpetua.flow.base.Json;
import app.perpetua.flow.http.Route;
import app.perpetua.flow.parsing.JsonReader;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneId;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/** Tools about the user's day, changes and account. Thread-safe. */
final class AccountTools {
  /** Of each part, so that all three have no more than a page of tasks. */
  private static final int MAX_OF_PART = TaskTools.MAX_PAGE / 3;

  private static final int UPCOMING_DAYS = 7;

  private final Route tasks;
  private final Route me;
  private final Route balance;
  private final Route undo;

  AccountTools(OperationIndex operations) {
    tasks = operations.of(GET, "/tasks");
    me = operations.of(GET, "/users/me");
    balance = operations.of(GET, "/credits/balance");
    undo = operations.command("activity.undo");
  }

  ObjectNode agenda(ToolCall call) {
    call.arguments().validate();
    ZoneId zone = call.zone();
    Instant now = call.request().now();
    LocalDate today = now.atZone(zone).toLocalDate();
    Instant tomorrow = today.plusDays(1).atStartOfDay(zone).toInstant();
    Instant end = today.plusDays(1L + UPCOMING_DAYS).atStartOfDay(zone).toInstant();
    ObjectNode answer = JsonNodeFactory.instance.objectNode();
    answer.put("now", Json.instant(now));
    answer.put("date", today.toString());
    answer.put("timezone", zone.getId());
    addPart(call, answer, "overdue", null, now);
    addPart(call, answer, "today", now, tomorrow);
    addPart(call, answer, "upcoming", tomorrow, end);
    return answer;
  }

  private void addPart(
      ToolCall call, ObjectNode answer, String name, @Nullable Instant from, Instant until) {
    Map<String, String> query = new LinkedHashMap<>();
    query.put("completed", "false");
    query.put("sort", "due_date");
    query.put("limit", String.valueOf(MAX_OF_PART));
    if (from != null) {
      query.put("due_after", Json.instant(from));
    }
    query.put("due_before", Json.instant(until));
    JsonNode page = call.read(tasks, Map.of(), query);
    answer.set(name, Views.items(page));
    answer.set(name + "_count", page.path("pagination").path("total"));
  }

  ObjectNode undo(ToolCall call) {
    call.readWriteArguments();
    JsonReader arguments = call.arguments().required("undo_id");
    UUID id = arguments.uuid("undo_id");
    arguments.validate();
    ToolCall.Done done =
        call.write(undo, JsonNodeFactory.instance.objectNode().put("id", String.valueOf(id)));
    return TaskTools.answered(
        call,
        call.isDryRun() ? null : UUID.fromString(done.data().path("id").asString()),
        "undone",
        done.data());
  }

  ObjectNode account(ToolCall call) {
    call.arguments().validate();
    JsonNode user = call.read(me, Map.of(), Map.of()).path("data");
    ObjectNode answer = JsonNodeFactory.instance.objectNode();
    for (String name : new String[] {"name", "timezone", "tier"}) {
      answer.set(name, user.path(name));
    }
    answer.set("credits", call.read(balance, Map.of(), Map.of()).path("data"));
    answer.put("now", Json.instant(call.request().now()));
    return answer;
  }
}
