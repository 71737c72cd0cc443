package app.perpetua.flow.imports;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.ObjectMapper;

/** What of an export belongs to no account, without ids: what an import restores. */
final class Portable {
  private static final Set<String> IDS = Set.of("id", "user_id", "task_id");

  private static final Set<String> REFERENCES = Set.of("template_id", "list_id");

  private Portable() {}

  /** The entities as texts, in an order that does not depend on ids. */
  static Map<String, List<String>> of(byte[] export) {
    JsonNode document = new ObjectMapper().readTree(new String(export, StandardCharsets.UTF_8));
    Map<String, String> referred = new HashMap<>();
    // What others refer to, by the id that differs between accounts.
    for (String name : List.of("lists", "labels")) {
      document.get(name).forEach(each -> referred.put(each.get("id").stringValue(), place(each)));
    }
    document
        .get("templates")
        .forEach(each -> referred.put(each.get("id").stringValue(), without(each, referred)));
    Map<String, List<String>> entities = new TreeMap<>();
    for (String name : List.of("templates", "tasks", "notes", "reminders")) {
      List<String> texts = new ArrayList<>();
      document.get(name).forEach(each -> texts.add(without(each, referred)));
      entities.put(name, texts.stream().sorted().toList());
    }
    List<String> filters = new ArrayList<>();
    document.get("filters").forEach(each -> filters.add(filter(each, referred)));
    entities.put("filters", filters.stream().sorted().toList());
    for (String name : List.of("lists", "labels")) {
      entities.put(name, document.get(name).valueStream().map(Portable::place).sorted().toList());
    }
    return entities;
  }

  /** What is imported of a list or label. */
  private static String place(JsonNode value) {
    return value.get("name")
        + " "
        + value.path("position")
        + value.path("archived")
        + value.path("colour");
  }

  /** What is imported of a filter, with what its ids refer to. */
  private static String filter(JsonNode value, Map<String, String> referred) {
    String query = value.get("query").stringValue();
    for (Map.Entry<String, String> reference : referred.entrySet()) {
      query = query.replace("= " + reference.getKey(), "= " + reference.getValue());
    }
    return value.get("name") + " " + value.get("position") + query;
  }

  private static String without(JsonNode value, Map<String, String> referred) {
    if (value.isArray()) {
      List<String> items = new ArrayList<>();
      value.forEach(item -> items.add(without(item, referred)));
      return items.toString();
    }
    if (!value.isObject()) {
      return value.toString();
    }
    Map<String, String> members = new TreeMap<>();
    value.forEachEntry(
        (name, member) -> {
          if (REFERENCES.contains(name) && !member.isNull()) {
            members.put(name, referred.get(member.stringValue()));
          } else if (name.equals("label_ids")) {
            members.put(
                name,
                member.valueStream().map(id -> referred.get(id.stringValue())).toList().toString());
          } else if (!IDS.contains(name)) {
            members.put(name, without(member, referred));
          }
        });
    return members.toString();
  }
}
