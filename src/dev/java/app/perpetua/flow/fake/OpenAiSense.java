package app.perpetua.flow.fake;

import app.perpetua.flow.base.Json;
import app.perpetua.flow.fake.OpenAiStep.Part;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import tools.jackson.databind.JsonNode;

/**
 * The fake OpenAI's default behaviour: answers the user's message, calls a tool where the message
 * suggests one, and generates structured output from its schema. Deterministic. Immutable.
 */
final class OpenAiSense {
  /** Words that suggest a tool, most specific first. */
  private static final Map<String, Pattern> WISHES = wishes();

  private static final Pattern RANGE = Pattern.compile("\\(([0-9]+) to ([0-9]+)");
  private static final Pattern FINE = Pattern.compile("(?is).*\\b(proposed|ok|done|noted)\\b.*");

  /** Digits of the largest number in any schema. */
  private static final List<String> STEPS =
      List.of(
          "Decide what “%s” needs",
          "Gather everything for it",
          "Do the first part",
          "Do the rest",
          "Check the result",
          "Ask a colleague to review it",
          "Correct what they find",
          "Inform everyone involved",
          "Clear up",
          "Note what was learned",
          "Celebrate “%s”",
          "Plan what follows");

  private final Json json;
  private final OpenAiRequest request;
  private final OpenAiWords words;

  private OpenAiSense(Json json, OpenAiRequest request) {
    this.json = json;
    this.request = request;
    this.words = OpenAiWords.of(json, request);
  }

  private static Map<String, Pattern> wishes() {
    Map<String, Pattern> wishes = new LinkedHashMap<>();
    wishes.put("create_subtasks", wish("subtasks?|break\\b.*\\bdown|split|steps"));
    wishes.put(
        "create_task",
        wish("remind me|add|create|new task|make an? task|(need|have|must) to|forget|todo|to-do"));
    wishes.put(
        "complete_task",
        wish("complete|tick off|check off|mark\\b.*\\bdone|(is|am|i'm|have) done|finished"));
    wishes.put("update_task", wish("change|update|rename|move|postpone|reschedule|priority"));
    return wishes;
  }

  private static Pattern wish(String words) {
    return Pattern.compile("(?is).*\\b(" + words + ")\\b.*");
  }

  /** A turn for that request. */
  static List<Part> answer(Json json, OpenAiRequest request) {
    return new OpenAiSense(json, request).answer();
  }

  private List<Part> answer() {
    Optional<JsonNode> form = request.forced().flatMap(request::tool);
    if (form.isPresent()) {
      return List.of(call(form.get()));
    }
    JsonNode last = request.input().getLast();
    if (last.path("type").asString("").equals("function_call_output")) {
      return text(
          FINE.matcher(last.path("output").asString("")).matches()
              ? "There it is, as a suggestion: nothing changes until you confirm it."
              : "I am sorry, that did not work out. Shall I try it differently?");
    }
    for (Map.Entry<String, Pattern> wish : WISHES.entrySet()) {
      Optional<JsonNode> tool = request.tool(wish.getKey());
      if (tool.isPresent() && wish.getValue().matcher(words.message()).matches()) {
        boolean needsTask = !wish.getKey().equals("create_task");
        return needsTask && words.taskId().isEmpty()
            ? text("Which task do you mean? I could not find it among yours.")
            : List.of(new Part.Text("I can do that for you. "), call(tool.get()));
      }
    }
    return text(
        "About “"
            + OpenAiWords.cut(words.title(), 80)
            + "”: begin with the smallest step that you can finish today, and the rest will follow."
            + " Tell me if I should add it to your tasks.");
  }

  private static List<Part> text(String text) {
    return List.of(new Part.Text(text));
  }

  private Part call(JsonNode tool) {
    String name = tool.path("name").asString("");
    boolean isChange = name.startsWith("update");
    return new Part.Call(name, json.text(filled(tool.path("parameters"), "", isChange)));
  }

  /**
   * @param isChange whether fields that the user does not mention are omitted
   */
  private Object filled(JsonNode schema, String name, boolean isChange) {
    boolean isOptional = isChange && OpenAiRequest.isNullable(schema);
    return switch (OpenAiRequest.typeOf(schema)) {
      case "object" -> {
        Map<String, Object> object = new LinkedHashMap<>();
        for (String member : schema.path("properties").propertyNames()) {
          object.put(member, filled(schema.path("properties").path(member), member, isChange));
        }
        yield object;
      }
      case "array" -> {
        int[] range = range(schema, 1, 3);
        int count = Math.clamp(3, range[0], Math.max(range[0], range[1]));
        yield steps().limit(count).map(step -> step(schema.path("items"), step)).toList();
      }
      case "integer" -> {
        int[] range = range(schema, 0, 100);
        yield isOptional ? nothing() : Math.clamp(30, range[0], range[1]);
      }
      case "boolean" -> false;
      default -> word(schema, name, isOptional);
    };
  }

