package app.perpetua.flow.imports.readers;

import app.perpetua.flow.base.AddressGuard;
import app.perpetua.flow.filters.Filter;
import app.perpetua.flow.filters.FilterException;
import app.perpetua.flow.imports.readers.Entry.Content;
import app.perpetua.flow.imports.readers.Fields.InvalidFieldException;
import app.perpetua.flow.parsing.Positions;
import app.perpetua.flow.parsing.UnicodeText;
import app.perpetua.flow.recurrence.ImportedRule;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/** The entities of this service's document, one after the other. Not thread-safe. */
final class PerpetuaFlowEntities {
  private static final int MAX_PARTS = 1_000;
  private static final int MAX_SECONDS = Integer.MAX_VALUE;
  private static final int MAX_VERSION = Integer.MAX_VALUE - 1;
  private static final int MAX_OFFSET = 43_200;
  private static final Set<String> PRIORITIES = Set.of("low", "medium", "high");
  private static final Pattern COLOUR = Pattern.compile("#[0-9a-f]{6}");

  private final AddressGuard guard;
  private final Instant now;
  private final Map<String, Set<Instant>> occurrences = new HashMap<>();

  /** Names by id. */
  private final Map<String, String> lists = new HashMap<>();

  private final Map<String, String> labels = new HashMap<>();

  /**
   * @param guard decides which URLs of recordings are permitted
   * @param now for what has no time
   */
  PerpetuaFlowEntities(AddressGuard guard, Instant now) {
    this.guard = guard;
    this.now = now;
  }

  Content list(Fields fields) throws InvalidFieldException {
    String name = name(fields);
    lists.put(id(fields), name);
    return new Entry.TaskList(name, position(fields), fields.bool("archived"));
  }

  Content label(Fields fields) throws InvalidFieldException {
    String name = name(fields);
    labels.put(id(fields), name);
    String colour = fields.text("colour", 0, Texts.NAME, "");
    return new Entry.Label(name, COLOUR.matcher(colour).matches() ? colour : null);
  }

  Content filter(Fields fields) throws InvalidFieldException {
    String name = name(fields);
    String query = fields.text("query", 1, Filter.MAX_LENGTH, "");
    try {
      return new Entry.SavedFilter(name, Filter.parse(query), position(fields));
    } catch (FilterException e) {
      throw Fields.unusable(
          "It is no valid filter at character %d: %s. Its text: %s"
              .formatted(e.position(), e.message(), query));
    }
  }

  private static String name(Fields fields) throws InvalidFieldException {
    return visible("name", fields.text("name", 1, Texts.NAME, ""));
  }

  private static String id(Fields fields) throws InvalidFieldException {
    return Objects.requireNonNull(fields.id("id"), "read before");
  }

  private static @Nullable String position(Fields fields) throws InvalidFieldException {
    String position = fields.text("position", 0, Texts.LONG_TEXT, "");
    return Positions.isPosition(position) ? position : null;
  }

  private Filing filing(Fields fields, List<String> reasons) throws InvalidFieldException {
    String listId = fields.id("list_id");
    String list = listId == null ? null : lists.get(listId);
    if (listId != null && list == null) {
      reasons.add("Its list is not in the file.");
    }
    Set<Filing.Named> found = new LinkedHashSet<>();
    for (JsonNode each : parts(fields, "label_ids")) {
      String id = each.asString("");
      String label = labels.get(id);
      if (label != null) {
        found.add(new Filing.Named(id, label));
      } else {
        reasons.add("A label is not in the file.");
      }
    }
    return new Filing(
        listId == null || list == null ? null : new Filing.Named(listId, list), List.copyOf(found));
  }

  private Map<String, @Nullable Object> revision(Fields fields) throws InvalidFieldException {
    Map<String, @Nullable Object> row = new LinkedHashMap<>();
    row.put("version", fields.integer("version", 1, MAX_VERSION, 1));
    row.put("created_at", fields.instant("created_at", now));
    row.put("updated_at", fields.instant("updated_at", now));
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

  Content template(Fields fields, List<String> reasons) throws InvalidFieldException {
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
    row.put("rrule", rrule);
    row.put("timezone", timezone);
    row.put("anchor", fields.oneOf("anchor", Set.of("schedule", "completion"), "schedule"));
    row.put("all_day", fields.bool("all_day"));
    row.put("created", fields.integer("created", 0, Integer.MAX_VALUE, 0));
    row.put("starts_at", startsAt);
    row.put("next_due", fields.instant("next_due"));
    row.put("active", fields.bool("active"));
    row.put("deleted_parts", deletedParts(fields));
    return new Entry.Template(row, filing(fields, reasons));
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

  Content task(Fields fields, List<String> reasons) throws InvalidFieldException {
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
        fields.bool("archived") && !fields.bool("completed") ? fields.instant("skipped_at") : null);
    List<Map<String, @Nullable Object>> subtasks = new ArrayList<>();
    for (JsonNode each : parts(fields, "subtasks")) {
      subtasks.add(subtask(new Fields(each), subtasks.size()));
    }
    row.put("subtask_count", subtasks.size());
    row.put(
        "subtask_completed_count",
        (int) subtasks.stream().filter(each -> Boolean.TRUE.equals(each.get("completed"))).count());
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
    row.put("completed_at", completed ? fields.instant("completed_at", now) : null);
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
    row.put("fired_at", fired ? fields.instant("fired_at", now) : null);
    return new Entry.Alarm(type, absolute ? null : offset, at, row);
  }

  Content note(Fields fields, List<String> reasons) throws InvalidFieldException {
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
