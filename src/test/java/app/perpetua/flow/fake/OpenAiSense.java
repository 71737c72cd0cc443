package app.perpetua.flow.fake;

import app.perpetua.flow.base.Json;
import app.perpetua.flow.fake.OpenAiStep.Part;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;

/**
 * What the fake OpenAI says when nobody has told it: talks about what the user wrote, calls a tool
 * where their words ask for one, and fills forms in by their shape. The same question always gets
 * the same answer. Immutable.
 */
final class OpenAiSense {
  /** Which words ask for which tool, the telling ones first. */
  private static final Map<String, Pattern> WISHES = wishes();

  private static final Pattern LEAD =
      Pattern.compile(
          "(?is)^.*?\\b(?:remind me (?:to|about)|(?:add|create|make|new) (?:me )?(?:an? |the )?(?:new )?"
              + "(?:task|todo|to-do)(?: called| named| to| for)?|(?:i )?(?:need|have|must|want) to|"
              + "(?:don't|do not) let me forget(?: to)?|add|create|todo:?)\\b[:\\s]*(.+)$");

  private static final Pattern TAIL =
      Pattern.compile(
          "(?i)\\s*(?:,?\\s*please|(?:to|on|in|as) (?:my |the |a )?(?:list|tasks?|todos?))?[.!?\\s]*$");

  private static final Pattern QUOTED = Pattern.compile("[\"“'«]([^\"”'»]{2,})[\"”'»]");
  private static final Pattern TITLE =
      Pattern.compile("(?i)\"?\\btitle\"?\\s*[:=]\\s*\"?([^\"\\n]+)");
  private static final Pattern ELEMENT =
      Pattern.compile("(?s)<(\\w+)[^>]*>((?:(?!<\\1).)*)</\\1>\\s*$");
  private static final Pattern AFTER_ELEMENTS = Pattern.compile("(?s)^.*</\\w+>\\s*(\\S.*)$");

  private static final Pattern UUID =
      Pattern.compile("[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}");

  private static final Pattern RANGE = Pattern.compile("\\(([0-9]+) to ([0-9]+)");

  private static final List<String> STEPS =
      List.of(
          "Decide what “%s” needs",
          "Gather everything for it", "Do the main part", "Check the result", "Clear up");

  private final Json json;
  private final OpenAiRequest request;
  private final String said;
  private final String title;

  private OpenAiSense(Json json, OpenAiRequest request) {
    this.json = json;
    this.request = request;
    this.said = said(json, request);
    this.title = title(said);
  }

