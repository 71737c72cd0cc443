package app.perpetua.flow.assistant;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * The shape of a JSON value that a model is to write: tells the model by {@link #json}, and checks
 * what came by {@link #fault}. Limited to what providers enforce (strict mode: every member is
 * required, no other is allowed); limits that they do not know stand in the description, where the
 * model reads them. Immutable.
 */
public sealed interface Schema {
  /** Tells the model what to write; may be empty. */
  String description();

  /** As JSON Schema (draft 2020-12). */
  Map<String, Object> json();

  /**
   * What is wrong with the value, by the name of the place, without quoting it; null if nothing.
   */
  @Nullable String faultAt(String place, JsonNode value);

  /** What is wrong with the value, as a sentence for the model; empty if nothing is. */
  default Optional<String> fault(JsonNode value) {
    return Optional.ofNullable(faultAt("", value));
  }

  /**
   * An object with exactly these members.
   *
   * @param members in the order in which the model is to write them
   */
  record ObjectSchema(String description, Map<String, Schema> members) implements Schema {
    /** Copies the members. */
    public ObjectSchema {
      members = Collections.unmodifiableMap(new LinkedHashMap<>(members));
    }

    @Override
    public Map<String, Object> json() {
      Map<String, Object> properties = new LinkedHashMap<>();
      members.forEach((name, schema) -> properties.put(name, schema.json()));
      Map<String, Object> json = described("object", description);
      json.put("properties", properties);
      json.put("required", List.copyOf(members.keySet()));
      json.put("additionalProperties", false);
      return json;
    }

    @Override
    public @Nullable String faultAt(String place, JsonNode value) {
      if (!value.isObject()) {
        return named(place) + " must be an object";
      }
      for (Map.Entry<String, Schema> member : members.entrySet()) {
        String inner = place.isEmpty() ? member.getKey() : place + "." + member.getKey();
        JsonNode held = value.get(member.getKey());
        String fault =
            held == null ? inner + " is missing" : member.getValue().faultAt(inner, held);
        if (fault != null) {
          return fault;
        }
      }
      return value.size() == members.size() ? null : named(place) + " has members beyond its shape";
    }
  }

  /**
   * A list.
   *
   * @param each of its elements
   */
  record ArraySchema(String description, Schema each, int min, int max) implements Schema {
    @Override
    public Map<String, Object> json() {
      Map<String, Object> json = described("array", description + range(min, max, "elements"));
      json.put("items", each.json());
      return json;
    }

    @Override
    public @Nullable String faultAt(String place, JsonNode value) {
      if (!value.isArray() || value.size() < min || value.size() > max) {
        return named(place) + " must be a list" + range(min, max, "elements");
      }
      for (int i = 0; i < value.size(); i++) {
        String fault = each.faultAt(place + "[" + i + "]", value.get(i));
        if (fault != null) {
          return fault;
        }
      }
      return null;
    }
  }

  /** A text; its length counts code points. */
  record StringSchema(String description, int min, int max) implements Schema {
    @Override
    public Map<String, Object> json() {
      return described("string", description + range(min, max, "characters"));
    }

    @Override
    public @Nullable String faultAt(String place, JsonNode value) {
      String text = value.isString() ? value.stringValue() : null;
      int length = text == null ? -1 : text.codePointCount(0, text.length());
      if (text == null || length < min || length > max) {
        return named(place) + " must be a string" + range(min, max, "characters");
      }
      boolean fit =
          text.codePoints().noneMatch(c -> c == 0 || Character.getType(c) == Character.SURROGATE);
      return fit ? null : named(place) + " has characters that cannot be stored";
    }
  }

  /** One of a few words. */
  record EnumSchema(String description, List<String> words) implements Schema {
    @Override
    public Map<String, Object> json() {
      Map<String, Object> json = described("string", description);
      json.put("enum", words);
      return json;
    }

    @Override
    public @Nullable String faultAt(String place, JsonNode value) {
      return value.isString() && words.contains(value.stringValue())
          ? null
          : named(place) + " must be one of " + String.join(", ", words);
    }
  }

  /** A whole number. */
  record IntegerSchema(String description, int min, int max) implements Schema {
    @Override
    public Map<String, Object> json() {
      return described("integer", description + " (" + min + " to " + max + ")");
    }

    @Override
    public @Nullable String faultAt(String place, JsonNode value) {
      return value.isIntegralNumber()
              && value.canConvertToInt()
              && value.intValue() >= min
              && value.intValue() <= max
          ? null
          : named(place) + " must be a whole number from " + min + " to " + max;
    }
  }

  /** True or false. */
  record BooleanSchema(String description) implements Schema {
    @Override
    public Map<String, Object> json() {
      return described("boolean", description);
    }

    @Override
    public @Nullable String faultAt(String place, JsonNode value) {
      return value.isBoolean() ? null : named(place) + " must be true or false";
    }
  }

  /**
   * That, or null where there is nothing to say: strict mode knows no members that may be left out.
   */
  record NullableSchema(Schema schema) implements Schema {
    @Override
    public String description() {
      return schema.description();
    }

    @Override
    public Map<String, Object> json() {
      Map<String, Object> json = new LinkedHashMap<>(schema.json());
      json.computeIfPresent("type", (_, type) -> List.of(type, "null"));
      json.computeIfPresent(
          "enum",
          (_, words) -> {
            ArrayList<@Nullable Object> all = new ArrayList<>((List<?>) words);
            all.add(null);
            return all;
          });
      return json;
    }

    @Override
    public @Nullable String faultAt(String place, JsonNode value) {
      return value.isNull() ? null : schema.faultAt(place, value);
    }
  }

  private static Map<String, Object> described(String type, String description) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("type", type);
    if (!description.isBlank()) {
      json.put("description", description.strip());
    }
    return json;
  }

  private static String range(int min, int max, String what) {
    return " (" + min + " to " + max + " " + what + ")";
  }

  private static String named(String place) {
    return place.isEmpty() ? "the whole" : place;
  }
}
