package app.perpetua.flow.harness.hostile;

import app.perpetua.flow.contract.Document;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** An operation of the contract, with the fields and parameters that take values. */
public record Operation(String name, Map<String, Object> contract, Document document) {
  /**
   * A field of the body or a parameter.
   *
   * @param path names from the body's root; one name for a parameter
   * @param schema schema of the value
   */
  public record Field(List<String> path, Map<String, Object> schema) {
    /** Its path with dots. */
    public String name() {
      return String.join(".", path);
    }

    /** The JSON type other than null. */
    public String type() {
      if (schema.get("type") instanceof String only) {
        return only;
      }
      return Document.list(schema.get("type")).stream()
          .map(String::valueOf)
          .filter(type -> !type.equals("null"))
          .findFirst()
          .orElse("any");
    }

    /** Whether null is a valid value. */
    public boolean nullable() {
      return Document.list(schema.get("type")).contains("null");
    }

    /** The format; empty if there is none. */
    public String format() {
      return String.valueOf(schema.getOrDefault("format", ""));
    }

    /** The values of an enumeration; empty if it is none. */
    public List<String> words() {
      return Document.list(schema.get("enum")).stream().map(String::valueOf).toList();
    }

    /** Whether the contract allows any text. */
    public boolean isFreeText() {
      return type().equals("string") && format().isEmpty() && words().isEmpty();
    }

    /** A limit of the schema. */
    public int limit(String keyword, int otherwise) {
      return schema.get(keyword) instanceof Integer limit ? limit : otherwise;
    }

    @Override
    public String toString() {
      return name();
    }
  }

  /** All operations of the contract. */
  public static List<Operation> all() {
    try (InputStream in = Operation.class.getResourceAsStream("/openapi.yaml")) {
      if (in == null) {
        throw new IllegalStateException("openapi.yaml is not on the class path");
      }
      Document document = Document.parse(new String(in.readAllBytes(), StandardCharsets.UTF_8));
      return document.operations().entrySet().stream()
          .map(entry -> new Operation(entry.getKey(), entry.getValue(), document))
          .toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Such as {@code GET}. */
  public String method() {
    return name.split(" ", 2)[0];
  }

  /** The path with its parameters in braces. */
  public String path() {
    return name.split(" ", 2)[1];
  }

  /** Whether it needs an access token. */
  public boolean isAuthenticated() {
    return Document.list(contract.get("security")).toString().contains("bearerAuth");
  }

  /** Whether a request may have a body. */
  public boolean takesBody() {
    return contract.containsKey("requestBody");
  }

  /** Whether it requires an {@code Idempotency-Key}. */
  public boolean needsKey() {
    return document.parameters(contract).entrySet().stream()
        .anyMatch(
            parameter ->
                parameter.getKey().equals("header Idempotency-Key")
                    && Boolean.TRUE.equals(parameter.getValue().get("required")));
  }

  /** All fields of the body, nested ones included, except objects that have fields. */
  public List<Field> fields() {
    List<Field> fields = new ArrayList<>();
    collect(List.of(), bodySchema(), fields);
    return fields;
  }

  /** Its query parameters. */
  public List<Field> query() {
    return document.parameters(contract).entrySet().stream()
        .filter(parameter -> parameter.getKey().startsWith("query "))
        .map(
            parameter ->
                new Field(
                    List.of(parameter.getKey().substring("query ".length())),
                    document.resolved(parameter.getValue().get("schema"))))
        .toList();
  }

  /** The first example of the body; empty if there is none. */
  public Map<String, Object> exampleBody() {
    List<Object> examples = Document.list(bodySchema().get("examples"));
    return examples.isEmpty() ? Map.of() : Document.map(examples.getFirst());
  }

  /** The required members of the first example, to be sent together with the field. */
  public Map<String, Object> bodyAround(Field field) {
    List<Object> required = new ArrayList<>(Document.list(bodySchema().get("required")));
    required.add("version");
    required.add(field.path().getFirst());
    Map<String, Object> body = new LinkedHashMap<>(exampleBody());
    body.keySet().retainAll(required);
    return body;
  }

  /** Whether the body has this field. */
  public boolean has(String field) {
    return Document.map(bodySchema().get("properties")).containsKey(field);
  }

  private Map<String, Object> json() {
    Map<String, Object> body = document.resolved(contract.get("requestBody"));
    return Document.map(Document.map(body.get("content")).get("application/json"));
  }

  /** Whether unknown fields of the body are errors. */
  public boolean isClosed() {
    return !json().isEmpty() && !Boolean.TRUE.equals(bodySchema().get("additionalProperties"));
  }

  private Map<String, Object> bodySchema() {
    return document.resolved(json().get("schema"));
  }

  private void collect(List<String> path, Map<String, Object> schema, List<Field> fields) {
    Map<String, Object> properties = new LinkedHashMap<>(Document.map(schema.get("properties")));
    for (String choice : List.of("oneOf", "anyOf", "allOf")) {
      for (Object alternative : Document.list(schema.get(choice))) {
        properties.putAll(Document.map(document.resolved(alternative).get("properties")));
      }
    }
    if (properties.isEmpty() && !path.isEmpty()) {
      fields.add(new Field(path, schema));
    }
    properties.forEach(
        (name, property) -> {
          List<String> deeper = new ArrayList<>(path);
          deeper.add(name);
          collect(List.copyOf(deeper), document.resolved(property), fields);
        });
  }

  @Override
  public String toString() {
    return name;
  }
}
