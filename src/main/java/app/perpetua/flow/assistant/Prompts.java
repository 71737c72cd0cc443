package app.perpetua.flow.assistant;

import app.perpetua.flow.base.Json;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.UUID;

/**
 * Our instructions to the model, from resource files, and the form in which it gets what users
 * wrote: as data, between marks that no data can contain. Immutable.
 */
public record Prompts(String chat, String subtasks, String note) {
  private static final String OPEN = "<application_data>\n";
  private static final String CLOSE = "\n</application_data>";

  /** Reads them. */
  public static Prompts load() {
    return new Prompts(text("chat"), text("subtasks"), text("note"));
  }

  /**
   * Data as the application knows it. JSON keeps texts apart from structure, and no text in it can
   * hold a mark, because {@code <} is escaped.
   */
  static Prompt.Item data(Json json, Object data) {
    return new Prompt.Item.Message(
        Prompt.Author.USER, OPEN + json.text(data).replace("<", "\\u003c") + CLOSE);
  }

  /** Stands for the user towards the provider, who cannot tell whom it means. */
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
