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
 * The schema of a JSON value that a model writes. Limited to what providers enforce (strict mode:
 * every member is required, no other is allowed); other limits are part of the description for the
 * model. Immutable.
 */
public sealed interface Schema {
  /** As JSON Schema (draft 2020-12). */
  Map<String, Object> json();

  /** The first violation in the value at a path, without quoting it; null if it is valid. */
  @Nullable String errorAt(String path, JsonNode value);

  /** The first violation in the value, for the model; empty if it is valid. */
  default Optional<String> error(JsonNode value) {
    return Optional.ofNullable(errorAt("", value));
  }

  /** The model writes the members in this order. */
  record ObjectSchema(String description, Map<String, Schema> members) implements Schema {
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
    public @Nullable String errorAt(String path, JsonNode value) {
      if (!value.isObject()) {
        return named(path) + " must be an object";
      }
      for (Map.Entry<String, Schema> member : members.entrySet()) {
        String inner = path.isEmpty() ? member.getKey() : path + "." + member.getKey();
        JsonNode inside = value.get(member.getKey());
        String error =
            inside == null ? inner + " is missing" : member.getValue().errorAt(inner, inside);
        if (error != null) {
          return error;
        }
      }
      return value.size() == members.size() ? null : named(path) + " has unknown members";
    }
  }

  /**
   * The bounds count elements. A list is valid if it has at least {@code min} valid elements; the
   * caller ignores invalid ones and those above {@code max}, which models write now and then.
   */
  record ArraySchema(String description, Schema items, int min, int max) implements Schema {
    @Override
    public Map<String, Object> json() {
      Map<String, Object> json = described("array", description + range(min, max, "elements"));
      json.put("items", items.json());
      return json;
    }

    @Override
    public @Nullable String errorAt(String path, JsonNode value) {
      if (!value.isArray() || value.size() < min) {
        return named(path) + " must be a list" + range(min, max, "elements");
      }
      String firstError = null;
      int valid = 0;
      for (int i = 0; i < value.size(); i++) {
        String error = items.errorAt(path + "[" + i + "]", value.get(i));
        valid += error == null ? 1 : 0;
        firstError = firstError == null ? error : firstError;
      }
      return valid >= min ? null : firstError;
    }
  }

  /** The bounds count code points. */
  record StringSchema(String description, int min, int max) implements Schema {
    @Override
    public Map<String, Object> json() {
      return described("string", description + range(min, max, "characters"));
    }

    @Override
    public @Nullable String errorAt(String path, JsonNode value) {
      String text = value.isString() ? value.stringValue() : null;
      int length = text == null ? -1 : text.codePointCount(0, text.length());
      if (text == null || length < min || length > max) {
        return named(path) + " must be a string" + range(min, max, "characters");
      }
      boolean isStorable =
          text.codePoints().noneMatch(c -> c == 0 || Character.getType(c) == Character.SURROGATE);
      return isStorable ? null : named(path) + " has characters that cannot be stored";
    }
  }

  record EnumSchema(String description, List<String> values) implements Schema {
    @Override
    public Map<String, Object> json() {
      Map<String, Object> json = described("string", description);
      json.put("enum", values);
      return json;
    }

    @Override
    public @Nullable String errorAt(String path, JsonNode value) {
      return value.isString() && values.contains(value.stringValue())
          ? null
          : named(path) + " must be one of " + String.join(", ", values);
    }
  }

  record IntegerSchema(String description, int min, int max) implements Schema {
    @Override
    public Map<String, Object> json() {
      return described("integer", description + " (" + min + " to " + max + ")");
    }

    @Override
    public @Nullable String errorAt(String path, JsonNode value) {
      return value.isIntegralNumber()
              && value.canConvertToInt()
              && value.intValue() >= min
              && value.intValue() <= max
          ? null
          : named(path) + " must be a whole number from " + min + " to " + max;
    }
  }

  /** Permits null, since strict mode has no optional members. */
  record NullableSchema(Schema schema) implements Schema {
    @Override
    public Map<String, Object> json() {
      Map<String, Object> json = new LinkedHashMap<>(schema.json());
      json.computeIfPresent("type", (_, type) -> List.of(type, "null"));
      json.computeIfPresent(
          "enum",
          (_, values) -> {
            ArrayList<@Nullable Object> all = new ArrayList<>((List<?>) values);
            all.add(null);
            return all;
          });
      return json;
    }

    @Override
    public @Nullable String errorAt(String path, JsonNode value) {
      return value.isNull() ? null : schema.errorAt(path, value);
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

  private static String named(String path) {
    return path.isEmpty() ? "the value" : path;
  }
}
