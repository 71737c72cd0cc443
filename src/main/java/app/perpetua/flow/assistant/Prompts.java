package app.perpetua.flow.assistant;

import app.perpetua.flow.base.Json;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.UUID;

/**
 * The instructions for the model, from resource files. Users' texts are passed apart from them, as
 * JSON between delimiters that the JSON cannot contain. Immutable.
 */
record Prompts(String chat, String subtasks, String note) {
  private static final String OPEN = "<application_data>\n";
  private static final String CLOSE = "\n</application_data>";

  static Prompts load() {
    return new Prompts(text("chat"), text("subtasks"), text("note"));
  }

  /** Delimited data. It cannot contain a delimiter, because {@code <} is escaped. */
  static Prompt.Item data(Json json, Object data) {
    return new Prompt.Item.Message(
        Prompt.Author.USER, OPEN + json.text(data).replace("<", "\\u003c") + CLOSE);
  }

  /** Identifies the user to the provider without revealing the user's id. */
  static String safetyIdentifier(UUID userId) {
    return UUID.nameUUIDFromBytes(("perpetua-flow:" + userId).getBytes(StandardCharsets.UTF_8))
        .toString();
  }

  private static String text(String name) {
    String path = "/prompts/" + name + ".txt";
    try (InputStream in = Prompts.class.getResourceAsStream(path)) {
      if (in == null) {
        throw new IllegalStateException("no resource " + path);
      }
      return new String(in.readAllBytes(), StandardCharsets.UTF_8).strip();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
