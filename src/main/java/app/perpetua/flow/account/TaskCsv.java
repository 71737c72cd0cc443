package app.perpetua.flow.account;

import app.perpetua.flow.base.Json;
import de.siegmar.fastcsv.writer.CsvWriter;
import de.siegmar.fastcsv.writer.LineDelimiter;
import java.io.IOException;
import java.io.OutputStream;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import tools.jackson.databind.JsonNode;

/** Tasks as CSV (RFC 4180) in UTF-8, for spreadsheets. Thread-safe. */
final class TaskCsv {
  private static final List<String> COLUMNS =
      List.of(
          "id",
          "title",
          "description",
          "priority",
          "due_date",
          "estimated_duration",
          "completed",
          "completed_at",
          "hidden",
          "archived",
          "template_id",
          "focus_time_seconds",
          "created_at",
          "updated_at");

  /** After the columns that came before them, which keep their places. */
  private static final List<String> LAST_COLUMNS = List.of("due_on", "start_on");

  private final Json json;

  TaskCsv(Json json) {
    this.json = json;
  }

  void writeHeader(OutputStream out) throws IOException {
    write(
        List.of(
            Stream.of(COLUMNS, List.of("subtasks", "reminders"), LAST_COLUMNS)
                .flatMap(List::stream)
                .toList()),
        out);
  }

  /**
   * Writes tasks.
   *
   * @param tasks JSON objects as in the document
   */
  void writeTasks(List<String> tasks, OutputStream out) throws IOException {
    write(tasks.stream().map(task -> record(json.parse(task))).toList(), out);
  }

  private static List<String> record(JsonNode task) {
    List<String> cells = new ArrayList<>();
    for (String column : COLUMNS) {
      cells.add(cell(task.get(column)));
    }
    cells.add(
        lines(
            task.get("subtasks"),
            subtask ->
                (subtask.get("completed").booleanValue() ? "[x] " : "[ ] ")
                    + subtask.get("title").stringValue()));
    cells.add(lines(task.get("reminders"), reminder -> cell(reminder.get("scheduled_at"))));
    for (String column : LAST_COLUMNS) {
      cells.add(cell(task.get(column)));
    }
    return cells;
  }

  private interface Line {
    String of(JsonNode item);
  }

  private static String lines(JsonNode items, Line line) {
    return items.valueStream().map(line::of).collect(Collectors.joining("\n"));
  }

  /** A spreadsheet would compute a text that begins like a formula. */
  private static String cell(JsonNode value) {
    String text = value.isNull() ? "" : value.asString();
    return !text.isEmpty() && value.isString() && "=+-@\t\r".indexOf(text.charAt(0)) >= 0
        ? "'" + text
        : text;
  }

  private static void write(List<List<String>> records, OutputStream out) throws IOException {
    StringWriter text = new StringWriter();
    try (CsvWriter csv = CsvWriter.builder().lineDelimiter(LineDelimiter.CRLF).build(text)) {
      records.forEach(csv::writeRecord);
    }
    out.write(text.toString().getBytes(StandardCharsets.UTF_8));
  }
}
