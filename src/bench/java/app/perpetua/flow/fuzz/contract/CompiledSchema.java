package app.perpetua.flow.fuzz.contract;

import app.perpetua.flow.contract.Document;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.regex.Pattern;
import tools.jackson.databind.JsonNode;

/**
 * A JSON schema of the contract, compiled for hundreds of thousands of answers: the library under
 * {@code Contract} needs a second for what this one validates in ten milliseconds. A keyword that
 * it does not know is an error, not ignored; {@code CompiledSchemaTest} compares the two. Immutable
 * once compiled; thread-safe.
 */
final class CompiledSchema {
  private static final Set<String> ANNOTATIONS =
      Set.of(
          "description",
          "default",
          "example",
          "examples",
          "x-open",
          "deprecated",
          "title",
          "$ref",
          // oneOf decides
          "discriminator");

  /** Other formats are not asserted. */
  private static final Map<String, Pattern> FORMATS =
      Map.of(
          "uuid", Pattern.compile("[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"),
          "date-time",
              Pattern.compile(
                  "[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}(\\.[0-9]+)?"
                      + "([Zz]|[+-][0-9]{2}:[0-9]{2})"),
          "date", Pattern.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}"),
          "uri", Pattern.compile("[A-Za-z][A-Za-z0-9+.-]*:\\S+"));

  private interface Rule {
    void check(JsonNode node, String at, List<String> faults);
  }

  private final List<Rule> rules = new ArrayList<>();

  private CompiledSchema() {}

  /** Compiles schemas of one document; each component once. */
  static final class Compiler {
    private final Document document;
    private final Map<String, CompiledSchema> components = new HashMap<>();

    Compiler(Document document) {
      this.document = document;
    }

    CompiledSchema compile(Map<String, Object> schema) {
      CompiledSchema compiled = new CompiledSchema();
      fill(compiled, schema);
      return compiled;
    }

    private void fill(CompiledSchema compiled, Map<String, Object> schema) {
      if (schema.get("$ref") instanceof String reference) {
        CompiledSchema component = component(reference);
        compiled.rules.add((node, at, faults) -> component.check(node, at, faults));
      }
      schema.forEach(
          (keyword, value) -> {
            if (!ANNOTATIONS.contains(keyword)) {
              compiled.rules.add(rule(keyword, value, schema));
            }
          });
    }

    private CompiledSchema component(String reference) {
      CompiledSchema known = components.get(reference);
      if (known == null) {
        known = new CompiledSchema();
        // Known before it is complete, because a schema may refer to itself.
        components.put(reference, known);
        fill(known, document.resolved(Map.of("$ref", reference)));
      }
      return known;
    }

    private Rule rule(String keyword, Object value, Map<String, Object> schema) {
      return switch (keyword) {
        case "type" -> type(value);
        case "enum" -> {
          Set<String> words = new HashSet<>();
          Document.list(value).forEach(word -> words.add(String.valueOf(word)));
          yield when(node -> words.contains(scalar(node)), "enum");
        }
        case "const" -> when(node -> scalar(node).equals(String.valueOf(value)), "const");
        case "pattern" -> {
          Pattern pattern = Pattern.compile(String.valueOf(value));
          yield when(n -> !n.isString() || pattern.matcher(n.stringValue()).find(), "pattern");
        }
        case "format" -> {
          Pattern format = FORMATS.getOrDefault(String.valueOf(value), Pattern.compile("(?s).*"));
          yield when(n -> !n.isString() || format.matcher(n.stringValue()).matches(), "format");
        }
        case "minLength" -> when(n -> !n.isString() || length(n) >= number(value), keyword);
        case "maxLength" -> when(n -> !n.isString() || length(n) <= number(value), keyword);
        case "minimum" -> when(n -> !n.isNumber() || n.asDouble() >= number(value), keyword);
        case "maximum" -> when(n -> !n.isNumber() || n.asDouble() <= number(value), keyword);
        case "minItems" -> when(n -> !n.isArray() || n.size() >= number(value), keyword);
        case "maxItems" -> when(n -> !n.isArray() || n.size() <= number(value), keyword);
        case "uniqueItems" ->
            when(n -> !n.isArray() || new HashSet<>(n.values()).size() == n.size(), keyword);
        case "items" -> {
          CompiledSchema items = compile(Document.map(value));
          yield (node, at, faults) -> {
            if (node.isArray()) {
              node.values().forEach(item -> items.check(item, at + "/*", faults));
            }
          };
        }
        case "properties" -> properties(Document.map(value));
        case "required" -> required(Document.list(value));
        case "dependentRequired" -> dependent(Document.map(value));
        case "additionalProperties" -> additional(value, schema);
        case "oneOf", "anyOf", "allOf" -> alternatives(keyword, Document.list(value));
        default -> throw new IllegalArgumentException("a keyword without a rule: " + keyword);
      };
    }

    private Rule properties(Map<String, Object> schemas) {
      Map<String, CompiledSchema> members = new HashMap<>();
      schemas.forEach((name, schema) -> members.put(name, compile(Document.map(schema))));
      return (node, at, faults) -> {
        if (node.isObject()) {
          members.forEach(
              (name, schema) -> {
                JsonNode member = node.get(name);
                if (member != null) {
                  schema.check(member, at + "/" + name, faults);
                }
              });
        }
      };
    }

    private Rule additional(Object value, Map<String, Object> schema) {
      Set<String> known = Document.map(schema.get("properties")).keySet();
      if (Boolean.TRUE.equals(value)) {
        return (_, _, _) -> {};
      }
      CompiledSchema others = value instanceof Map ? compile(Document.map(value)) : null;
      return (node, at, faults) -> {
        if (node.isObject()) {
          node.properties()
              .forEach(
                  member -> {
                    if (!known.contains(member.getKey())) {
                      if (others == null) {
                        faults.add(at + " has a field that is not defined");
                      } else {
                        others.check(member.getValue(), at + "/*", faults);
                      }
                    }
                  });
        }
      };
    }

    private Rule alternatives(String keyword, List<Object> schemas) {
      List<CompiledSchema> all =
          schemas.stream().map(schema -> compile(Document.map(schema))).toList();
      return (node, at, faults) -> {
        List<String> first = new ArrayList<>();
        int valid = 0;
        for (CompiledSchema schema : all) {
          List<String> own = new ArrayList<>();
          schema.check(node, at, own);
          valid += own.isEmpty() ? 1 : 0;
          first.addAll(own);
        }
        boolean fits =
            switch (keyword) {
              case "oneOf" -> valid == 1;
              case "anyOf" -> valid > 0;
              default -> valid == all.size();
            };
        if (!fits) {
          faults.add(at + " " + keyword + ": " + valid + " fit " + first);
        }
      };
    }
  }

  /** Violations; empty if there are none. */
  List<String> faults(JsonNode node) {
    List<String> faults = new ArrayList<>();
    check(node, "", faults);
    return faults;
  }

  private void check(JsonNode node, String at, List<String> faults) {
    for (Rule rule : rules) {
      rule.check(node, at, faults);
    }
  }

  private static Rule when(Function<JsonNode, Boolean> valid, String keyword) {
    return (node, at, faults) -> {
      if (!valid.apply(node)) {
        faults.add(at + " " + keyword);
      }
    };
  }

  private static Rule type(Object value) {
    List<Object> types = value instanceof String one ? List.of(one) : Document.list(value);
    return when(node -> types.stream().anyMatch(type -> isA(node, String.valueOf(type))), "type");
  }

  private static boolean isA(JsonNode node, String type) {
    return switch (type) {
      case "string" -> node.isString();
      case "integer" ->
          node.isIntegralNumber()
              || (node.isNumber() && node.asDouble() == Math.rint(node.asDouble()));
      case "number" -> node.isNumber();
      case "boolean" -> node.isBoolean();
      case "object" -> node.isObject();
      case "array" -> node.isArray();
      case "null" -> node.isNull();
      default -> throw new IllegalArgumentException("a type without a rule: " + type);
    };
  }

  private static Rule required(List<Object> names) {
    return (node, at, faults) -> {
      for (Object name : names) {
        if (node.isObject() && !node.has(String.valueOf(name))) {
          faults.add(at + " needs " + name);
        }
      }
    };
  }

  private static Rule dependent(Map<String, Object> names) {
    return (node, at, faults) ->
        names.forEach(
            (name, others) -> {
              if (node.has(name)) {
                required(Document.list(others)).check(node, at, faults);
              }
            });
  }

  /** The text of a value in an enumeration; arrays and objects are in none. */
  private static String scalar(JsonNode node) {
    return node.isString() ? node.stringValue() : node.toString();
  }

  private static int length(JsonNode node) {
    String text = node.stringValue();
    return text.codePointCount(0, text.length());
  }

  private static double number(Object value) {
    return ((Number) value).doubleValue();
  }
}
