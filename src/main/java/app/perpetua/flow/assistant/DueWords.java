package app.perpetua.flow.assistant;

import app.perpetua.flow.quickadd.parser.Due;
import app.perpetua.flow.quickadd.parser.QuickParser;
import app.perpetua.flow.quickadd.parser.QuickText;
import app.perpetua.flow.quickadd.parser.Span;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneId;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Reads due dates that the model gives in words, such as {@code tomorrow at 9am}, although it is
 * told to work out the instant. Thread-safe.
 */
final class DueWords {
  private final QuickParser parser = new QuickParser();

  /**
   * Replaces {@code due_date} in words by an instant, or by {@code due_on}. What is not words as a
   * whole stays, and is refused if it is no instant.
   *
   * @param zone the user's
   */
  void resolve(ObjectNode arguments, Instant now, ZoneId zone) {
    JsonNode due = arguments.get("due_date");
    if (due == null || !due.isString() || arguments.has("due_on")) {
      return;
    }
    QuickText read = parser.parse(due.stringValue(), now, zone, _ -> false);
    if (!read.title().isEmpty()
        || read.spans().stream().anyMatch(span -> span.kind() != Span.Kind.DUE)) {
      return;
    }
    switch (read.due()) {
      case Due.At(Instant instant) -> arguments.put("due_date", instant.toString());
      case Due.On(LocalDate day) -> {
        arguments.remove("due_date");
        arguments.put("due_on", day.toString());
      }
      case null -> {
        // A blank text.
      }
    }
  }
}
