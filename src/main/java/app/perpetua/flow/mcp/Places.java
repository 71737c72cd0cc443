package app.perpetua.flow.mcp;

import static app.perpetua.flow.http.Route.Verb.GET;

import app.perpetua.flow.base.Refusal;
import app.perpetua.flow.http.Route;
import app.perpetua.flow.parsing.JsonReader;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/** Finds lists and labels by their names. Thread-safe. */
final class Places {
  private static final String INBOX = "inbox";
  static final int MAX_NAME = 100;
  private static final int MAX_LABELS = 10;

  private final Route lists;
  private final Route labels;

  /**
   * Names as a tool has been given them; null for those that were not.
   *
   * @param list {@code inbox} for none, unless a list has this name
   */
  record Names(@Nullable String list, @Nullable List<String> labels) {
    static Names read(JsonReader arguments) {
      return new Names(
          arguments.text("list", 1, MAX_NAME), arguments.texts("labels", MAX_LABELS, MAX_NAME));
    }

    boolean areGiven() {
      return list != null || labels != null;
    }
  }

  Places(OperationIndex operations) {
    lists = operations.of(GET, "/lists");
    labels = operations.of(GET, "/labels");
  }

  /**
   * Sets the ids of what is named.
   *
   * @throws Refusal {@code VALIDATION_ERROR} for a name that does not exist
   */
  void resolve(ToolCall call, ObjectNode args, Names names) {
    if (names.list() != null) {
      args.put("list_id", listId(call, names.list()));
    }
    if (names.labels() != null) {
      JsonNode known = call.read(labels, Map.of(), Map.of()).path("data");
      ArrayNode ids = JsonNodeFactory.instance.arrayNode();
      for (String label : names.labels()) {
        String id = find(known, label);
        if (id == null) {
          throw unknown("labels", label, known);
        }
        ids.add(id);
      }
      args.set("label_ids", ids);
    }
  }

  /** The id of a list, as the filter of tasks takes it. */
  String filter(ToolCall call, String name) {
    return Objects.requireNonNullElse(listId(call, name), INBOX);
  }

  private @Nullable String listId(ToolCall call, String name) {
    JsonNode known = call.read(lists, Map.of(), Map.of()).path("data");
    String id = find(known, name);
    if (id == null && !name.equalsIgnoreCase(INBOX)) {
      throw unknown("list", name, known);
    }
    return id;
  }

  private static @Nullable String find(JsonNode known, String name) {
    return known
        .valueStream()
        .filter(each -> each.path("name").stringValue().equalsIgnoreCase(name))
        .findFirst()
        .map(each -> each.path("id").stringValue())
        .orElse(null);
  }

  private static Refusal unknown(String field, String name, JsonNode known) {
    List<String> names = known.valueStream().map(each -> each.path("name").stringValue()).toList();
    return Refusal.invalid(
        field,
        "there is no "
            + name
            + (names.isEmpty() ? "; there are none" : "; there are: " + String.join(", ", names)));
  }
}
