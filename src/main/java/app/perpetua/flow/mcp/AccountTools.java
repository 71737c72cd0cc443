package app.perpetua.flow.mcp;

import static app.perpetua.flow.http.Route.Verb.GET;

import app.perpetua.flow.base.Json;
import app.perpetua.flow.http.Route;
import app.perpetua.flow.parsing.JsonReader;
import java.util.Map;
import java.util.UUID;
import java.util.stream.Stream;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/** Tools about the user's day, changes and account. Thread-safe. */
final class AccountTools {
  /** Of each part, so that all three have no more than a page of tasks. */
  private static final int MAX_OF_PART = TaskTools.MAX_PAGE / 3;

  private final Route agenda;
  private final Route me;
  private final Route balance;
  private final Route undo;

  AccountTools(OperationIndex operations) {
    agenda = operations.of(GET, "/agenda");
    me = operations.of(GET, "/users/me");
    balance = operations.of(GET, "/credits/balance");
    undo = operations.command("activity.undo");
  }

  ObjectNode agenda(ToolCall call) {
    call.arguments().validate();
    JsonNode read = call.read(agenda, Map.of(), Map.of()).path("data");
    ObjectNode answer = JsonNodeFactory.instance.objectNode();
    for (String name : new String[] {"now", "date", "timezone"}) {
      answer.set(name, read.path(name));
    }
    addPart(answer, "overdue", read, read.at("/overdue/tasks").valueStream());
    addPart(answer, "today", read, read.at("/today/tasks").valueStream());
    addPart(
        answer,
        "upcoming",
        read,
        read.at("/upcoming/days").valueStream().flatMap(day -> day.path("tasks").valueStream()));
    return answer;
  }

  private static void addPart(
      ObjectNode answer, String name, JsonNode agenda, Stream<JsonNode> tasks) {
    answer.set(name, Views.entities(tasks.limit(MAX_OF_PART).toList()));
    answer.set(name + "_count", agenda.path(name).path("count"));
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
