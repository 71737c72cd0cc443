package app.perpetua.flow.harness;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A server-sent event.
 *
 * @param name {@code message} for one without a name
 * @param id null for one without an id
 */
public record SseEvent(String name, String data, @Nullable String id) {
  /** All events of a stream, each validated against the contract. */
  public static List<SseEvent> all(String stream) {
    List<SseEvent> events = new ArrayList<>();
    for (String block : stream.split("\n\n", -1)) {
      of(block).forEach(events::add);
    }
    return events;
  }

  /** The event of one block of lines, validated against the contract; empty for a comment. */
  public static List<SseEvent> of(String block) {
    String name = "message";
    String id = null;
    StringBuilder data = new StringBuilder();
    for (String line : block.split("\n", -1)) {
      if (line.startsWith("event: ")) {
        name = line.substring("event: ".length());
      } else if (line.startsWith("id: ")) {
        id = line.substring("id: ".length());
      } else if (line.startsWith("data: ")) {
        data.append(line.substring("data: ".length()));
      }
    }
    if (data.isEmpty()) {
      return List.of();
    }
    SseEvent event = new SseEvent(name, data.toString(), id);
    if (!event.last()) {
      assertEquals(List.of(), Contract.current().faultsOf(event.schema(), event.data()));
    }
    return List.of(event);
  }

  /** True for the last event of a stream. */
  public boolean last() {
    return data.equals("[DONE]");
  }

  private String schema() {
    return switch (name) {
      case "message" -> "ChatWords";
      case "result" -> "ChatResult";
      case "error" -> "ErrorBody";
      case "ready", "reset" -> "StreamPosition";
      case "change" -> "ChangeEvent";
      case "end" -> "StreamEnd";
      default -> throw new AssertionError("no event is called " + name);
    };
  }
}
