package app.perpetua.flow.imports;

import app.perpetua.flow.base.Ids;
import app.perpetua.flow.base.Json;
import app.perpetua.flow.filters.FilterConfig;
import app.perpetua.flow.imports.ReportLine.Outcome;
import app.perpetua.flow.imports.readers.Entry;
import app.perpetua.flow.imports.readers.Texts;
import app.perpetua.flow.lists.ListConfig;
import app.perpetua.flow.recurrence.InstanceJobs;
import app.perpetua.flow.reminders.ReminderBase;
import app.perpetua.flow.reminders.ReminderJobs;
import app.perpetua.flow.sql.Tx;
import app.perpetua.flow.tasks.AllDay;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Adds entries to the acting user's data, each once, and reports what became of them. Of the limits
 * of the plan, those of lists, labels and filters apply. Requires the owner's lock. Thread-safe.
 */
final class ImportWriter {
  /**
   * When a template may create an instance by itself: the tasks that are its instances come later
   * in the import, which brings the time forward when it finishes.
   */
  private static final Duration INSTANCES_AFTER = Duration.ofHours(1);

  /** The reason for an entry that is left. */
  static final String KNOWN = "It is in your account already.";

  private final Ids ids;
  private final Json json;
  private final InstanceJobs instances;
  private final ReminderJobs reminders;
  private final ListConfig lists;
  private final FilterConfig filters;

  ImportWriter(
      Ids ids,
      Json json,
      InstanceJobs instances,
      ReminderJobs reminders,
      ListConfig lists,
      FilterConfig filters) {
    this.ids = ids;
    this.json = json;
    this.instances = instances;
    this.reminders = reminders;
    this.lists = lists;
    this.filters = filters;
  }

  /**
   * Adds entries, unless it is a dry run.
   *
   * @param from the position of the first entry in the file
   */
  void write(Tx tx, Import target, int from, List<Entry> entries) {
    new Batch(tx, target, entries).write(from, entries);
  }

  /** One transaction's share of an import. */
  private final class Batch {
    private final Tx tx;
    private final Import target;
    private final KnownEntries known;
    private final Filings filings;
    private final FilterRows filterRows;
    private final List<Map<String, @Nullable Object>> templates = new ArrayList<>();
    private final List<Map<String, @Nullable Object>> tasks = new ArrayList<>();
    private final List<Map<String, @Nullable Object>> subtasks = new ArrayList<>();
    private final List<Map<String, @Nullable Object>> alarms = new ArrayList<>();
    private final List<Map<String, @Nullable Object>> notes = new ArrayList<>();
    private final List<Map<String, @Nullable Object>> lines = new ArrayList<>();
    private @Nullable ReminderBase base;
    private int taken;
    private int changed;
    private int leftOut;

    Batch(Tx tx, Import target, List<Entry> entries) {
      this.tx = tx;
      this.target = target;
      this.known = KnownEntries.read(tx, target, entries, ids);
      AccountNames names = AccountNames.read(tx, target, entries, known, ids);
      this.filings = new Filings(tx, known, names, lists);
      this.filterRows = new FilterRows(tx, known, names, filters);
    }

    void write(int from, List<Entry> entries) {
      int seq = from;
      for (Entry entry : entries) {
        add(seq, entry);
        seq++;
      }
      if (!target.dryRun()) {
        store();
      }
      tx.sql("imports.insert_lines")
          .bind("import_id", target.id())
          .bind("rows", json.text(lines))
          .run();
      tx.sql("imports.record_progress")
          .bind("id", target.id())
          .bind("taken", taken)
          .bind("changed", changed)
          .bind("left_out", leftOut)
          .bind("tasks", tasks.size())
          .bind("subtasks", subtasks.size())
          .bind("templates", templates.size())
          .bind("reminders", alarms.size())
          .bind("notes", notes.size())
          .bind("lists", filings.addedLists())
          .bind("labels", filings.addedLabels())
          .bind("filters", filterRows.count())
          .run();
    }

