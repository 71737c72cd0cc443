package app.perpetua.flow.imports;

import app.perpetua.flow.base.AddressGuard;
import app.perpetua.flow.base.Json;
import app.perpetua.flow.imports.Entry.Content;
import app.perpetua.flow.imports.Entry.Origin;
import app.perpetua.flow.imports.Fields.InvalidFieldException;
import app.perpetua.flow.parsing.Formats;
import app.perpetua.flow.parsing.UnicodeText;
import app.perpetua.flow.recurrence.ImportedRule;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * This service's own document, as {@code GET /users/me/export} answers it. Restores tasks with
 * their subtasks and reminders, templates and notes, with their times and versions; what belongs to
 * the account, such as credits and payments, is left.
 */
final class PerpetuaFlowReader implements EntryReader {
  private static final String FORMAT = "perpetua-flow/1";
  private static final int MAX_PARTS = 1_000;
  private static final int MAX_SECONDS = Integer.MAX_VALUE;
  private static final int MAX_VERSION = Integer.MAX_VALUE - 1;
  private static final int MAX_OFFSET = 43_200;
  private static final Set<String> PRIORITIES = Set.of("low", "medium", "high");
  private static final Set<String> READ =
      Set.of("format", "templates", "lists", "labels", "tasks", "notes");
  private static final Set<String> DATA = Set.of("templates", "tasks", "notes");
  private static final Pattern POSITION = Pattern.compile("[0-9A-Za-z]{0,199}[1-9A-Za-z]");
  private static final Pattern COLOUR = Pattern.compile("#[0-9a-f]{6}");
  private static final int MAX_NAME = 100;
  private static final int MAX_LABELS = 10;

  /** Reminders are in their tasks as well. */
  private static final Set<String> SILENT = Set.of("exported_at", "reminders", "imports");

  private final Json json;
  private final AddressGuard guard;

  /**
   * @param guard decides which URLs of recordings are permitted
   */
  PerpetuaFlowReader(Json json, AddressGuard guard) {
    this.json = json;
    this.guard = guard;
  }

  @Override
  public void read(SourceFile file, Predicate<Entry> sink)
      throws IOException, InvalidFileException {
    // Tasks refer to templates, lists and labels, which come after them.
    Pass templates = new Pass(file, Set.of("format", "templates", "lists", "labels"), sink);
    JsonDocument.read(json, file, templates);
    if (templates.stopped) {
      return;
    }
    Pass rest = new Pass(file, Set.of("tasks", "notes"), sink);
    rest.entries = templates.entries;
    rest.lists.putAll(templates.lists);
    rest.labels.putAll(templates.labels);
    JsonDocument.read(json, file, rest);
    if (!rest.hasData) {
      throw new InvalidFileException("The file has no array tasks, templates or notes.", null);
    }
    for (String member : rest.others) {
      if (rest.stopped
          || !sink.test(
              new Entry(
                  new Origin(null, member, member),
                  new Entry.Unusable("other"),
                  List.of("It belongs to the account, and is not imported.")))) {
        return;
      }
    }
  }

  /** One reading of the document. */
  private final class Pass implements JsonDocument.Members {
    private final SourceFile file;
    private final Set<String> wanted;
    private final Predicate<Entry> sink;
    private final Set<String> ids = new HashSet<>();
    private final Set<String> others = new LinkedHashSet<>();
    private final Map<String, Set<Instant>> occurrences = new HashMap<>();
    private final Map<String, Filing.InList> lists = new HashMap<>();
    private final Map<String, Filing.Labelled> labels = new HashMap<>();
    private boolean hasData;
    private boolean stopped;
    private int entries;

    Pass(SourceFile file, Set<String> wanted, Predicate<Entry> sink) {
      this.file = file;
      this.wanted = wanted;
      this.sink = sink;
    }

    @Override
    public boolean wants(String member) {
      hasData |= DATA.contains(member);
      if (!READ.contains(member) && !SILENT.contains(member)) {
        others.add(Texts.shortened(Texts.storable(member), 100));
      }
      return wanted.contains(member);
    }

    @Override
    public boolean accept(String member, JsonNode value, int line) throws InvalidFileException {
      if (member.equals("format")) {
        if (!value.isString() || !value.stringValue().equals(FORMAT)) {
          throw new InvalidFileException(
              "The format of the file is not " + FORMAT + ", which is the one that can be read.",
              line);
        }
        return true;
      }
      if (member.equals("lists") || member.equals("labels")) {
        readPlace(member, value);
        return true;
      }
      entries++;
      if (entries > MAX_ENTRIES) {
        throw EntryReader.tooMany();
      }
      stopped = !sink.test(entry(member, value, line));
      return !stopped;
    }

