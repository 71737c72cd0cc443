package app.perpetua.flow.imports.readers;

import app.perpetua.flow.base.Json;
import app.perpetua.flow.quickadd.parser.QuickParser;
import java.io.IOException;
import java.time.Instant;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/** What Todoist's API answers to a full synchronization: items, projects, sections, notes. */
public final class TodoistJsonReader implements EntryReader {
  private static final Set<String> MEMBERS =
      Set.of(
          "items",
          "completed_items",
          "projects",
          "labels",
          "sections",
          "notes",
          "comments",
          "project_notes",
          "reminders");

  /** Todoist's colours of labels, by name. */
  private static final Map<String, String> COLOURS =
      Map.ofEntries(
          Map.entry("berry_red", "#b8255f"),
          Map.entry("red", "#dc4c3e"),
          Map.entry("orange", "#c77100"),
          Map.entry("yellow", "#b29104"),
          Map.entry("olive_green", "#949c31"),
          Map.entry("lime_green", "#65a33a"),
          Map.entry("green", "#369307"),
          Map.entry("mint_green", "#42a393"),
          Map.entry("teal", "#148fad"),
          Map.entry("sky_blue", "#319dc0"),
          Map.entry("light_blue", "#6988a4"),
          Map.entry("blue", "#4180ff"),
          Map.entry("grape", "#692ec2"),
          Map.entry("violet", "#ca3fee"),
          Map.entry("lavender", "#a4698c"),
          Map.entry("magenta", "#e05095"),
          Map.entry("salmon", "#c9766f"),
          Map.entry("charcoal", "#808080"),
          Map.entry("grey", "#999999"),
          Map.entry("taupe", "#8f7a69"));

  private final Json json;
  private final QuickParser parser;

  public TodoistJsonReader(Json json, QuickParser parser) {
    this.json = json;
    this.parser = parser;
  }

  private record Comment(@Nullable String of, String text) {}

  @Override
  public void read(SourceFile file, Predicate<Entry> sink)
      throws IOException, InvalidFileException {
    Parts parts = new Parts(file, parser);
    JsonDocument.read(json, file, parts);
    if (!parts.hasItems) {
      throw new InvalidFileException("The file has no array items.", null);
    }
    new ItemTree(file, parts.complete(), parts.places).read(sink);
  }

  /** The parts of a file, in whatever order they come. */
  private static final class Parts implements JsonDocument.Members {
    private final SourceFile file;
    private final QuickParser parser;
    private final List<SourceItem> items = new ArrayList<>();
    private final Map<String, SourceItem> byId = new HashMap<>();
    private final Map<SourceItem, String> projects = new HashMap<>();
    private final Map<SourceItem, String> sections = new HashMap<>();
    private final Map<String, JsonNode> projectNames = new LinkedHashMap<>();
    private final Places places = new Places();
    private final Map<String, String> sectionNames = new HashMap<>();
    private final List<Comment> comments = new ArrayList<>();
    private final List<JsonNode> reminders = new ArrayList<>();
    private boolean hasItems;
    private int read;

    Parts(SourceFile file, QuickParser parser) {
      this.file = file;
      this.parser = parser;
    }

    @Override
    public boolean wants(String member) {
      hasItems |= member.equals("items");
      return MEMBERS.contains(member);
    }

    @Override
    public boolean accept(String member, JsonNode value, int line) throws InvalidFileException {
      if (!value.isObject()) {
        return true;
      }
      read++;
      if (read > MAX_ENTRIES) {
        throw EntryReader.tooMany();
      }
      switch (member) {
        case "items", "completed_items" -> item(value, line);
        case "projects" -> projectNames.put(id(value), value);
        case "labels" -> label(value);
        case "sections" -> sectionNames.put(id(value), text(value, "name"));
        case "notes", "comments" ->
            comments.add(new Comment(firstText(value, "item_id", "task_id"), comment(value)));
        case "project_notes" -> projectNote(value, line);
        default -> reminders.add(value);
      }
      return true;
    }

    private static String id(JsonNode value) {
      return text(value, "id");
    }

    private static String text(JsonNode value, String member) {
      String text = JsonDocument.text(value, member);
      return text == null ? "" : text;
    }

    private static @Nullable String firstText(JsonNode value, String member, String other) {
      String text = JsonDocument.text(value, member);
      return text == null ? JsonDocument.text(value, other) : text;
    }

    private void item(JsonNode value, int line) {
      String id = id(value);
      SourceItem item =
          new SourceItem(
              line,
              id.isEmpty() ? Texts.hash(value.toString()) : id,
              text(value, "content"),
              file.zone());
      items.add(item);
      byId.putIfAbsent(item.id, item);
      String parent = JsonDocument.text(value, "parent_id");
      item.parent = parent == null || parent.isEmpty() ? null : Texts.id(parent);
      projects.put(item, text(value, "project_id"));
      sections.put(item, text(value, "section_id"));
      item.text = text(value, "description");
      item.priority =
          switch (text(value, "priority")) {
            case "4" -> "high";
            case "3" -> "medium";
            default -> SourceItem.NO_PRIORITY;
          };
      item.completed = JsonDocument.flag(value, "checked");
      item.completedAt = instant(firstText(value, "completed_at", "date_completed"));
      item.createdAt = instant(firstText(value, "added_at", "date_added"));
      if (JsonDocument.flag(value, "is_deleted")) {
        item.left = "It is deleted.";
      }
      due(item, JsonDocument.object(value, "due"));
      item.keep(
          "Deadline",
          JsonDocument.text(JsonDocument.object(value, "deadline"), "date"),
          "A task has no deadline besides its due date.");
      duration(item, JsonDocument.object(value, "duration"));
      if (item.left == null) {
        places.label(item, labels(value));
      }
    }