    private void add(int seq, Entry entry) {
      String sourceId = entry.origin().id();
      if (entry.content() instanceof Entry.Unusable) {
        report(seq, entry, Outcome.LEFT, null, entry.reasons());
        return;
      }
      if (known.contains(entry.type(), sourceId) || repeatsKnown(entry)) {
        report(seq, entry, Outcome.LEFT, null, List.of(KNOWN));
        return;
      }
      List<String> reasons = new ArrayList<>(entry.reasons());
      UUID id = ids.next();
      String left = add(id, sourceId, entry.content(), reasons);
      if (left != null) {
        report(seq, entry, Outcome.LEFT, null, List.of(left));
        return;
      }
      known.add(entry.type(), sourceId, id);
      report(seq, entry, reasons.isEmpty() ? Outcome.TAKEN : Outcome.CHANGED, id, reasons);
    }

    /** Returns why it is not added, or null. */
    private @Nullable String add(
        UUID id, String sourceId, Entry.Content content, List<String> reasons) {
      switch (content) {
        case Entry.Task task -> addTask(id, sourceId, task, reasons);
        case Entry.Template template -> addTemplate(id, template, reasons);
        case Entry.Note(Map<String, @Nullable Object> row) -> notes.add(withId(id, row));
        case Entry.TaskList list -> {
          return filings.add(id, sourceId, list);
        }
        case Entry.Label label -> {
          return filings.add(id, sourceId, label);
        }
        case Entry.SavedFilter filter -> {
          return filterRows.add(id, filter, reasons);
        }
        case Entry.Unusable _ -> throw new IllegalStateException("reported before");
      }
      return null;
    }

    /** Whether the task is gone, but the template that it became as well is not. */
    private boolean repeatsKnown(Entry entry) {
      return entry.content() instanceof Entry.Task task
          && task.repeat() != null
          && known.contains("template", entry.origin().id());
    }

    private static Map<String, @Nullable Object> withId(
        UUID id, Map<String, @Nullable Object> row) {
      Map<String, @Nullable Object> complete = new LinkedHashMap<>(row);
      complete.put("id", id);
      return complete;
    }

    private void addTemplate(UUID id, Entry.Template template, List<String> reasons) {
      Map<String, @Nullable Object> row = withId(id, template.row());
      filings.file(row, template.filing(), reasons);
      templates.add(row);
      if (Boolean.TRUE.equals(row.get("active")) && !target.dryRun()) {
        instances.schedule(tx, id, tx.now().plus(INSTANCES_AFTER));
      }
    }

    private void addTask(UUID id, String sourceId, Entry.Task task, List<String> reasons) {
      Map<String, @Nullable Object> row = withId(id, task.row());
      filings.file(row, task.filing(), reasons);
      UUID template = null;
      Entry.Repeat repeat = task.repeat();
      if (repeat != null) {
        template = ids.next();
        templates.add(templateOf(template, row, repeat));
        known.add("template", sourceId, template);
        row.put("occurrence_at", repeat.startsAt());
      } else if (task.templateId() != null) {
        template = known.get("template", task.templateId());
        if (template == null) {
          reasons.add("Its template is not in the file.");
        }
      }
      row.put("template_id", template);
      String day = (String) row.get("due_on");
      LocalDate dueOn = day == null ? null : LocalDate.parse(day);
      if (dueOn != null
          && !(Boolean.TRUE.equals(row.get("completed")) && row.get("due_date") != null)) {
        row.put("due_date", AllDay.end(dueOn, ZoneId.of(tx.owner().timezone())));
      }
      tasks.add(row);
      for (Map<String, @Nullable Object> subtask : task.subtasks()) {
        Map<String, @Nullable Object> complete = withId(ids.next(), subtask);
        complete.put("task_id", id);
        subtasks.add(complete);
      }
      for (Entry.Alarm alarm : task.reminders()) {
        addReminder(
            id,
            dueOn == null ? (Instant) row.get("due_date") : base().on(dueOn),
            dueOn == null ? alarm : ofDay(alarm, dueOn));
      }
    }

    private Map<String, @Nullable Object> templateOf(
        UUID id, Map<String, @Nullable Object> task, Entry.Repeat repeat) {
      Map<String, @Nullable Object> row = new LinkedHashMap<>();
      row.put("id", id);
      for (String column :
          List.of(
              "title",
              "description",
              "priority",
              "estimated_duration",
              "list_id",
              "label_ids",
              "version",
              "created_at",
              "updated_at")) {
        row.put(column, task.get(column));
      }
      row.put("rrule", repeat.rrule());
      row.put("anchor", repeat.afterCompletion() ? "completion" : "schedule");
      row.put("created", 1);
      row.put("timezone", repeat.timezone());
      row.put("all_day", repeat.allDay());
      row.put("starts_at", repeat.startsAt());
      row.put("next_due", repeat.next());
      row.put("active", true);
      return row;
    }