    /** One that cannot be read is none: its tasks come to the inbox, or without the label. */
    private void readPlace(String member, JsonNode value) {
      Map<String, ?> known = member.equals("lists") ? lists : labels;
      if (!value.isObject() || known.size() >= MAX_ENTRIES) {
        return;
      }
      try {
        Fields fields = new Fields(value);
        String id = fields.id("id");
        String name = visible("name", fields.text("name", 1, MAX_NAME, ""));
        if (id == null) {
          return;
        }
        if (member.equals("lists")) {
          lists.put(
              id,
              new Filing.InList(Formats.uuid(id), name, position(fields), fields.bool("archived")));
        } else {
          String colour = fields.text("colour", 0, MAX_NAME, "");
          labels.put(
              id, new Filing.Labelled(name, COLOUR.matcher(colour).matches() ? colour : null));
        }
      } catch (InvalidFieldException e) {
        return;
      }
    }

    private static @Nullable String position(Fields fields) throws InvalidFieldException {
      String position = fields.text("position", 0, Texts.LONG_TEXT, "");
      return POSITION.matcher(position).matches() ? position : null;
    }

    private Filing filing(Fields fields, List<String> reasons) throws InvalidFieldException {
      String listId = fields.id("list_id");
      Filing.InList list = listId == null ? null : lists.get(listId);
      if (listId != null && list == null) {
        reasons.add("Its list is not in the file.");
      }
      List<Filing.Labelled> found = new ArrayList<>();
      for (JsonNode each : parts(fields, "label_ids")) {
        Filing.Labelled label = each.isString() ? labels.get(each.stringValue()) : null;
        if (label != null && found.size() < MAX_LABELS) {
          found.add(label);
        } else {
          reasons.add("A label is not in the file.");
        }
      }
      return new Filing(list, found);
    }

    private Entry entry(String member, JsonNode value, int line) {
      String type = member.substring(0, member.length() - 1);
      List<String> reasons = new ArrayList<>();
      Origin origin = new Origin(line, "?", "");
      try {
        if (!value.isObject()) {
          throw Fields.invalid(member, "must contain objects only");
        }
        Fields fields = new Fields(value);
        origin = new Origin(line, id(value), title(member, value));
        String id = fields.id("id");
        if (id == null || !ids.add(type + id)) {
          throw Fields.invalid("id", id == null ? "is missing" : "is that of another entry");
        }
        origin = new Origin(line, id, origin.title());
        Content content =
            switch (type) {
              case "task" -> task(fields, reasons);
              case "template" -> template(fields);
              default -> note(fields, reasons);
            };
        return new Entry(origin, content, reasons);
      } catch (InvalidFieldException e) {
        return new Entry(origin, new Entry.Unusable(type), List.of(e.problem()));
      }
    }

    private static String id(JsonNode value) {
      String id = JsonDocument.text(value, "id");
      return Texts.id(id == null ? value.toString() : id);
    }

    private static String title(String member, JsonNode value) {
      String text = JsonDocument.text(value, member.equals("notes") ? "content" : "title");
      return text == null ? "" : text;
    }

    private Map<String, @Nullable Object> revision(Fields fields) throws InvalidFieldException {
      Map<String, @Nullable Object> row = new LinkedHashMap<>();
      row.put("version", fields.integer("version", 1, MAX_VERSION, 1));
      row.put("created_at", fields.instant("created_at", file.now()));
      row.put("updated_at", fields.instant("updated_at", file.now()));
      return row;
    }

    private Map<String, @Nullable Object> taskFields(Fields fields) throws InvalidFieldException {
      Map<String, @Nullable Object> row = revision(fields);
      row.put("title", visible("title", fields.text("title", 1, Texts.TITLE, "")));
      row.put("description", fields.text("description", 0, Texts.LONG_TEXT, ""));
      row.put("priority", fields.oneOf("priority", PRIORITIES, "medium"));
      row.put("estimated_duration", fields.integer("estimated_duration", 1, 720));
      return row;
    }

    private static String visible(String member, String text) throws InvalidFieldException {
      if (UnicodeText.isBlank(text)) {
        throw Fields.invalid(member, "must not be blank");
      }
      return text;
    }

