package app.perpetua.flow.fuzz.contract;

import app.perpetua.flow.base.Json;
import app.perpetua.flow.contract.Document;
import app.perpetua.flow.fuzz.Wire;
import app.perpetua.flow.fuzz.contract.Draft.Change;
import app.perpetua.flow.harness.hostile.Hostile;
import app.perpetua.flow.harness.hostile.Operation;
import app.perpetua.flow.parsing.UnicodeText;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;

/**
 * Decides whether an answer is within the contract: its status, type, headers and body; that an
 * error shows nothing internal; that nothing was accepted that the contract forbids; and that text
 * comes back as it was sent. Immutable; thread-safe.
 */
final class Judge {
  /** A member of answers to creations only. */
  private static final String SHOWN_ONCE = "secret";

  private static final Pattern REQUEST_ID = Pattern.compile("[A-Za-z0-9._-]{1,128}");

  /** What the contract documents for every path: an unknown one, and an unsupported method. */
  private static final Set<Integer> GENERIC = Set.of(404, 405);

  /** Stored in another spelling than sent: a rule and the name of a time zone. */
  private static final Set<String> NORMALIZED = Set.of("rrule", "timezone");

  private final Schemas schemas;
  private final Json json = new Json();
  private final Map<String, List<Operation.Field>> textFields = new HashMap<>();

  Judge(Schemas schemas, List<Operation> operations) {
    this.schemas = schemas;
    for (Operation operation : operations) {
      if (operation.takesBody()) {
        textFields.put(
            operation.name(),
            operation.fields().stream()
                .filter(Operation.Field::isFreeText)
                .filter(field -> !NORMALIZED.contains(field.name()))
                .toList());
      }
    }
  }

  /** What is wrong with the answer to a request; empty if nothing is. */
  List<String> faults(Draft sent, Wire.Answer answer) {
    List<String> faults = new ArrayList<>();
    String operation = answering(sent);
    int status = answer.status();
    Optional<Map<String, Object>> documented = schemas.response(operation, status);
    boolean moved = sent.changes.contains(Change.PATH) || sent.changes.contains(Change.METHOD);
    if (status >= 500) {
      faults.add("status " + status);
    } else if (moved && (GENERIC.contains(status) || documented.isEmpty())) {
      moved(sent, answer, faults);
      return faults;
    } else if (documented.isEmpty()) {
      faults.add("undocumented status " + status);
    }
    headers(answer, documented.orElse(Map.of()), faults);
    if (!sent.method.equals("HEAD")) {
      body(operation, answer, documented.orElse(Map.of()), faults);
    }
    if (status >= 400 && Hostile.INTERNALS.matcher(answer.text()).find()) {
      faults.add("internals in an error");
    }
    if (status < 300) {
      accepted(sent, answer, faults);
    }
    return faults;
  }

  /** The operation of the path with the method that was sent; HEAD is answered like GET. */
  private static String answering(Draft sent) {
    String method = sent.method.equals("HEAD") ? "GET" : sent.method;
    return method + " " + sent.operation.path();
  }

  /** The path or the method may be those of another operation or of none. */
  private void moved(Draft sent, Wire.Answer answer, List<String> faults) {
    int status = answer.status();
    requestId(answer, faults);
    boolean head = sent.method.equals("HEAD");
    if (status < 400 && !head && !sent.method.equals("OPTIONS")) {
      faults.add("undocumented status " + status);
    }
    if (status == 405 && answer.header("Allow").isEmpty()) {
      faults.add("405 without Allow");
    }
    if (status >= 400 && !head) {
      error(answer, "ApiError", faults);
    }
  }

  private void error(Wire.Answer answer, String schema, List<String> faults) {
    String type = type(answer);
    boolean problem = type.equals("application/problem+json");
    if (!problem && !type.equals("application/json")) {
      faults.add("type " + type + " of an error");
    }
    schemas
        .faultsOf(problem ? "Problem" : schema, answer.text())
        .forEach(fault -> faults.add("error body: " + fault));
    if (Hostile.INTERNALS.matcher(answer.text()).find()) {
      faults.add("internals in an error");
    }
  }

  private static void requestId(Wire.Answer answer, List<String> faults) {
    if (!REQUEST_ID.matcher(answer.header("X-Request-ID").orElse("")).matches()) {
      faults.add("no X-Request-ID");
    }
  }

  private static void headers(
      Wire.Answer answer, Map<String, Object> documented, List<String> faults) {
    requestId(answer, faults);
    Document.map(documented.get("headers"))
        .forEach(
            (name, header) -> {
              Optional<String> value = answer.header(name);
              Map<String, Object> rules = Document.map(header);
              if (value.isEmpty()) {
                if (Boolean.TRUE.equals(rules.get("required"))) {
                  faults.add("no " + name);
                }
                return;
              }
              Map<String, Object> schema = Document.map(rules.get("schema"));
              String pattern = String.valueOf(schema.getOrDefault("pattern", ""));
              boolean wrong =
                  !Pattern.compile(pattern).matcher(value.get()).find()
                      || ("integer".equals(schema.get("type"))
                          && !value.get().matches("[0-9]{1,18}"))
                      || (schema.get("enum") instanceof List<?> words
                          && !words.contains(value.get()));
              if (wrong) {
                faults.add("header " + name);
              }
            });
  }

