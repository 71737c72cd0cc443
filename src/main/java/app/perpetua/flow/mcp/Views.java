package app.perpetua.flow.mcp;

import java.util.List;
import java.util.Set;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * The representations of entities that tools answer: those of the contract without the members that
 * a model does not need.
 */
final class Views {
  private static final Set<String> OMITTED =
      Set.of(
          "user_id",
          "completed_by",
          "focus_time_seconds",
          "created_at",
          "updated_at",
          "order_index",
          "position",
          "voice_url",
          "voice_duration_seconds",
          "transcription_status");

  private Views() {}

  /** An entity with its nested ones. */
  static ObjectNode entity(JsonNode entity) {
    ObjectNode view = JsonNodeFactory.instance.objectNode();
    entity.forEachEntry(
        (name, value) -> {
          if (!OMITTED.contains(name)) {
            view.set(name, value.isArray() ? entities(value.valueStream().toList()) : value);
          }
        });
    return view;
  }

  static ArrayNode entities(List<JsonNode> entities) {
    ArrayNode views = JsonNodeFactory.instance.arrayNode();
    entities.forEach(entity -> views.add(entity.isObject() ? entity(entity) : entity));
    return views;
  }

  /** The items of a page. */
  static ArrayNode items(JsonNode page) {
    return entities(page.path("data").valueStream().toList());
  }
}
