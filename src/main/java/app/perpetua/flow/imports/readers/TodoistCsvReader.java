package app.perpetua.flow.imports.readers;

import app.perpetua.flow.imports.readers.CsvTable.Line;
import app.perpetua.flow.quickadd.parser.QuickParser;
import java.io.IOException;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Todoist's CSV, in which a project is exported as a template or in a backup: {@code TYPE, CONTENT,
 * DESCRIPTION, PRIORITY, INDENT, AUTHOR, RESPONSIBLE, DATE, DATE_LANG, TIMEZONE, DURATION,
 * DURATION_UNIT, DEADLINE}. Its lines have no ids, so an id is the hash of a line and its parents.
 */
public final class TodoistCsvReader implements EntryReader {
  private static final int DEEPEST = 20;

  /** A word that Todoist reads as a label; names cannot have the excluded characters. */
  private static final Pattern LABEL = Pattern.compile("(?<!\\S)@([^\\s@\"()|&!,]+)(?!\\S)");

  private final QuickParser parser;

  public TodoistCsvReader(QuickParser parser) {
    this.parser = parser;
  }

  @Override
  public void read(SourceFile file, Predicate<Entry> sink)
      throws IOException, InvalidFileException {
    Lines lines = new Lines(file, parser);
    CsvTable.read(file, Set.of("type", "content"), lines::add);
    new ItemTree(file, lines.items, lines.places).read(sink);
  }

  private static final class Lines {
    private final SourceFile file;
    private final QuickParser parser;
    private final List<SourceItem> items = new ArrayList<>();
    private final Places places = new Places();
    private final Map<String, Integer> repetitions = new HashMap<>();

    /** The latest task of each level. */
    private final List<SourceItem> path = new ArrayList<>();

    private @Nullable String section;
    private @Nullable SourceItem latest;

    Lines(SourceFile file, QuickParser parser) {
      this.file = file;
      this.parser = parser;
    }

    void add(Line line) throws InvalidFileException {
      if (items.size() >= MAX_ENTRIES) {
        throw EntryReader.tooMany();
      }
      switch (line.get("type").toLowerCase(Locale.ROOT)) {
        case "task" -> task(line);
        case "section" -> {
          section = line.get("content");
          path.clear();
          latest = null;
        }
        case "note", "comment" -> note(line);
        // How the project is shown.
        case "", "meta" -> {}
        default -> {
          SourceItem item = item(line, "", line.get("content"));
          item.left =
              "Entries of the type " + Texts.shortened(line.get("type"), 40) + " are unknown.";
        }
      }
    }

    private SourceItem item(Line line, String parents, String title) {
      String key = parents + "\n" + line.fields();
      int repetition = repetitions.merge(key, 1, Integer::sum);
      SourceItem item =
          new SourceItem(line.number(), Texts.hash(key + "\n" + repetition), title, file.zone());
      items.add(item);
      return item;
    }

    private void task(Line line) {
      int indent = indent(line.get("indent"));
      while (path.size() >= indent) {
        path.removeLast();
      }
      SourceItem parent = path.isEmpty() ? null : path.getLast();
      String content = line.get("content");
      String title = LABEL.matcher(content).replaceAll("").strip();
      SourceItem item =
          item(line, parent == null ? "" : parent.id, title.isEmpty() ? content : title);
      item.parent = parent == null ? null : parent.id;
      item.list = file.list() == null ? null : places.list(file.list());
      if (!title.isEmpty()) {
        places.label(item, LABEL.matcher(content).results().map(match -> match.group(1)).toList());
      }
      item.text = line.raw("description");
      item.priority = priority(line.get("priority"));
      if (section != null) {
        item.place = List.of("Section: " + section);
      }
      if (!line.get("content").isEmpty() && line.get("content").startsWith("* ")) {
        item.reasons.add("Todoist does not let it be completed; here it can be.");
      }
      item.keep("Assigned to", line.get("responsible"), "Tasks are not assigned to others.");
      date(item, line);
      item.keep("Deadline", line.get("deadline"), "A task has no deadline besides its due date.");
      duration(item, line);
      path.add(item);
      latest = item;
    }

    private int indent(String text) {
      try {
        return Math.clamp(
            text.isEmpty() ? 1 : Integer.parseInt(text), 1, Math.min(DEEPEST, path.size() + 1));
      } catch (NumberFormatException e) {
        return 1;
      }
    }

    /** 1 is the most urgent in a file, and 4 in the application's interface. */
    private static String priority(String text) {
      return switch (text) {
        case "1" -> "high";
        case "2" -> "medium";
        default -> SourceItem.NO_PRIORITY;
      };
    }

    private void date(SourceItem item, Line line) {
      String text = line.get("date");
      if (text.isEmpty()) {
        return;
      }
      ZoneId zone = SourceDates.zone(line.get("timezone"));
      item.zone = zone == null ? file.zone() : zone;
      if (item.dueAt(text)) {
        return;
      }
      EnglishRecurrence recurrence = EnglishRecurrence.parse(parser, text, file.now(), item.zone);
      if (recurrence == null) {
        item.keep("Date", text, "The date is not one that is certain, such as 2026-05-31.");
        return;
      }
      // The file does not say when it is due next: from the day of the import on.
      item.due = recurrence.first();
      item.dueOn = recurrence.day();
      item.rrule = recurrence.rrule();
      item.afterCompletion = recurrence.afterCompletion();
    }

    private static void duration(SourceItem item, Line line) {
      String text = line.get("duration");
      if (text.isEmpty() || text.equalsIgnoreCase("none")) {
        return;
      }
      String unit = line.get("duration_unit");
      if (text.matches("\\d{1,6}")
          && (unit.isEmpty() || unit.toLowerCase(Locale.ROOT).startsWith("minute"))) {
        item.minutes = Integer.parseInt(text);
      } else {
        item.keep(
            "Duration", text + " " + unit, "The duration is not an estimate that a task can have.");
      }
    }

    private void note(Line line) {
      String author = line.get("author");
      String text = line.raw("content").strip();
      if (latest == null) {
        SourceItem item = item(line, "note", line.get("content"));
        item.note = true;
        item.text = text.equals(item.title) ? "" : text;
        item.reasons.add("A comment on the project is a note.");
      } else {
        latest.keep(
            author.isEmpty() ? "Comment" : "Comment by " + author,
            text,
            "Comments are in the description.");
      }
    }
  }
}