  private void body(
      String operation, Wire.Answer answer, Map<String, Object> documented, List<String> faults) {
    boolean hasContent = !Document.map(documented.get("content")).isEmpty();
    if (!hasContent) {
      if (answer.body().length > 0) {
        faults.add("a body that is not documented");
      }
      return;
    }
    String type = type(answer);
    if (answer.status() >= 400) {
      // Errors of messages are those of the protocol, errors of requests those of the contract.
      boolean ofMessage = operation.endsWith("/mcp") && answer.text().contains("\"jsonrpc\"");
      error(answer, ofMessage ? "McpError" : "ApiError", faults);
    } else if (!schemas.hasType(operation, answer.status(), type)) {
      faults.add("type " + type);
    } else if (type.equals("application/json")) {
      schemas
          .faultsOfAnswer(operation, answer.status(), type, answer.text())
          .forEach(fault -> faults.add("body: " + fault));
    } else if (type.equals("text/event-stream")) {
      events(operation, answer.text(), faults);
    }
  }

  /** The events of a stream, as the contract describes them in words. */
  private void events(String operation, String text, List<String> faults) {
    boolean ofChanges = operation.equals("GET /api/v1/events");
    String last = "";
    for (String event : text.split("\n\n", -1)) {
      String name = "";
      String data = "";
      for (String line : event.split("\n", -1)) {
        name = line.startsWith("event: ") ? line.substring("event: ".length()) : name;
        data = line.startsWith("data: ") ? line.substring("data: ".length()) : data;
      }
      if (data.isEmpty()) {
        continue;
      }
      last = name.isEmpty() ? data : name;
      if (!data.equals("[DONE]")) {
        String schema = ofChanges ? schemaOfChanges(name) : schemaOfChat(name);
        schemas.faultsOf(schema, data).forEach(fault -> faults.add("event: " + fault));
      }
    }
    String end = ofChanges ? "end" : "[DONE]";
    if (!last.equals(end) || !text.endsWith("\n\n")) {
      faults.add("the stream does not end with " + end);
    }
  }

  private static String schemaOfChat(String event) {
    return switch (event) {
      case "" -> "ChatWords";
      case "result" -> "ChatResult";
      default -> "ErrorBody";
    };
  }

  private static String schemaOfChanges(String event) {
    return switch (event) {
      case "ready", "reset" -> "StreamPosition";
      case "change" -> "ChangeEvent";
      default -> "StreamEnd";
    };
  }

  /** Members that a created resource has and that its later answer has with another value. */
  List<String> differences(Wire.Answer created, Wire.Answer read) {
    List<String> differences = new ArrayList<>();
    if (read.status() != 200) {
      return List.of("status " + read.status() + " for the resource of Location");
    }
    JsonNode now = json.parse(read.text()).path("data");
    json.parse(created.text())
        .path("data")
        .properties()
        .forEach(
            member -> {
              if (member.getKey().equals(SHOWN_ONCE)) {
                if (now.has(SHOWN_ONCE)) {
                  differences.add("shows the secret again");
                }
              } else if (!member.getValue().equals(now.get(member.getKey()))) {
                differences.add("reads back another " + member.getKey());
              }
            });
    return differences;
  }

  private static String type(Wire.Answer answer) {
    return answer
        .header("Content-Type")
        .orElse("none")
        .split(";", 2)[0]
        .strip()
        .toLowerCase(Locale.ROOT);
  }

  private void accepted(Draft sent, Wire.Answer answer, List<String> faults) {
    if (!sent.operation.takesBody() || sent.changes.contains(Change.METHOD)) {
      return;
    }
    String body = new String(sent.bodyBytes(), StandardCharsets.UTF_8);
    if (!sent.signed && schemas.hasRequest(sent.operation.name())) {
      schemas
          .faultsOfRequest(sent.operation.name(), body.isEmpty() ? "{}" : body)
          .forEach(fault -> faults.add("accepted although " + fault));
    }
    JsonNode data;
    try {
      data = json.parse(answer.text()).path("data");
    } catch (JacksonException | IllegalArgumentException e) {
      return;
    }
    for (Operation.Field field : textFields.getOrDefault(sent.operation.name(), List.of())) {
      Object value = RawJson.at(sent.body, List.copyOf(field.path()));
      JsonNode stored = data.at("/" + String.join("/", field.path()));
      if (value instanceof String text
          && stored.isString()
          && !isStoredAs(field, text, stored.stringValue())
          && !(field.name().equals("content") && UnicodeText.isBlank(text))) {
        faults.add("stored another text than sent in " + field.name());
      }
    }
  }

  /** Unchanged, or without the white space around it if the field must not be blank. */
  private static boolean isStoredAs(Operation.Field field, String text, String stored) {
    int at = text.indexOf(stored);
    return text.equals(stored)
        || (field.schema().containsKey("pattern")
            && at >= 0
            && UnicodeText.isBlank(text.substring(0, at))
            && UnicodeText.isBlank(text.substring(at + stored.length())));
  }
}