    private void label(JsonNode value) {
      if (!JsonDocument.flag(value, "is_deleted")) {
        places.label(text(value, "name"), COLOURS.get(text(value, "color")));
      }
    }

    private @Nullable Instant instant(@Nullable String text) {
      return text == null ? null : SourceDates.parse(text, file.zone());
    }

    private static List<String> labels(JsonNode value) {
      JsonNode labels = value.get("labels");
      return labels == null || !labels.isArray()
          ? List.of()
          : labels.valueStream().map(label -> label.asString("")).toList();
    }

    private void due(SourceItem item, JsonNode due) {
      String date = text(due, "date");
      if (date.isEmpty()) {
        return;
      }
      ZoneId zone = SourceDates.zone(text(due, "timezone"));
      item.zone = zone == null ? file.zone() : zone;
      if (!item.dueAt(date)) {
        item.keep("Date", date, "The date is not one that is certain, such as 2026-05-31.");
      }
      if (JsonDocument.flag(due, "is_recurring")) {
        EnglishRecurrence rule =
            EnglishRecurrence.parse(parser, text(due, "string"), file.now(), item.zone);
        if (rule == null) {
          item.keep(
              "Repeats", text(due, "string"), "Its recurrence cannot be expressed as a rule.");
        } else {
          item.rrule = rule.rrule();
          item.afterCompletion = rule.afterCompletion();
        }
      }
    }

    private static void duration(SourceItem item, JsonNode duration) {
      String amount = text(duration, "amount");
      if (amount.matches("\\d{1,6}") && text(duration, "unit").equals("minute")) {
        item.minutes = Integer.parseInt(amount);
      } else {
        item.keep(
            "Duration",
            (amount + " " + text(duration, "unit")).strip(),
            "The duration is not an estimate that a task can have.");
      }
    }

    private static String comment(JsonNode value) {
      String file = JsonDocument.text(JsonDocument.object(value, "file_attachment"), "file_url");
      return text(value, "content") + (file == null ? "" : " " + file);
    }

    private void projectNote(JsonNode value, int line) {
      SourceItem item = new SourceItem(line, "note-" + id(value), comment(value), file.zone());
      item.note = true;
      item.text = comment(value).equals(item.title) ? "" : comment(value);
      item.createdAt = instant(JsonDocument.text(value, "posted_at"));
      item.reasons.add("A comment on a project is a note.");
      items.add(item);
    }

    List<SourceItem> complete() {
      Map<String, Filing.Named> lists = lists();
      for (SourceItem item : items) {
        item.list = lists.get(projects.getOrDefault(item, ""));
        String section = sectionNames.getOrDefault(sections.getOrDefault(item, ""), "");
        item.place = section.isEmpty() ? List.of() : List.of("Section: " + section);
      }
      for (Comment comment : comments) {
        SourceItem item = comment.of() == null ? null : byId.get(Texts.id(comment.of()));
        if (item != null) {
          item.keep("Comment", comment.text(), "Comments are in the description.");
        }
      }
      reminders.forEach(this::reminder);
      return items;
    }

    private Map<String, Filing.Named> lists() {
      Map<String, Filing.Named> lists = new HashMap<>();
      projectNames.forEach(
          (id, project) -> {
            Filing.Named list =
                JsonDocument.flag(project, "is_deleted")
                    ? null
                    : places.list(id, path(id), JsonDocument.flag(project, "is_archived"));
            if (list != null) {
              lists.put(id, list);
            }
          });
      return lists;
    }

    /** The names of a project and those above it; the inbox has none. */
    private String path(String projectId) {
      List<String> names = new ArrayList<>();
      Set<String> seen = new HashSet<>();
      JsonNode project = projectNames.get(projectId);
      while (project != null && seen.add(id(project))) {
        if (!JsonDocument.flag(project, "inbox_project")
            && !JsonDocument.flag(project, "is_inbox_project")) {
          names.addFirst(text(project, "name"));
        }
        project = projectNames.get(text(project, "parent_id"));
      }
      return String.join(" / ", names);
    }

    private void reminder(JsonNode value) {
      String of = firstText(value, "item_id", "task_id");
      SourceItem item = of == null ? null : byId.get(Texts.id(of));
      if (item == null || JsonDocument.flag(value, "is_deleted")) {
        return;
      }
      String offset = firstText(value, "minute_offset", "mm_offset");
      Instant at = instant(JsonDocument.text(JsonDocument.object(value, "due"), "date"));
      if (text(value, "type").equals("absolute") && at != null) {
        item.reminders.add(Entry.Alarm.absolute(at));
      } else if (offset != null
          && offset.matches("\\d{1,5}")
          && Integer.parseInt(offset) <= 43_200) {
        item.reminders.add(Entry.Alarm.before(Integer.parseInt(offset)));
      } else {
        item.reasons.add("A reminder is neither at a time nor before the due date.");
      }
    }
  }
}
