package app.perpetua.flow.provider.openai;

import app.perpetua.flow.assistant.Prompt;
import app.perpetua.flow.assistant.Prompt.Item;
import app.perpetua.flow.assistant.Prompt.OutputMode;
import app.perpetua.flow.assistant.Prompt.Tool;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Renders a prompt as the body of {@code POST /v1/responses}. */
final class RequestBody {
  private RequestBody() {}

  static Map<String, Object> of(Prompt prompt, String model) {
    Map<String, Object> body = new LinkedHashMap<>();
    body.put("model", model);
    body.put("instructions", prompt.instructions());
    body.put("input", prompt.input().stream().map(RequestBody::item).toList());
    switch (prompt.outputMode()) {
      case OutputMode.Chat(List<Tool> tools) -> {
        if (!tools.isEmpty()) {
          body.put("tools", tools.stream().map(RequestBody::tool).toList());
          body.put("tool_choice", "auto");
        }
      }
      case OutputMode.StructuredOutput(Tool function) -> {
        // Not text.format, because older models refuse a schema there.
        body.put("tools", List.of(tool(function)));
        body.put("tool_choice", Map.of("type", "function", "name", function.name()));
        body.put("parallel_tool_calls", false);
      }
    }
    body.put("max_output_tokens", prompt.maxOutputTokens());
    body.put("safety_identifier", prompt.safetyIdentifier());
    body.put("store", false);
    body.put("stream", true);
    return body;
  }

  private static Map<String, Object> tool(Tool tool) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("type", "function");
    json.put("name", tool.name());
    json.put("description", tool.description());
    json.put("parameters", tool.parameters().json());
    json.put("strict", true);
    return json;
  }

  /** Without the provider's item ids, since it stores no items ({@code store: false}). */
  private static Map<String, Object> item(Item item) {
    Map<String, Object> json = new LinkedHashMap<>();
    switch (item) {
      case Item.Message message -> {
        json.put("role", message.author().wireName());
        json.put("content", message.text());
      }
      case Item.FunctionCall functionCall -> {
        json.put("type", "function_call");
        json.put("call_id", functionCall.call().id());
        json.put("name", functionCall.call().name());
        json.put("arguments", functionCall.call().arguments());
      }
      case Item.FunctionResult result -> {
        json.put("type", "function_call_output");
        json.put("call_id", result.callId());
        json.put("output", result.output());
      }
    }
    return json;
  }
}
