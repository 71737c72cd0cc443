package app.perpetua.flow.mcp;

import app.perpetua.flow.base.Refusal;
import app.perpetua.flow.events.EmittedEntries;
import app.perpetua.flow.http.Batch.Command;
import app.perpetua.flow.http.Operations;
import app.perpetua.flow.http.Request;
import app.perpetua.flow.http.Route;
import app.perpetua.flow.parsing.JsonReader;
import app.perpetua.flow.undo.UndoableEntries;
import java.nio.charset.StandardCharsets;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * One call of a tool: its arguments, and the operations that it may execute. Confined to the
 * request's thread.
 */
final class ToolCall {
  private final Request request;
  private final ZoneId zone;
  private final Operations operations;
  private final JsonReader arguments;
  private boolean dryRun;
  private UUID key;

  /**
   * @param key a new id, unless the arguments have a key
   */
  ToolCall(Request request, ZoneId zone, Operations operations, ObjectNode arguments, UUID key) {
    this.key = key;
    this.request = request;
    this.zone = zone;
    this.operations = operations;
    this.arguments = JsonReader.of(arguments);
  }

  /** The user's time zone. */
  ZoneId zone() {
    return zone;
  }

  Request request() {
    return request;
  }

  /** The arguments; validate them before the first operation. */
  JsonReader arguments() {
    return arguments;
  }

  /** Reads the arguments that every tool has which changes data. */
  void readWriteArguments() {
    arguments.notNull("dry_run", "idempotency_key");
    dryRun = Boolean.TRUE.equals(arguments.bool("dry_run"));
    UUID given = arguments.uuid("idempotency_key");
    if (given != null) {
      key = given;
    }
  }

  boolean isDryRun() {
    return dryRun;
  }

  /** The key of a request that calls a provider. */
  UUID key() {
    return key;
  }

  /** A command to execute, with a key of its own. */
  Command command(Route route, ObjectNode args, int position, @Nullable String tempId) {
    UUID own = UUID.nameUUIDFromBytes((key + "/" + position).getBytes(StandardCharsets.US_ASCII));
    return new Command(own.toString(), own, route, tempId, args, null);
  }

  /**
   * Reads by an operation; returns the body of its answer.
   *
   * @throws Refusal as the operation
   */
  JsonNode read(Route route, Map<String, String> path, Map<String, String> query) {
    return operations.read(request, route, path, query);
  }

  /**
   * Executes one command; returns its answer.
   *
   * @throws Refusal as the operation
   */
  Done write(Route route, ObjectNode args) {
    return write(List.of(command(route, args, 0, null)));
  }

  /**
   * Executes commands in one transaction.
   *
   * @throws Refusal as the first operation that is refused
   */
  Done write(List<Command> commands) {
    Operations.Written written = operations.write(request, commands, dryRun);
    return new Done(
        written.results(),
        dryRun
            ? null
            : written.entries().stream()
                .filter(e -> UndoableEntries.contains(e.entityType(), e.action(), e.source()))
                .map(EmittedEntries.Entry::id)
                .findFirst()
                .orElse(null));
  }

  /**
   * Executes an operation that calls a model.
   *
   * @throws Refusal as the operation
   */
  JsonNode call(Route route, Map<String, String> path, ObjectNode body) {
    return operations.call(request, route, path, body, key);
  }

  /** The answer of a tool that changes data, with what all of them have. */
  ObjectNode answer(@Nullable UUID undoId) {
    ObjectNode answer = JsonNodeFactory.instance.objectNode();
    answer.put("undo_id", undoId == null ? null : undoId.toString());
    answer.put("dry_run", dryRun);
    return answer;
  }

  /**
   * What commands have done.
   *
   * @param undoId the activity entry by which the change can be undone; null for a dry run, for a
   *     change that cannot be undone, and for a repetition of a call
   */
  record Done(List<ObjectNode> results, @Nullable UUID undoId) {
    /** {@code data} of the first answer. */
    JsonNode data() {
      return results.getFirst().path("data");
    }

    /** {@code data} of the answers after the first. */
    List<JsonNode> others() {
      List<JsonNode> others = new ArrayList<>();
      results.stream().skip(1).forEach(result -> others.add(result.path("data")));
      return others;
    }
  }
}