  private static Map<String, Pattern> wishes() {
    Map<String, Pattern> wishes = new LinkedHashMap<>();
    wishes.put(
        "create_subtasks",
        Pattern.compile("(?is).*\\b(subtasks?|break\\b.*\\bdown|split|steps)\\b.*"));
    wishes.put(
        "complete_task",
        Pattern.compile("(?is).*\\b(complete|finish(ed)?|done|tick off|check off)\\b.*"));
    wishes.put(
        "create_task",
        Pattern.compile(
            "(?is).*\\b(remind me|add|create|new task|make an? task|(need|have|must) to|forget|todo|to-do)\\b.*"));
    wishes.put(
        "update_task",
        Pattern.compile("(?is).*\\b(change|update|rename|move|postpone|reschedule|priority)\\b.*"));
    return wishes;
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
      boolean failed = last.path("output").asString("").toLowerCase(Locale.ROOT).contains("error");
      return text(
          failed
              ? "I am sorry, that did not work out. Shall I try it differently?"
              : "There it is, as a suggestion: nothing changes until you confirm it.");
    }
    for (Map.Entry<String, Pattern> wish : WISHES.entrySet()) {
      Optional<JsonNode> tool = request.tool(wish.getKey());
      if (tool.isPresent() && wish.getValue().matcher(said).matches()) {
        boolean needsTask = !wish.getKey().equals("create_task");
        return needsTask && taskId().isEmpty()
            ? text("Which task do you mean? I could not find it among yours.")
            : List.of(new Part.Text("I can do that for you. "), call(tool.get()));
      }
    }
    return text(
        "About “"
            + cut(title, 80)
            + "”: begin with the smallest step that you can finish today, and the rest will follow. "
            + "Tell me if I should add it to your tasks.");
  }

  private static List<Part> text(String text) {
    return List.of(new Part.Text(text));
  }

  private Part call(JsonNode tool) {
    Object arguments = filled(tool.path("parameters"), "", 0);
    return new Part.Call(tool.path("name").asString(""), json.text(arguments));
  }

  private Object filled(JsonNode schema, String name, int number) {
    return switch (OpenAiRequest.typeOf(schema)) {
      case "object" -> {
        Map<String, Object> object = new LinkedHashMap<>();
        for (String member : schema.path("properties").propertyNames()) {
          object.put(member, filled(schema.path("properties").path(member), member, number));
        }
        yield object;
      }
      case "array" -> {
        int[] range = range(schema, 1, 3);
        int count = Math.clamp(3, range[0], Math.max(range[0], range[1]));
        yield IntStream.range(0, count)
            .mapToObj(i -> filled(schema.path("items"), name, i + 1))
            .toList();
      }
      case "integer" -> {
        int[] range = range(schema, 0, 100);
        yield Math.clamp(30, range[0], range[1]);
      }
      case "boolean" -> false;
      default -> word(schema, name, number);
    };
  }

  private Object word(JsonNode schema, String name, int number) {
    List<String> words =
        schema
            .path("enum")
            .valueStream()
            .filter(JsonNode::isString)
            .map(JsonNode::stringValue)
            .toList();
    if (!words.isEmpty()) {
      return words.contains("medium") ? "medium" : words.getFirst();
    }
    int[] range = range(schema, 0, 200);
    if (name.endsWith("id")) {
      return taskId().map(Object.class::cast).orElseGet(() -> absent(schema, ""));
    }
    if (name.contains("date") || name.endsWith("_at")) {
      return absent(schema, "2030-01-01T09:00:00.000Z");
    }
    if (number > 0) {
      String step = STEPS.get((number - 1) % STEPS.size()).formatted(cut(title, 60));
      return cut(step, range[1]);
    }
    if (name.contains("title") || name.contains("name")) {
      return cut(title, range[1]);
    }
    return said.length() > title.length() + 20
        ? cut(said, range[1])
        : absent(schema, cut(title, range[1]));
  }

  private Object absent(JsonNode schema, String otherwise) {
    return OpenAiRequest.isNullable(schema) ? json.parse("null") : otherwise;
  }

  private static int[] range(JsonNode schema, int min, int max) {
    Matcher range = RANGE.matcher(schema.path("description").asString(""));
    int[] found = {min, max};
    while (range.find()) {
      found[0] = Integer.parseInt(range.group(1));
      found[1] = Integer.parseInt(range.group(2));
    }
    return found;
  }

  /** The task that they most likely mean: the one whose line shares most words with theirs. */
  private Optional<String> taskId() {
    Matcher own = UUID.matcher(said);
    if (own.find()) {
      return Optional.of(own.group());
    }
    String all =
        request.body().path("instructions").asString("")
            + "\n"
            + request.input().stream()
                .map(item -> item.path("content").asString(item.path("output").asString("")))
                .collect(Collectors.joining("\n"));
    Set<String> wanted = words(said);
    Map<String, Integer> scores = new LinkedHashMap<>();
    for (String line : all.split("\n|(?<=\\})", -1)) {
      Matcher id = UUID.matcher(line);
      if (id.find()) {
        Set<String> shared = words(line);
        shared.retainAll(wanted);
        scores.merge(id.group(), shared.size(), Math::max);
      }
    }
    return scores.entrySet().stream()
        .filter(entry -> entry.getValue() > 0 || scores.size() == 1)
        .max(Map.Entry.comparingByValue())
        .map(Map.Entry::getKey);
  }

  private static Set<String> words(String text) {
    return Arrays.stream(text.toLowerCase(Locale.ROOT).split("[^\\p{L}\\p{N}]+"))
        .filter(word -> word.length() > 2 && !Set.of("the", "task", "and", "for").contains(word))
        .collect(Collectors.toSet());
  }

  /** What the user wrote last, without the data that may stand around it. */
  private static String said(Json json, OpenAiRequest request) {
    String text =
        request.input().reversed().stream()
            .filter(item -> item.path("role").asString("").equals("user"))
            .map(item -> item.path("content").asString(""))
            .findFirst()
            .orElse("")
            .strip();
    Matcher after = AFTER_ELEMENTS.matcher(text);
    if (after.matches()) {
      return after.group(1).strip();
    }
    Matcher element = ELEMENT.matcher(text);
    String bare = element.find() ? element.group(2).strip() : text;
    return bare.startsWith("{") ? member(json, bare) : bare;
  }

  private static String member(Json json, String object) {
    try {
      JsonNode parsed = json.parse(object);
      for (String name : List.of("message", "content", "text")) {
        if (parsed.path(name).isString()) {
          return parsed.path(name).stringValue();
        }
      }
    } catch (JacksonException e) {
      // It only looked like JSON.
    }
    return object;
  }

  private static String title(String said) {
    Matcher named = TITLE.matcher(said);
    Matcher quoted = QUOTED.matcher(said);
    Matcher lead = LEAD.matcher(said);
    String title;
    if (named.find()) {
      title = named.group(1);
    } else if (quoted.find()) {
      title = quoted.group(1);
    } else if (lead.matches()) {
      title = lead.group(1);
    } else {
      title = said;
    }
    String line = title.strip().lines().findFirst().orElse("");
    String bare = TAIL.matcher(line).replaceFirst("").strip();
    String fit = bare.isEmpty() ? "Something to do" : bare;
    return cut(fit.substring(0, 1).toUpperCase(Locale.ROOT) + fit.substring(1), 100);
  }

  private static String cut(String text, int max) {
    return text.codePointCount(0, text.length()) <= max
        ? text
        : text.substring(0, text.offsetByCodePoints(0, max)).strip();
  }
}
