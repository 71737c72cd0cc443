package app.perpetua.flow.parsing;

import java.util.List;
import java.util.Map;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;
import tools.jackson.databind.node.StringNode;

/**
 * The ids in a JSON object: texts in members that are named {@code id}, {@code …_id} or {@code
 * …_ids}.
 */
public final class JsonIds {
  /** What to write instead of an id. */
  @FunctionalInterface
  public interface Replacement {
    /**
     * Returns the new id, or the same one.
     *
     * @param place names the member, such as {@code items[1].task_id}
     */
    String of(String place, String id);
  }

  private JsonIds() {}

  /** A copy of the object with its ids replaced, at every depth. */
  public static ObjectNode replaced(ObjectNode object, Replacement replacement) {
    ObjectNode copy = object.deepCopy();
    replace(copy, "", replacement);
    return copy;
  }

  private static void replace(ObjectNode object, String prefix, Replacement replacement) {
    for (Map.Entry<String, JsonNode> member : List.copyOf(object.properties())) {
      String name = member.getKey();
      object.set(
          name, replacedValue(member.getValue(), prefix + name, namesIds(name), replacement));
    }
  }

  private static JsonNode replacedValue(
      JsonNode value, String place, boolean isId, Replacement replacement) {
    switch (value) {
      case StringNode text when isId -> {
        return StringNode.valueOf(replacement.of(place, text.stringValue()));
      }
      case ObjectNode object -> replace(object, place + ".", replacement);
      case ArrayNode items -> {
        for (int i = 0; i < items.size(); i++) {
          items.set(i, replacedValue(items.get(i), place + "[" + i + "]", isId, replacement));
        }
      }
      default -> {}
    }
    return value;
  }

  private static boolean namesIds(String name) {
    return name.equals("id") || name.endsWith("_id") || name.endsWith("_ids");
  }
}