    private Content template(Fields fields) throws InvalidFieldException {
      Map<String, @Nullable Object> row = taskFields(fields);
      String rrule = fields.text("rrule", 1, 500, "");
      String timezone = fields.text("timezone", 1, 64, "");
      String problem = ImportedRule.problem(rrule, timezone);
      if (problem != null) {
        throw Fields.invalid("rrule", "cannot be read: " + problem);
      }
      Instant startsAt = fields.instant("starts_at");
      if (startsAt == null) {
        throw Fields.invalid("starts_at", "is missing");
      }
      row.put("list_id", fields.id("list_id"));
      row.put("label_ids", labelIds(fields));
      row.put("rrule", rrule);
      row.put("timezone", timezone);
      row.put("anchor", fields.oneOf("anchor", Set.of("schedule", "completion"), "schedule"));
      row.put("all_day", fields.bool("all_day"));
      row.put("created", fields.integer("created", 0, Integer.MAX_VALUE, 0));
      row.put("starts_at", startsAt);
      row.put("next_due", fields.instant("next_due"));
      row.put("active", fields.bool("active"));
      row.put("deleted_parts", deletedParts(fields));
      return new Entry.Template(row);
    }

    private static Set<UUID> labelIds(Fields fields) throws InvalidFieldException {
      Set<UUID> ids = new LinkedHashSet<>();
      for (JsonNode each : fields.object().path("label_ids").values()) {
        try {
          ids.add(UUID.fromString(each.asString("")));
        } catch (IllegalArgumentException e) {
          throw Fields.invalid("label_ids", "must be UUIDs");
        }
      }
      return ids;
    }

    /** Whatever does not have the form that the next instance reads is dropped. */
    private static @Nullable Object deletedParts(Fields fields) throws InvalidFieldException {
      JsonNode parts = JsonDocument.object(fields.object(), "deleted_parts");
      if (!parts.has("occurrence_at") || !parts.path("subtasks").isArray()) {
        return null;
      }
      List<Map<String, @Nullable Object>> subtasks = new ArrayList<>();
      for (JsonNode each : parts.get("subtasks").values()) {
        Fields subtask = new Fields(each);
        Map<String, @Nullable Object> kept = new LinkedHashMap<>();
        kept.put("title", subtask.text("title", 1, Texts.TITLE, ""));
        kept.put("source", subtask.oneOf("source", Set.of("user", "ai"), "user"));
        subtasks.add(kept);
      }
      List<Map<String, @Nullable Object>> reminders = new ArrayList<>();
      for (JsonNode each : parts.path("reminders").values()) {
        Fields reminder = new Fields(each);
        Map<String, @Nullable Object> kept = new LinkedHashMap<>();
        kept.put("type", reminder.oneOf("type", Set.of("before", "after"), ""));
        kept.put("offset_minutes", reminder.integer("offset_minutes", 0, MAX_OFFSET, 0));
        kept.put("method", reminder.oneOf("method", Set.of("push", "in_app"), "in_app"));
        reminders.add(kept);
      }
      Map<String, @Nullable Object> kept = new LinkedHashMap<>();
      kept.put("occurrence_at", new Fields(parts).instantText("occurrence_at"));
      if (parts.has("ended_at")) {
        kept.put("ended_at", new Fields(parts).instantText("ended_at"));
      }
      kept.put("subtasks", subtasks);
      kept.put("reminders", reminders);
      return kept;
    }