    private ReminderBase base() {
      if (base == null) {
        base = ReminderBase.read(tx);
      }
      return base;
    }

    /** The alarm of an all-day task, whose stored time may be from another time zone. */
    private Entry.Alarm ofDay(Entry.Alarm alarm, LocalDate day) {
      Entry.Alarm relative = alarm.relativeTo(base().time());
      Integer offset = relative.offsetMinutes();
      if (offset == null) {
        return alarm;
      }
      Map<String, @Nullable Object> row = new LinkedHashMap<>(relative.row());
      if (!Boolean.TRUE.equals(row.get("fired"))) {
        row.put("scheduled_at", scheduledAt(base().on(day), relative));
      }
      return new Entry.Alarm(relative.type(), offset, null, row);
    }

    /** One whose time has passed does not notify any more. */
    private void addReminder(UUID taskId, @Nullable Instant due, Entry.Alarm alarm) {
      UUID id = ids.next();
      Map<String, @Nullable Object> row = new LinkedHashMap<>();
      row.put("method", "in_app");
      row.put("scheduled_at", scheduledAt(due, alarm));
      row.put("fired", false);
      row.put("fired_at", null);
      row.put("version", 1);
      row.put("created_at", tx.now());
      row.put("updated_at", tx.now());
      row.putAll(alarm.row());
      row.put("id", id);
      row.put("task_id", taskId);
      row.put("type", alarm.type());
      row.put("offset_minutes", alarm.offsetMinutes());
      Instant at = (Instant) row.get("scheduled_at");
      if (!Boolean.TRUE.equals(row.get("fired")) && at != null) {
        if (at.isBefore(tx.now())) {
          row.put("fired", true);
          row.put("fired_at", tx.now());
        } else if (!target.dryRun()) {
          reminders.schedule(tx, id, taskId, at);
        }
      }
      alarms.add(row);
    }

    private static @Nullable Instant scheduledAt(@Nullable Instant due, Entry.Alarm alarm) {
      if (alarm.offsetMinutes() == null || due == null) {
        return alarm.at();
      }
      Duration offset = Duration.ofMinutes(alarm.offsetMinutes());
      return alarm.type().equals("before") ? due.minus(offset) : due.plus(offset);
    }

    private void report(
        int seq, Entry entry, Outcome outcome, @Nullable UUID id, List<String> reasons) {
      switch (outcome) {
        case TAKEN -> taken++;
        case CHANGED -> changed++;
        case LEFT -> leftOut++;
      }
      Map<String, @Nullable Object> line = new LinkedHashMap<>();
      line.put("seq", seq);
      line.put("line", entry.origin().line());
      line.put("entity_type", entry.type());
      line.put("source_id", entry.origin().id());
      line.put("title", Texts.shortened(Texts.storable(entry.origin().title()), Texts.TITLE));
      line.put("outcome", outcome.wireName());
      line.put("entity_id", target.dryRun() ? null : id);
      line.put("reasons", reasons);
      lines.add(line);
    }

    private void store() {
      filings.store(json);
      filterRows.store(json);
      insert("imports.insert_templates", templates);
      if (!tasks.isEmpty()) {
        tx.sql("imports.insert_tasks")
            .bind("rows", json.text(tasks))
            .bind("open_tasks", (int) tasks.stream().filter(ImportWriter::isOpen).count())
            .run();
      }
      insert("imports.insert_subtasks", subtasks);
      insert("imports.insert_reminders", alarms);
      if (!notes.isEmpty()) {
        tx.sql("imports.insert_notes")
            .bind("rows", json.text(notes))
            .bind("notes", (int) notes.stream().filter(note -> isFalse(note, "archived")).count())
            .run();
      }
      known.store(json);
    }

    private void insert(String statement, List<Map<String, @Nullable Object>> rows) {
      if (!rows.isEmpty()) {
        tx.sql(statement).bind("rows", json.text(rows)).run();
      }
    }
  }

  private static boolean isOpen(Map<String, @Nullable Object> task) {
    return isFalse(task, "completed") && isFalse(task, "hidden") && isFalse(task, "archived");
  }

  private static boolean isFalse(Map<String, @Nullable Object> row, String column) {
    return Boolean.FALSE.equals(row.get(column));
  }
}
