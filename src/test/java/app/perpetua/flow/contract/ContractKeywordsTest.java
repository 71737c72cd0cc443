package app.perpetua.flow.contract;

import static org.junit.jupiter.api.Assertions.assertEquals;

import app.perpetua.flow.harness.Contract;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/**
 * The objects of the contract have only members that OpenAPI 3.1 and JSON Schema define, and
 * extensions. A description in braces that is not quoted would end at its first comma: the rest
 * would be a member.
 */
class ContractKeywordsTest {
  private static final Set<String> SCHEMA =
      Set.of(
          "$ref",
          "type",
          "enum",
          "const",
          "format",
          "pattern",
          "description",
          "default",
          "deprecated",
          "examples",
          "properties",
          "required",
          "additionalProperties",
          "dependentRequired",
          "items",
          "allOf",
          "oneOf",
          "anyOf",
          "not",
          "minimum",
          "maximum",
          "exclusiveMinimum",
          "exclusiveMaximum",
          "multipleOf",
          "minLength",
          "maxLength",
          "minItems",
          "maxItems",
          "uniqueItems",
          "discriminator");
  private static final Set<String> PARAMETER =
      Set.of(
          "$ref",
          "name",
          "in",
          "description",
          "required",
          "deprecated",
          "allowEmptyValue",
          "style",
          "explode",
          "schema");
  private static final Set<String> HEADER =
      Set.of("$ref", "description", "required", "deprecated", "schema", "example");
  private static final Set<String> RESPONSE = Set.of("$ref", "description", "headers", "content");
  private static final Set<String> BODY = Set.of("$ref", "description", "required", "content");
  private static final Set<String> MEDIUM = Set.of("schema", "examples");
  private static final Set<String> EXAMPLE = Set.of("$ref", "summary", "description", "value");
  private static final Set<String> OPERATION =
      Set.of(
          "operationId",
          "tags",
          "summary",
          "description",
          "deprecated",
          "security",
          "parameters",
          "requestBody",
          "responses");
  private static final Set<String> SECURITY_SCHEME =
      Set.of("type", "in", "name", "scheme", "bearerFormat", "description");

  @Test
  void every_object_has_only_known_members() {
    assertEquals(List.of(), unknown(Document.parse(Contract.text())));
  }

  @Test
  void a_description_that_ends_at_a_comma_is_found() {
    assertEquals(
        List.of(
            "/a get parameters 0 schema: as sent",
            "/a get responses 200 content t/t schema properties b: up to now.",
            "schemas C items: or none"),
        unknown(
            Document.parse(
                """
                paths:
                  /a:
                    get:
                      parameters: [{name: d, schema: {type: string, description: The id, as sent}}]
                      responses:
                        '200':
                          content:
                            t/t:
                              schema:
                                properties: {b: {type: string, description: All, up to now.}}
                components:
                  schemas:
                    C: {type: array, items: {description: One, or none}, x-open: true}
                """)));
  }

  private static List<String> unknown(Document contract) {
    List<String> unknown = new ArrayList<>();
    Document.map(contract.root().get("paths"))
        .forEach(
            (path, item) ->
                Document.map(item)
                    .forEach(
                        (member, value) -> {
                          String place = path + " " + member;
                          if (member.equals("parameters")) {
                            each(value, place, PARAMETER, unknown);
                          } else {
                            check(value, place, OPERATION, unknown);
                          }
                        }));
    Document.map(contract.root().get("components"))
        .forEach((kind, named) -> each(named, kind, members(kind), unknown));
    return unknown;
  }

  /** Checks the items of a list or the values of a map, which are objects of one kind. */
  private static void each(
      @Nullable Object node, String place, Set<String> members, List<String> unknown) {
    List<Object> items = Document.list(node);
    for (int i = 0; i < items.size(); i++) {
      check(items.get(i), place + " " + i, members, unknown);
    }
    Document.map(node).forEach((name, value) -> check(value, place + " " + name, members, unknown));
  }

  private static void check(
      @Nullable Object node, String place, Set<String> members, List<String> unknown) {
    Document.map(node)
        .forEach(
            (name, value) -> {
              if (!members.contains(name) && !name.startsWith("x-")) {
                unknown.add(place + ": " + name);
              } else {
                below(name, value, place + " " + name, members, unknown);
              }
            });
  }

  private static void below(
      String name, Object value, String place, Set<String> parent, List<String> unknown) {
    switch (name) {
      case "schema", "items", "not", "additionalProperties" -> check(value, place, SCHEMA, unknown);
      case "properties", "allOf", "oneOf", "anyOf" -> each(value, place, SCHEMA, unknown);
      case "requestBody" -> check(value, place, BODY, unknown);
      case "parameters", "responses", "headers", "content" ->
          each(value, place, members(name), unknown);
      case "examples" -> {
        if (parent.equals(MEDIUM)) {
          each(value, place, EXAMPLE, unknown);
        }
      }
      default -> {
        // A value without members of its own.
      }
    }
  }

  private static Set<String> members(String kind) {
    return switch (kind) {
      case "schemas" -> SCHEMA;
      case "parameters" -> PARAMETER;
      case "headers" -> HEADER;
      case "responses" -> RESPONSE;
      case "content" -> MEDIUM;
      case "examples" -> EXAMPLE;
      case "securitySchemes" -> SECURITY_SCHEME;
      default -> throw new IllegalArgumentException("unknown objects: " + kind);
    };
  }
}
