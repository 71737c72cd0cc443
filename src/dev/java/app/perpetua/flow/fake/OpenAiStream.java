package app.perpetua.flow.fake;

import app.perpetua.flow.base.Json;
import app.perpetua.flow.fake.OpenAiStep.Ending;
import app.perpetua.flow.fake.OpenAiStep.Part;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A turn as the Responses API streams it. Not thread-safe. */
final class OpenAiStream {
  private final Json json;
  private final OpenAiRequest request;
  private final String id;
  private final List<byte[]> events = new ArrayList<>();
  private final List<Map<String, Object>> output = new ArrayList<>();
  private int words;

  private OpenAiStream(Json json, OpenAiRequest request, String id) {
    this.json = json;
    this.request = request;
    this.id = id;
  }

  /**
   * The events of a turn, in order.
   *
   * @param id prefix of the response's ids
   */
  static List<byte[]> of(
      Json json, OpenAiRequest request, String id, List<Part> parts, Ending ending) {
    OpenAiStream stream = new OpenAiStream(json, request, id);
    stream.event("response.created", "response", stream.response("in_progress"));
    stream.event("response.in_progress", "response", stream.response("in_progress"));
    for (Part part : parts) {
      switch (part) {
        case Part.Text(String text) -> stream.message("output_text", "text", text);
        case Part.Refusal(String text) -> stream.message("refusal", "refusal", text);
        case Part.Call(String tool, String arguments) -> stream.call(tool, arguments);
        case Part.Form(String form) ->
            request
                .forced()
                .ifPresentOrElse(
                    tool -> stream.call(tool, form),
                    () -> stream.message("output_text", "text", form));
      }
    }
    stream.end(ending);
    return stream.events;
  }

  /** One word of a turn whose text is generated while it is sent. */
  static byte[] word(Json json, int number, String word) {
    return encoded(
        json,
        "response.output_text.delta",
        ordered(
            "sequence_number",
            number,
            "item_id",
            "msg_flood",
            "output_index",
            0,
            "content_index",
            0,
            "delta",
            word));
  }

  private void message(String kind, String member, String text) {
    String itemId = "msg_" + id + output.size();
    Map<String, Object> item =
        ordered("id", itemId, "type", "message", "status", "in_progress", "role", "assistant");
    item.put("content", List.of());
    event("response.output_item.added", "output_index", output.size(), "item", item);
    Map<String, Object> place =
        ordered("item_id", itemId, "output_index", output.size(), "content_index", 0);
    event("response.content_part.added", place, "part", part(kind, member, ""));
    for (String piece : text.split("(?<=\\s)(?=\\S)", -1)) {
      if (!piece.isEmpty()) {
        words++;
        event("response." + kind + ".delta", place, "delta", piece);
      }
    }
    event("response." + kind + ".done", place, member, text);
    event("response.content_part.done", place, "part", part(kind, member, text));
    done(item, "content", List.of(part(kind, member, text)));
  }

  private static Map<String, Object> part(String kind, String member, String text) {
    Map<String, Object> part = ordered("type", kind, member, text);
    if (kind.equals("output_text")) {
      part.put("annotations", List.of());
    }
    return part;
  }

  private void call(String tool, String arguments) {
    String itemId = "fc_" + id + output.size();
    Map<String, Object> item =
        ordered(
            "id",
            itemId,
            "type",
            "function_call",
            "status",
            "in_progress",
            "call_id",
            "call_" + id + output.size(),
            "name",
            tool,
            "arguments",
            "");
    event("response.output_item.added", "output_index", output.size(), "item", item);
    Map<String, Object> place = ordered("item_id", itemId, "output_index", output.size());
    for (int i = 0; i < arguments.length(); i += 16) {
      words++;
      String piece = arguments.substring(i, Math.min(arguments.length(), i + 16));
      event("response.function_call_arguments.delta", place, "delta", piece);
    }
    event("response.function_call_arguments.done", place, "arguments", arguments);
    done(item, "arguments", arguments);
  }

  private void done(Map<String, Object> item, String member, Object value) {
    Map<String, Object> whole = new LinkedHashMap<>(item);
    whole.put("status", "completed");
    whole.put(member, value);
    event("response.output_item.done", "output_index", output.size(), "item", whole);
    output.add(whole);
  }

  private void end(Ending ending) {
    Map<String, Object> problem =
        ordered("code", ending.word(), "message", "Something about " + ending.word() + ".");
    switch (ending.kind()) {
      case COMPLETED -> event("response.completed", "response", response("completed"));
      case INCOMPLETE -> {
        Map<String, @Nullable Object> response = response("incomplete");
        response.put("incomplete_details", Map.of("reason", ending.word()));
        event("response.incomplete", "response", response);
      }
      case FAILED -> {
        Map<String, @Nullable Object> response = response("failed");
        response.put("error", problem);
        event("response.failed", "response", response);
      }
      case ERROR -> event("error", problem, "param", "none");
      case NESTED_ERROR -> {
        problem.put("type", ending.word());
        event("error", "error", problem);
      }
      case NONE -> {
        // The stream ends without a last event.
      }
    }
  }

  private Map<String, @Nullable Object> response(String status) {
    Map<String, @Nullable Object> response = new LinkedHashMap<>();
    response.put("id", "resp_" + id);
    response.put("object", "response");
    response.put("created_at", 1_773_135_000);
    response.put("status", status);
    response.put("error", null);
    response.put("incomplete_details", null);
    response.put("instructions", request.body().path("instructions"));
    response.put("max_output_tokens", request.body().path("max_output_tokens"));
    response.put("model", request.answeredBy());
    response.put("output", List.copyOf(output));
    response.put("parallel_tool_calls", request.body().path("parallel_tool_calls").asBoolean(true));
    response.put("store", false);
    response.put("tools", request.body().path("tools"));
    boolean isOver = !status.equals("in_progress");
    response.put("usage", isOver ? usage() : null);
    return response;
  }

  private Map<String, Object> usage() {
    int input = request.body().toString().length() / 4;
    Map<String, Object> usage = ordered("input_tokens", input);
    usage.put("input_tokens_details", Map.of("cached_tokens", 0));
    usage.put("output_tokens", words);
    usage.put("output_tokens_details", Map.of("reasoning_tokens", 0));
    usage.put("total_tokens", input + words);
    return usage;
  }

  private void event(String type, Object... members) {
    Map<String, Object> event = ordered("sequence_number", events.size());
    for (int i = 0; i < members.length; ) {
      if (members[i] instanceof Map<?, ?> several) {
        several.forEach((name, value) -> event.put(String.valueOf(name), value));
        i++;
      } else {
        event.put((String) members[i], members[i + 1]);
        i += 2;
      }
    }
    events.add(encoded(json, type, event));
  }

  private static byte[] encoded(Json json, String type, Map<String, Object> members) {
    Map<String, Object> event = ordered("type", type);
    event.putAll(members);
    return ("event: " + type + "\ndata: " + json.text(event) + "\n\n")
        .getBytes(StandardCharsets.UTF_8);
  }

  private static Map<String, Object> ordered(Object... pairs) {
    Map<String, Object> map = new LinkedHashMap<>();
    for (int i = 0; i < pairs.length; i += 2) {
      map.put((String) pairs[i], pairs[i + 1]);
    }
    return map;
  }
}
