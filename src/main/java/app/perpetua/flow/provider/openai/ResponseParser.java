package app.perpetua.flow.provider.openai;

import app.perpetua.flow.assistant.Failure;
import app.perpetua.flow.assistant.Model.Event;
import app.perpetua.flow.assistant.Model.Usage;
import app.perpetua.flow.assistant.Prompt;
import app.perpetua.flow.assistant.Prompt.Author;
import app.perpetua.flow.assistant.Prompt.Item;
import app.perpetua.flow.assistant.Prompt.OutputMode;
import app.perpetua.flow.assistant.ToolCall;
import app.perpetua.flow.base.Json;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;

/**
 * Translates the Responses API's events into {@link Event}s. Holds function calls back until the
 * turn is complete, so that a stream that fails before its first text can be retried. Not
 * thread-safe.
 */
final class ResponseParser {
  /** Characters of text or of one call's arguments: 16 times what 4096 tokens usually need. */
  static final int MAX_TEXT = 256 * 1024;

  /** More than a user would confirm. */
  static final int MAX_CALLS = 32;

  private final Json json;
  private final OutputMode outputMode;
  private final String requestedModel;
  private final AnswerText text = new AnswerText();
  private final List<Item> items = new ArrayList<>();
  private final List<ToolCall> calls = new ArrayList<>();
  private boolean isRefused;
  private boolean hasOutput;

  /**
   * @param requestedModel reported if the response names no model
   */
  ResponseParser(Json json, Prompt prompt, String requestedModel) {
    this.json = json;
    this.outputMode = prompt.outputMode();
    this.requestedModel = requestedModel;
  }

  /** Whether the model has begun to answer, with text or a function call. */
  boolean hasOutput() {
    return hasOutput;
  }

  /**
   * Translates one event into any number of events; at the end of the turn, the last one is {@link
   * Event.Finished}. Ignores data that is no event of the API: proxies and other servers send marks
   * such as {@code ping}, <code>{}</code> or {@code [DONE]}.
   *
   * @throws ModelCallException if the event reports a failure or is malformed
   */
  List<Event> read(String data) throws ModelCallException {
    if (!data.stripLeading().startsWith("{")) {
      return List.of();
    }
    JsonNode event;
    try {
      event = json.parse(data);
    } catch (JacksonException e) {
      throw new ModelCallException(new Failure.Malformed("an event is not JSON"));
    }
    String type = event.path("type").isString() ? event.path("type").stringValue() : "";
    return switch (type) {
      case "response.output_text.delta" -> shown(text.delta(required(event, "delta")));
      case "response.output_text.done" -> shown(text.part(event.path("text").asString("")));
      case "response.content_part.done" -> part(event.path("part"));
      case "response.function_call_arguments.delta" -> {
        hasOutput = true;
        yield List.of();
      }
      case "response.refusal.delta", "response.refusal.done" -> {
        isRefused = true;
        yield List.of();
      }
      case "response.output_item.done" -> outputItem(event.path("item"));
      case "response.completed" -> completed(event.path("response"));
      case "response.failed" -> throw failed(event.path("response"));
      case "response.incomplete" -> throw incomplete(event.path("response"));
      case "error" -> throw error(event.path("error").isObject() ? event.path("error") : event);
      case "" -> {
        if (event.path("error").isObject()) {
          throw error(event.path("error"));
        }
        yield List.of();
      }
      // Other types need no handling.
      default -> List.of();
    };
  }

  private List<Event> shown(String more) throws ModelCallException {
    hasOutput = true;
    if (text.length() > MAX_TEXT) {
      throw new ModelCallException(new Failure.TooLarge());
    }
    // A few models write text beside the structured output.
    return more.isEmpty() || outputMode instanceof OutputMode.StructuredOutput
        ? List.of()
        : List.of(new Event.TextDelta(more));
  }

  private List<Event> part(JsonNode part) throws ModelCallException {
    return part.path("type").asString("").equals("output_text")
        ? shown(text.part(part.path("text").asString("")))
        : List.of();
  }

  private List<Event> outputItem(JsonNode item) throws ModelCallException {
    switch (item.path("type").asString("")) {
      case "message" -> {
        List<Event> events = shown(text.message(messageText(item)));
        endMessage();
        return events;
      }
      case "function_call" -> {
        endMessage();
        functionCall(item);
      }
      default -> {
        // Reasoning and other items are neither returned nor sent back.
      }
    }
    return List.of();
  }

