package app.perpetua.flow.fake;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * A request for a turn, and the errors that the Responses API would report.
 *
 * @param body the request's JSON
 */
record OpenAiRequest(JsonNode body) {
  private static final Set<String> MEMBERS =
      Set.of(
          "model",
          "instructions",
          "input",
          "tools",
          "tool_choice",
          "parallel_tool_calls",
          "max_output_tokens",
          "safety_identifier",
          "store",
          "stream");

  /** Keywords of JSON Schema that strict mode supports in every model. */
  private static final Set<String> KEYWORDS =
      Set.of(
          "type", "description", "properties", "required", "additionalProperties", "items", "enum");

  private static final int DEEPEST = 5;

  /** The model in the response: names without a date stand for a dated one. */
  String answeredBy() {
    String model = body.path("model").asString("");
    return model.equals("gpt-4-turbo") ? "gpt-4-turbo-2024-04-09" : model;
  }

  /** The tool that must be called, if one is forced. */
  Optional<String> forced() {
    return Optional.ofNullable(body.path("tool_choice").path("name").asString(null));
  }

  /** A tool by its name. */
  Optional<JsonNode> tool(String name) {
    return body.path("tools")
        .valueStream()
        .filter(tool -> tool.path("name").asString("").equals(name))
        .findFirst();
  }

  /** The conversation. */
  List<JsonNode> input() {
    return body.path("input").valueStream().toList();
  }

  /** The first error; empty if the request is valid. */
  List<String> faults() {
    List<String> faults = new ArrayList<>();
    for (String name : body.propertyNames()) {
      check(faults, MEMBERS.contains(name), "unknown parameter: " + name);
    }
    for (String name : List.of("model", "instructions", "safety_identifier")) {
      check(faults, body.path(name).isString(), name + " is missing");
    }
    check(faults, body.path("safety_identifier").asString("").length() <= 64, "a long identifier");
    check(faults, body.path("max_output_tokens").asInt(0) >= 16, "max_output_tokens is below 16");
    check(faults, is(body.path("store"), false), "store must be false");
    check(faults, is(body.path("stream"), true), "stream must be true");
    checkInput(faults);
    for (JsonNode tool : body.path("tools")) {
      checkTool(faults, tool);
    }
    forced().ifPresent(name -> check(faults, tool(name).isPresent(), "no tool " + name));
    return faults;
  }

  private void checkInput(List<String> faults) {
    check(faults, !input().isEmpty(), "input is empty");
    Set<String> open = new HashSet<>();
    for (JsonNode item : input()) {
      switch (item.path("type").asString("message")) {
        case "message" -> {
          check(
              faults,
              Set.of("user", "assistant").contains(item.path("role").asString("")),
              "an item without a role");
          check(faults, item.path("content").isString(), "a message without content");
        }
        case "function_call" -> {
          check(faults, item.path("arguments").isString(), "a call without arguments");
          check(faults, item.path("name").isString(), "a call without a name");
          open.add(item.path("call_id").asString(""));
        }
        case "function_call_output" -> {
          check(faults, item.path("output").isString(), "a result without output");
          check(faults, open.remove(item.path("call_id").asString("")), "a result without a call");
        }
        default -> faults.add("an item of unknown type");
      }
    }
    check(faults, open.isEmpty(), "no tool output found for " + open);
  }

  private static void checkTool(List<String> faults, JsonNode tool) {
    String name = tool.path("name").asString("");
    check(faults, tool.path("type").asString("").equals("function"), "a tool of unknown type");
    check(faults, name.matches("[A-Za-z0-9_-]{1,64}"), "a tool's name: " + name);
    check(faults, is(tool.path("strict"), true), name + " is not strict");
    check(
        faults,
        tool.path("parameters").path("type").asString("").equals("object"),
        name + " takes no object");
    checkSchema(faults, name, tool.path("parameters"), 1);
  }

  private static void checkSchema(List<String> faults, String at, JsonNode schema, int depth) {
    check(faults, depth <= DEEPEST, at + " is nested too deeply");
    for (String keyword : schema.propertyNames()) {
      check(faults, KEYWORDS.contains(keyword), at + ": strict mode does not support " + keyword);
    }
    JsonNode properties = schema.path("properties");
    if (typeOf(schema).equals("object")) {
      Set<String> required = new HashSet<>();
      schema.path("required").valueStream().forEach(name -> required.add(name.asString()));
      check(
          faults,
          required.equals(new HashSet<>(properties.propertyNames())),
          at + ": required must name every property");
      check(
          faults,
          is(schema.path("additionalProperties"), false),
          at + ": additionalProperties must be false");
      for (String name : properties.propertyNames()) {
        checkSchema(faults, at + "." + name, properties.path(name), depth + 1);
      }
    } else if (typeOf(schema).equals("array")) {
      checkSchema(faults, at + "[]", schema.path("items"), depth + 1);
    } else {
      check(faults, !typeOf(schema).isEmpty(), at + " has no type");
    }
  }

  /** The type that a schema has other than null. */
  static String typeOf(JsonNode schema) {
    JsonNode type = schema.path("type");
    return type.isArray() ? type.path(0).asString("") : type.asString("");
  }

  /** Whether null is allowed. */
  static boolean isNullable(JsonNode schema) {
    return schema.path("type").isArray();
  }

  private static boolean is(@Nullable JsonNode node, boolean expected) {
    return node != null && node.isBoolean() && node.booleanValue() == expected;
  }

  private static void check(List<String> faults, boolean holds, String fault) {
    if (!holds) {
      faults.add(fault);
    }
  }
}
