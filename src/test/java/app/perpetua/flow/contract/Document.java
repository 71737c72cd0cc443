package app.perpetua.flow.contract;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Objects;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.yaml.snakeyaml.Yaml;

/** An OpenAPI document as a tree, whose references are followed on reading. */
public record Document(Map<String, Object> root) {
  /** Reads a document in YAML. */
  public static Document parse(String yaml) {
    return new Document(map(new Yaml().load(yaml)));
  }

  /** Operations by {@code METHOD path}, each with the parameters of its path. */
  public Map<String, Map<String, Object>> operations() {
    Map<String, Map<String, Object>> operations = new TreeMap<>();
    map(root.get("paths"))
        .forEach(
            (path, item) ->
                map(item)
                    .forEach(
                        (member, operation) -> {
                          if (List.of("get", "put", "post", "patch", "delete").contains(member)) {
                            Map<String, Object> whole = new LinkedHashMap<>(map(operation));
                            List<Object> parameters =
                                new ArrayList<>(list(map(item).get("parameters")));
                            parameters.addAll(list(whole.get("parameters")));
                            whole.put("parameters", parameters);
                            whole.putIfAbsent("security", list(root.get("security")));
                            operations.put(
                                member.toUpperCase(java.util.Locale.ROOT) + " " + path, whole);
                          }
                        }));
    return operations;
  }

  /** The object, or the one it refers to; members next to the reference (3.1) take precedence. */
  public Map<String, Object> resolved(@Nullable Object node) {
    Map<String, Object> object = map(node);
    if (!(object.get("$ref") instanceof String reference)) {
      return object;
    }
    Object target = root;
    for (String step : reference.substring("#/".length()).split("/", -1)) {
      target = map(target).get(step);
    }
    if (target == null) {
      throw new IllegalArgumentException(reference + " leads nowhere");
    }
    Map<String, Object> whole = new LinkedHashMap<>(resolved(target));
    object.forEach(
        (member, value) -> {
          if (!member.equals("$ref")) {
            whole.put(member, value);
          }
        });
    return whole;
  }

  /** The parameters of an operation by location and name. */
  public Map<String, Map<String, Object>> parameters(Map<String, Object> operation) {
    Map<String, Map<String, Object>> parameters = new TreeMap<>();
    for (Object parameter : list(operation.get("parameters"))) {
      Map<String, Object> whole = resolved(parameter);
      parameters.put(whole.get("in") + " " + whole.get("name"), whole);
    }
    return parameters;
  }

  /**
   * A schema's example: its own first one, or one that consists of those of its parts.
   *
   * @throws NoSuchElementException naming a part that has none
   */
  public Object example(@Nullable Object schema) {
    Map<String, Object> members = resolved(schema);
    for (String values : List.of("examples", "enum")) {
      if (members.get(values) instanceof List<?> list) {
        return list.getFirst();
      }
    }
    for (String alternatives : List.of("oneOf", "anyOf")) {
      if (!members.containsKey("properties") && members.get(alternatives) instanceof List<?> list) {
        return example(list.getFirst());
      }
    }
    Object type = members.get("type");
    return switch (String.valueOf(type instanceof List<?> types ? types.getFirst() : type)) {
      case "object" -> {
        Map<String, Object> whole = new LinkedHashMap<>();
        map(members.get("properties")).forEach((name, part) -> whole.put(name, example(part)));
        yield whole;
      }
      case "array" -> List.of(example(members.get("items")));
      case "boolean" -> false;
      case "integer", "number" -> Objects.requireNonNullElse(members.get("minimum"), 0);
      default -> throw new NoSuchElementException(members.toString());
    };
  }

  /** The object's members; none if there is no object. */
  @SuppressWarnings("unchecked")
  public static Map<String, Object> map(@Nullable Object node) {
    return node instanceof Map<?, ?> map ? (Map<String, Object>) map : Map.of();
  }

  /** The list's items; none if there is no list. */
  @SuppressWarnings("unchecked")
  public static List<Object> list(@Nullable Object node) {
    return node instanceof List<?> list ? (List<Object>) list : List.of();
  }
}