  /** The text of a message; also detects a refusal in it. */
  private String messageText(JsonNode message) {
    StringBuilder full = new StringBuilder();
    for (JsonNode part : message.path("content")) {
      switch (part.path("type").asString("")) {
        case "output_text" -> full.append(part.path("text").asString(""));
        case "refusal" -> isRefused = true;
        default -> {
          // Other parts are not text.
        }
      }
    }
    return full.toString();
  }

  private void functionCall(JsonNode item) throws ModelCallException {
    hasOutput = true;
    String arguments = required(item, "arguments");
    if (arguments.length() > MAX_TEXT || calls.size() == MAX_CALLS) {
      throw new ModelCallException(new Failure.TooLarge());
    }
    ToolCall call =
        new ToolCall(
            TextSanitizer.whole(required(item, "call_id")),
            TextSanitizer.whole(required(item, "name")),
            TextSanitizer.whole(arguments));
    calls.add(call);
    items.add(new Item.FunctionCall(call));
  }

  private void endMessage() {
    String message = text.endMessage();
    if (!message.isEmpty()) {
      items.add(new Item.Message(Author.ASSISTANT, message));
    }
  }

  private List<Event> completed(JsonNode response) throws ModelCallException {
    if (!response.isObject()) {
      throw new ModelCallException(new Failure.Malformed("the last event has no response"));
    }
    Usage usage = usage(response);
    List<Event> events = new ArrayList<>(remainingOutput(response.path("output")));
    if (isRefused) {
      throw new ModelCallException(new Failure.Refused(), usage);
    }
    switch (outputMode) {
      case OutputMode.Chat _ -> calls.forEach(call -> events.add(new Event.FunctionCalled(call)));
      case OutputMode.StructuredOutput(Prompt.Tool function) ->
          events.add(new Event.StructuredOutput(structuredOutput(function, usage)));
    }
    String model = ErrorResponse.identifier(response.path("model"));
    events.add(new Event.Finished(model.equals("unknown") ? requestedModel : model, usage, items));
    return events;
  }

  /** Adds what the events before the last one left out. */
  private List<Event> remainingOutput(JsonNode output) throws ModelCallException {
    StringBuilder full = new StringBuilder();
    for (JsonNode item : output) {
      if (item.path("type").asString("").equals("message")) {
        full.append(messageText(item));
      }
    }
    List<Event> events = shown(text.response(full.toString()));
    endMessage();
    List<String> known = calls.stream().map(ToolCall::id).toList();
    for (JsonNode item : output) {
      if (item.path("type").asString("").equals("function_call")
          && !known.contains(TextSanitizer.whole(required(item, "call_id")))) {
        functionCall(item);
      }
    }
    return events;
  }

  private JsonNode structuredOutput(Prompt.Tool function, Usage usage) throws ModelCallException {
    if (calls.size() != 1 || !calls.getFirst().name().equals(function.name())) {
      throw new ModelCallException(
          new Failure.WrongShape("call " + function.name() + " exactly once"), usage);
    }
    JsonNode value;
    try {
      value = json.parse(calls.getFirst().arguments());
    } catch (JacksonException e) {
      throw new ModelCallException(new Failure.WrongShape("the arguments must be JSON"), usage);
    }
    Optional<String> error = function.parameters().error(value);
    if (error.isPresent()) {
      throw new ModelCallException(new Failure.WrongShape(error.get()), usage);
    }
    return value;
  }

  private static ModelCallException error(JsonNode error) {
    return new ModelCallException(ErrorResponse.of(0, error).failure(Duration.ZERO));
  }

  private static ModelCallException failed(JsonNode response) {
    ErrorResponse error = ErrorResponse.of(0, response.path("error"));
    return new ModelCallException(error.failure(Duration.ZERO), usage(response));
  }

  private static ModelCallException incomplete(JsonNode response) {
    String reason = ErrorResponse.identifier(response.path("incomplete_details").path("reason"));
    return new ModelCallException(new Failure.Incomplete(reason), usage(response));
  }

  private static Usage usage(JsonNode response) {
    JsonNode usage = response.path("usage");
    return new Usage(tokens(usage.path("input_tokens")), tokens(usage.path("output_tokens")));
  }

  private static long tokens(JsonNode node) {
    return node.isIntegralNumber() && node.canConvertToInt() ? Math.max(0, node.intValue()) : 0;
  }

  private static String required(JsonNode node, String member) throws ModelCallException {
    JsonNode value = node.path(member);
    if (!value.isString()) {
      throw new ModelCallException(new Failure.Malformed("an event has no " + member));
    }
    return value.stringValue();
  }
}
