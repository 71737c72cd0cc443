package app.perpetua.flow.mcp;

import app.perpetua.flow.base.Json;
import app.perpetua.flow.base.Refusal;
import app.perpetua.flow.parsing.JsonReader;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * A message of a client (JSON-RPC 2.0).
 *
 * @param id text or a whole number; null for a notification, which is not answered
 */
record RpcMessage(@Nullable JsonNode id, String method, ObjectNode params) {
  private static final Set<String> MEMBERS = Set.of("jsonrpc", "id", "method", "params");

  /** Of what an error repeats. */
  private static final int MAX_UNKNOWN = 10;

  private static final int MAX_NAME = 64;

  /** More digits than any counter has. */
  private static final int MAX_ID = 200;

  /**
   * Parses the body of a request.
   *
   * @throws RpcError if it is no message of a client; batches are not part of the protocol
   */
  static RpcMessage parse(Json json, byte[] body) {
    JsonNode message = tree(json, body);
    if (!(message instanceof ObjectNode object)) {
      throw invalid("the body must be a single message, not a batch");
    }
    List<String> unknown =
        object.propertyNames().stream()
            .filter(name -> !MEMBERS.contains(name))
            .limit(MAX_UNKNOWN)
            .map(name -> name.length() <= MAX_NAME ? name : name.substring(0, MAX_NAME) + "…")
            .toList();
    if (!unknown.isEmpty()) {
      throw RpcError.malformed(
          RpcError.INVALID_REQUEST, "unknown members", Map.of("unknown", unknown));
    }
    if (!"2.0".equals(text(object.get("jsonrpc")))) {
      throw invalid("jsonrpc must be \"2.0\"");
    }
    String method = text(object.get("method"));
    if (method == null) {
      throw invalid("method must be a string; responses are not accepted");
    }
    JsonNode params = object.get("params");
    if (params != null && !(params instanceof ObjectNode)) {
      throw invalid("params must be an object");
    }
    return new RpcMessage(
        object.has("id") ? id(object.get("id")) : null,
        method,
        params == null ? JsonNodeFactory.instance.objectNode() : (ObjectNode) params);
  }

  /** The id of a message that was refused; null if it has none that could be repeated. */
  static @Nullable JsonNode idOf(Json json, byte[] body) {
    try {
      JsonNode id = tree(json, body).get("id");
      return id == null ? null : id(id);
    } catch (RpcError _) {
      return null;
    }
  }

  boolean isNotification() {
    return id == null;
  }

  /** A member of {@code params._meta}; null if it is absent. */
  @Nullable JsonNode meta(String name) {
    return params.path("_meta").get(name);
  }

  /**
   * A text parameter.
   *
   * @throws RpcError if it is absent or no text
   */
  String requiredText(String name) {
    return Objects.requireNonNullElseGet(
        text(params.get(name)),
        () -> {
          throw RpcError.invalidParams(name + " must be a string");
        });
  }

  private static JsonNode tree(Json json, byte[] body) {
    try {
      return JsonReader.tree(json, body);
    } catch (Refusal e) {
      throw RpcError.malformed(RpcError.PARSE, e.message());
    }
  }

  private static JsonNode id(JsonNode id) {
    if ((id.isString() && id.stringValue().length() <= MAX_ID)
        || (id.isIntegralNumber() && id.asString().length() <= MAX_ID)) {
      return id;
    }
    throw invalid("id must be a short string or an integer");
  }

  private static @Nullable String text(@Nullable JsonNode node) {
    return node != null && node.isString() ? node.stringValue() : null;
  }

  private static RpcError invalid(String message) {
    return RpcError.malformed(RpcError.INVALID_REQUEST, message);
  }
}
