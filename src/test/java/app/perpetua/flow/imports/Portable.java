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

/** What of an export belongs to no account: tasks, templates and notes without their ids. */
final class Portable {
  private static final Set<String> IDS = Set.of("id", "user_id", "task_id");

  private Portable() {}

  /** The entities as texts, in an order that does not depend on ids. */
  static Map<String, List<String>> of(byte[] export) {
    JsonNode document = new ObjectMapper().readTree(new String(export, StandardCharsets.UTF_8));
    Map<String, String> templates = new HashMap<>();
    document
        .get("templates")
        .forEach(each -> templates.put(each.get("id").stringValue(), without(each, templates)));
    Map<String, List<String>> entities = new TreeMap<>();
    for (String name : List.of("templates", "tasks", "notes", "reminders")) {
      List<String> texts = new ArrayList<>();
      document.get(name).forEach(each -> texts.add(without(each, templates)));
      entities.put(name, texts.stream().sorted().toList());
    }
    return entities;
  }

  private static String without(JsonNode value, Map<String, String> templates) {
    if (value.isArray()) {
      List<String> items = new ArrayList<>();
      value.forEach(item -> items.add(without(item, templates)));
      return items.toString();
    }
    if (!value.isObject()) {
      return value.toString();
    }
    Map<String, String> members = new TreeMap<>();
    value.forEachEntry(
        (name, member) -> {
          if (name.equals("template_id") && !member.isNull()) {
            members.put(name, templates.get(member.stringValue()));
          } else if (!IDS.contains(name)) {
            members.put(name, without(member, templates));
          }
        });
    return members.toString();
  }
}