  /** Steps that the conversation does not contain yet. */
  private Stream<String> steps() {
    String known = request.body().path("input").toString();
    List<String> all =
        STEPS.stream().map(step -> step.formatted(OpenAiWords.cut(words.title(), 60))).toList();
    List<String> fresh = all.stream().filter(step -> !known.contains(step)).toList();
    return Stream.concat(
        fresh.stream(), IntStream.range(1, 100).mapToObj(number -> "Further step " + number));
  }

  /** An element of a list: the text, or an object whose first string it is. */
  private Object step(JsonNode schema, String text) {
    String fit = OpenAiWords.cut(text, range(schema, 0, 100)[1]);
    if (!OpenAiRequest.typeOf(schema).equals("object")) {
      return fit;
    }
    Map<String, Object> object = new LinkedHashMap<>();
    for (String member : schema.path("properties").propertyNames()) {
      JsonNode inner = schema.path("properties").path(member);
      object.put(
          member,
          member.contains("title")
              ? OpenAiWords.cut(text, range(inner, 0, 100)[1])
              : filled(inner, member, true));
    }
    return object;
  }

  private Object word(JsonNode schema, String name, boolean isOptional) {
    List<String> allowed =
        schema
            .path("enum")
            .valueStream()
            .filter(JsonNode::isString)
            .map(JsonNode::stringValue)
            .toList();
    if (!allowed.isEmpty()) {
      return choice(allowed, isOptional);
    }
    int[] range = range(schema, 0, 200);
    if (name.endsWith("id")) {
      return words.taskId().map(Object.class::cast).orElseGet(() -> absent(schema, ""));
    }
    if (name.contains("date") || name.endsWith("_at")) {
      return due()
          .map(Object.class::cast)
          .orElseGet(() -> absent(schema, "2030-01-01T09:00:00.000Z"));
    }
    boolean isRenamed = words.message().toLowerCase(Locale.ROOT).contains("rename");
    if (name.contains("title") || name.contains("name")) {
      return isOptional && !isRenamed ? nothing() : OpenAiWords.cut(words.title(), range[1]);
    }
    boolean isLong = words.message().length() > words.title().length() + 40;
    if (isLong && !isOptional) {
      return OpenAiWords.cut(words.message(), range[1]);
    }
    return absent(schema, OpenAiWords.cut(words.title(), range[1]));
  }

  private Object choice(List<String> allowed, boolean isOptional) {
    String message = words.message().toLowerCase(Locale.ROOT);
    Optional<String> mentioned =
        allowed.stream()
            .filter(word -> message.matches("(?s).*\\b" + Pattern.quote(word) + "\\b.*"))
            .findFirst();
    if (mentioned.isPresent()) {
      return mentioned.get();
    }
    if (allowed.contains("high") && message.matches("(?s).*\\b(urgent|important|asap)\\b.*")) {
      return "high";
    }
    if (isOptional) {
      return nothing();
    }
    return allowed.contains("medium") ? "medium" : allowed.getFirst();
  }

  /** The day that the message names, at nine, if the instructions contain the current time. */
  private Optional<String> due() {
    String message = words.message().toLowerCase(Locale.ROOT);
    int days = message.contains("next week") ? 7 : message.contains("tomorrow") ? 1 : 0;
    Matcher now =
        Pattern.compile("\"now\":\"([^\"]{20,40})\"").matcher(OpenAiWords.everything(request));
    if (days == 0 || !now.find()) {
      return Optional.empty();
    }
    try {
      Instant day = Instant.parse(now.group(1)).truncatedTo(ChronoUnit.DAYS);
      return Optional.of(
          Json.instant(day.atZone(ZoneOffset.UTC).plusDays(days).withHour(9).toInstant()));
    } catch (DateTimeException e) {
      return Optional.empty();
    }
  }

  private Object absent(JsonNode schema, String otherwise) {
    return OpenAiRequest.isNullable(schema) ? nothing() : otherwise;
  }

  private Object nothing() {
    return json.parse("null");
  }

  /** The limits in the description; the last if there are several. */
  private static int[] range(JsonNode schema, int min, int max) {
    Matcher range = RANGE.matcher(schema.path("description").asString(""));
    int[] found = {min, max};
    while (range.find()) {
      found[0] = Integer.parseInt(range.group(1));
      found[1] = Integer.parseInt(range.group(2));
    }
    return found;
  }
}
