package app.perpetua.flow.mcp;

import app.perpetua.flow.base.Json;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.HashSet;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Function;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * The tools: their descriptions and schemas, which are in {@code mcp/tools.json}, and what they do.
 * Thread-safe.
 */
final class Tools {
  private static final String DESCRIPTIONS = "/mcp/tools.json";

  private final Map<String, Function<ToolCall, ObjectNode>> tools;
  private final ArrayNode descriptions;

  /**
   * @throws IllegalStateException if a tool has no description, or a description no tool
   */
  Tools(
      Json json, TaskTools tasks, NoteTools notes, ReminderTools reminders, AccountTools account) {
    tools =
        Map.ofEntries(
            Map.entry("list_tasks", tasks::list),
            Map.entry("search", tasks::search),
            Map.entry("get_task", tasks::show),
            Map.entry("add_task", tasks::add),
            Map.entry("quick_add", tasks::quickAdd),
            Map.entry("update_task", tasks::update),
            Map.entry("complete_task", tasks::complete),
            Map.entry("skip_task", tasks::skip),
            Map.entry("reschedule", tasks::reschedule),
            Map.entry("break_down", tasks::breakDown),
            Map.entry("add_note", notes::add),
            Map.entry("convert_note", notes::convert),
            Map.entry("list_reminders", reminders::list),
            Map.entry("add_reminder", reminders::add),
            Map.entry("agenda", account::agenda),
            Map.entry("undo", account::undo),
            Map.entry("account", account::account));
    descriptions = (ArrayNode) json.parse(resource());
    Set<String> described = new HashSet<>();
    for (JsonNode description : descriptions) {
      described.add(description.path("name").stringValue());
    }
    if (!described.equals(tools.keySet())) {
      throw new IllegalStateException("tools and their descriptions differ: " + described);
    }
  }

  private static String resource() {
    try (InputStream in = Tools.class.getResourceAsStream(DESCRIPTIONS)) {
      return new String(Objects.requireNonNull(in).readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** What {@code tools/list} answers, in a fixed order. Do not change it. */
  ArrayNode descriptions() {
    return descriptions;
  }

  /**
   * A tool.
   *
   * @throws RpcError if there is none
   */
  Function<ToolCall, ObjectNode> named(String name) {
    Function<ToolCall, ObjectNode> tool = tools.get(name);
    if (tool == null) {
      throw RpcError.invalidParams("unknown tool: " + name);
    }
    return tool;
  }
}
