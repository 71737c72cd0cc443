package app.perpetua.flow.fuzz.contract;

import app.perpetua.flow.base.Json;
import app.perpetua.flow.contract.Document;
import app.perpetua.flow.harness.Contract;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;

/**
 * The schemas of the contract's requests and answers. Answer schemas are closed, as in {@link
 * Contract}. Immutable; thread-safe.
 */
final class Schemas {
  private final Document document = Document.parse(Contract.closed());
  private final CompiledSchema.Compiler compiler = new CompiledSchema.Compiler(document);
  private final Map<String, CompiledSchema> compiled = new HashMap<>();
  private final Map<String, Map<String, Map<String, Object>>> responses = new HashMap<>();
  private final Json json = new Json();

  Schemas() {
    document
        .operations()
        .forEach(
            (name, operation) -> {
              Map<String, Map<String, Object>> resolved = resolvedResponses(operation);
              responses.put(name, resolved);
              resolved.forEach(
                  (status, response) ->
                      content(response)
                          .forEach((type, schema) -> add(answer(name, status, type), schema)));
              content(document.resolved(operation.get("requestBody")))
                  .forEach((type, schema) -> add(request(name, type), schema));
            });
    Document.map(Document.map(document.root().get("components")).get("schemas"))
        .forEach((name, schema) -> add("schema " + name, schema));
  }

  private void add(String name, @Nullable Object schema) {
    compiled.put(name, compiler.compile(Document.map(schema)));
  }

  private static Map<String, Object> content(Map<String, Object> of) {
    Map<String, Object> schemas = new LinkedHashMap<>();
    Document.map(of.get("content"))
        .forEach(
            (type, media) -> schemas.put(type, Document.map(media).getOrDefault("schema", "")));
    return schemas;
  }

  private Map<String, Map<String, Object>> resolvedResponses(Map<String, Object> operation) {
    Map<String, Map<String, Object>> resolved = new HashMap<>();
    Document.map(operation.get("responses"))
        .forEach(
            (status, response) -> {
              Map<String, Object> whole = new LinkedHashMap<>(document.resolved(response));
              Map<String, Object> headers = new LinkedHashMap<>();
              Document.map(whole.get("headers"))
                  .forEach((name, header) -> headers.put(name, document.resolved(header)));
              whole.put("headers", headers);
              resolved.put(status, whole);
            });
    return resolved;
  }

  /** The response of an operation to that status; empty if none is documented. */
  Optional<Map<String, Object>> response(String operation, int status) {
    return Optional.ofNullable(
        responses.getOrDefault(operation, Map.of()).get(Integer.toString(status)));
  }

  /** Whether an answer may have that type, without its parameters. */
  boolean hasType(String operation, int status, String type) {
    return compiled.containsKey(answer(operation, Integer.toString(status), type));
  }

  /** Violations of an answer's schema. */
  List<String> faultsOfAnswer(String operation, int status, String type, String text) {
    return faults(answer(operation, Integer.toString(status), type), text);
  }

  /** Whether the body of a request is JSON; otherwise it is a file. */
  boolean hasRequest(String operation) {
    return compiled.containsKey(request(operation, "application/json"));
  }

  /** Violations of a request's schema. */
  List<String> faultsOfRequest(String operation, String text) {
    return faults(request(operation, "application/json"), text);
  }

  /** Violations of a schema that has a name of its own. */
  List<String> faultsOf(String component, String text) {
    return faults("schema " + component, text);
  }

  private List<String> faults(String name, String text) {
    CompiledSchema schema = compiled.get(name);
    if (schema == null) {
      return List.of("the contract has no schema for " + name);
    }
    JsonNode parsed;
    try {
      parsed = json.parse(text);
    } catch (JacksonException | IllegalArgumentException e) {
      return List.of("not JSON");
    }
    return schema.faults(parsed);
  }

  private static String answer(String operation, String status, String type) {
    return operation + " " + status + " " + type.toLowerCase(Locale.ROOT);
  }

  private static String request(String operation, String type) {
    return operation + " request " + type;
  }
}