    private Content task(Fields fields, List<String> reasons) throws InvalidFieldException {
      Map<String, @Nullable Object> row = taskFields(fields);
      Instant due = fields.instant("due_date");
      row.put("due_date", due);
      row.put("due_on", fields.day("due_on"));
      row.put("start_on", fields.day("start_on"));
      row.put("focus_time_seconds", fields.integer("focus_time_seconds", 0, MAX_SECONDS, 0));
      completion(fields, row);
      row.put(
          "completed_by",
          fields.bool("completed")
              ? fields.oneOf("completed_by", Set.of("manual", "auto", "force"), "manual")
              : null);
      row.put("hidden", fields.bool("hidden"));
      row.put("archived", fields.bool("archived"));
      row.put(
          "skipped_at",
          fields.bool("archived") && !fields.bool("completed")
              ? fields.instant("skipped_at")
              : null);
      List<Map<String, @Nullable Object>> subtasks = new ArrayList<>();
      for (JsonNode each : parts(fields, "subtasks")) {
        subtasks.add(subtask(new Fields(each), subtasks.size()));
      }
      row.put("subtask_count", subtasks.size());
      row.put(
          "subtask_completed_count",
          (int)
              subtasks.stream().filter(each -> Boolean.TRUE.equals(each.get("completed"))).count());
      List<Entry.Alarm> reminders = new ArrayList<>();
      for (JsonNode each : parts(fields, "reminders")) {
        reminders.add(reminder(new Fields(each)));
      }
      String template = fields.id("template_id");
      // Documents of earlier releases do not have it.
      Instant occurrence = fields.instant("occurrence_at");
      Instant at = occurrence == null ? due : occurrence;
      if (template != null
          && (at == null || !occurrences.computeIfAbsent(template, _ -> new HashSet<>()).add(at))) {
        reasons.add("Its template has another task for the same occurrence, so it has none.");
        template = null;
      }
      row.put("occurrence_at", template == null ? occurrence : at);
      row.put("position", position(fields));
      return new Entry.Task(row, subtasks, reminders, template, null, filing(fields, reasons));
    }

    private Iterable<JsonNode> parts(Fields fields, String member) throws InvalidFieldException {
      if (!fields.has(member)) {
        return List.of();
      }
      JsonNode array = fields.object().get(member);
      if (!array.isArray() || array.size() > MAX_PARTS) {
        throw Fields.invalid(member, "must be an array of at most " + MAX_PARTS + " objects");
      }
      return array.values();
    }

    private void completion(Fields fields, Map<String, @Nullable Object> row)
        throws InvalidFieldException {
      boolean completed = fields.bool("completed");
      row.put("completed", completed);
      row.put("completed_at", completed ? fields.instant("completed_at", file.now()) : null);
    }

    private Map<String, @Nullable Object> subtask(Fields fields, int index)
        throws InvalidFieldException {
      Map<String, @Nullable Object> row = revision(fields);
      row.put("title", visible("title", fields.text("title", 1, Texts.TITLE, "")));
      completion(fields, row);
      row.put("order_index", index);
      row.put("source", fields.oneOf("source", Set.of("user", "ai"), "user"));
      return row;
    }

    private Entry.Alarm reminder(Fields fields) throws InvalidFieldException {
      String type = fields.oneOf("type", Set.of("before", "after", "absolute"), "");
      Instant at = fields.instant("scheduled_at");
      Integer offset = fields.integer("offset_minutes", 0, MAX_OFFSET);
      boolean absolute = type.equals("absolute");
      if (absolute ? at == null : offset == null) {
        throw Fields.invalid(absolute ? "scheduled_at" : "offset_minutes", "is missing");
      }
      Map<String, @Nullable Object> row = revision(fields);
      boolean fired = fields.bool("fired") && at != null;
      row.put("method", fields.oneOf("method", Set.of("push", "in_app"), "in_app"));
      row.put("scheduled_at", at);
      row.put("fired", fired);
      row.put("fired_at", fired ? fields.instant("fired_at", file.now()) : null);
      return new Entry.Alarm(type, absolute ? null : offset, at, row);
    }

    private Content note(Fields fields, List<String> reasons) throws InvalidFieldException {
      Map<String, @Nullable Object> row = revision(fields);
      String content = fields.text("content", 0, Texts.LONG_TEXT, "");
      String url = fields.has("voice_url") ? fields.text("voice_url", 1, 4096, "") : null;
      if (url != null && !(guard.checkWithoutLookup(url) instanceof AddressGuard.Verdict.Allowed)) {
        reasons.add("The address of its recording is not permitted.");
        url = null;
      }
      if (content.isEmpty() && url == null) {
        throw Fields.invalid("content", "must not be empty");
      }
      row.put("content", content);
      row.put("archived", fields.bool("archived"));
      row.put("voice_url", url);
      row.put(
          "voice_duration_seconds",
          url == null ? null : fields.integer("voice_duration_seconds", 0, 3_600));
      row.put("transcription_status", url == null ? null : transcription(fields));
      row.put("converted_at", fields.instant("converted_at"));
      return new Entry.Note(row);
    }

    /** A transcription that was running does not go on. */
    private static @Nullable String transcription(Fields fields) throws InvalidFieldException {
      if (!fields.has("transcription_status")) {
        return null;
      }
      String status =
          fields.oneOf("transcription_status", Set.of("pending", "completed", "failed"), "failed");
      return status.equals("pending") ? "failed" : status;
    }
  }
}
