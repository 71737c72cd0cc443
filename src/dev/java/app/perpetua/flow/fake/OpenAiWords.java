package app.perpetua.flow.fake;

import app.perpetua.flow.base.Json;
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
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;

/**
 * A user's intention, guessed from a request.
 *
 * @param message the last message, without the data around it
 * @param title subject of the message, as a task's title
 * @param taskId id of the most likely task
 */
record OpenAiWords(String message, String title, Optional<String> taskId) {
  private static final Pattern LEAD =
      Pattern.compile(
          "(?is)^.*?\\b(?:remind me (?:to|about)|(?:add|create|make|new) (?:me )?(?:an? |the )?(?:new )?"
              + "(?:task|todo|to-do)(?: called| named| to| for)?|(?:i )?(?:need|have|must|want) to|"
              + "(?:don't|do not) let me forget(?: to)?|rename\\b.*?\\bto|add|create|todo:?)\\b[:\\s]*(.+)$");

  private static final Pattern TAIL =
      Pattern.compile(
          "(?i)(?:,?\\s*\\b(?:please|tomorrow|today|next week|(?:to|on|in|as) (?:my |the |a )?(?:list|tasks?|todos?)))*[.!?\\s]*$");

  private static final Pattern QUOTED = Pattern.compile("[\"“«]([^\"”»]{2,})[\"”»]");
  private static final Pattern ELEMENT =
      Pattern.compile("(?s)<(\\w+)[^>]*>((?:(?!<\\1).)*)</\\1>\\s*$");
  private static final Pattern AFTER_ELEMENTS = Pattern.compile("(?s)^.*</\\w+>\\s*(\\S.*)$");

  private static final Pattern UUID =
      Pattern.compile("[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}");

  /** A task to which the instructions refer. */
  private static final Pattern THIS_TASK =
      Pattern.compile("\"this_task\":\\{[^{}]*?\"id\":\"(" + UUID + ")\"");

  private static final Set<String> EMPTY_WORDS =
      Set.of("the", "task", "and", "for", "this", "that");

  static OpenAiWords of(Json json, OpenAiRequest request) {
    String text =
        request.input().reversed().stream()
            .filter(item -> item.path("role").asString("").equals("user"))
            .map(item -> item.path("content").asString(""))
            .findFirst()
            .orElse("")
            .strip();
    Matcher after = AFTER_ELEMENTS.matcher(text);
    Matcher element = ELEMENT.matcher(text);
    String bare = after.matches() ? after.group(1) : element.find() ? element.group(2) : text;
    Optional<JsonNode> data = data(json, bare.strip());
    String message = data.map(OpenAiWords::content).orElse(bare.strip());
    String title = data.map(OpenAiWords::named).orElse("");
    return new OpenAiWords(
        message,
        title.isEmpty() ? title(message) : cut(title, 100),
        taskId(message, everything(request)));
  }

  /** The whole input of the model. */
  static String everything(OpenAiRequest request) {
    return request.body().path("instructions").asString("")
        + "\n"
        + request.input().stream()
            .map(item -> item.path("content").asString(item.path("output").asString("")))
            .collect(Collectors.joining("\n"));
  }

  static String cut(String text, int max) {
    return text.codePointCount(0, text.length()) <= max
        ? text
        : text.substring(0, text.offsetByCodePoints(0, max)).strip();
  }

  private static Optional<JsonNode> data(Json json, String text) {
    try {
      return text.startsWith("{") ? Optional.of(json.parse(text)) : Optional.empty();
    } catch (JacksonException e) {
      return Optional.empty();
    }
  }

  /** The text of a note, a task or another object. */
  private static String content(JsonNode data) {
    for (JsonNode node : List.of(data, data.path("note"), data.path("task"))) {
      for (String name : List.of("message", "content", "text", "description", "title")) {
        String text = node.path(name).asString("").strip();
        if (!text.isEmpty()) {
          return text;
        }
      }
    }
    return data.path("note").asString(data.toString());
  }

  private static String named(JsonNode data) {
    return data.path("task").path("title").asString(data.path("title").asString("")).strip();
  }

  private static String title(String message) {
    Matcher quoted = QUOTED.matcher(message);
    Matcher lead = LEAD.matcher(message);
    String title = quoted.find() ? quoted.group(1) : lead.matches() ? lead.group(1) : message;
    String line = title.strip().split("\n|(?<=[.!?])\\s", 2)[0];
    String bare = TAIL.matcher(line).replaceFirst("").strip();
    String fit = bare.isEmpty() ? "Something to do" : bare;
    int first = fit.offsetByCodePoints(0, 1);
    return cut(fit.substring(0, first).toUpperCase(Locale.ROOT) + fit.substring(first), 100);
  }

  /** The task whose data shares most words with the message, or to which the instructions refer. */
  private static Optional<String> taskId(String message, String everything) {
    Matcher own = UUID.matcher(message);
    if (own.find()) {
      return Optional.of(own.group());
    }
    Set<String> wanted = words(message);
    Map<String, Integer> scores = new LinkedHashMap<>();
    for (String line : everything.split("\n|(?<=\\})", -1)) {
      Matcher id = UUID.matcher(line);
      if (id.find()) {
        Set<String> shared = words(line);
        shared.retainAll(wanted);
        scores.merge(id.group(), shared.size(), Math::max);
      }
    }
    Matcher shown = THIS_TASK.matcher(everything);
    if (shown.find()) {
      scores.merge(shown.group(1), 2, Integer::sum);
    }
    return scores.entrySet().stream()
        .filter(entry -> entry.getValue() > 0 || scores.size() == 1)
        .max(Map.Entry.comparingByValue())
        .map(Map.Entry::getKey);
  }

  private static Set<String> words(String text) {
    return Arrays.stream(text.toLowerCase(Locale.ROOT).split("[^\\p{L}\\p{N}]+", -1))
        .filter(word -> word.length() > 2 && !EMPTY_WORDS.contains(word))
        .collect(Collectors.toSet());
  }
}
