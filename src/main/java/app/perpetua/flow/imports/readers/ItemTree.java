package app.perpetua.flow.imports.readers;

import app.perpetua.flow.imports.readers.Entry.Content;
import app.perpetua.flow.imports.readers.Entry.Origin;
import app.perpetua.flow.recurrence.ImportedRule;
import app.perpetua.flow.tasks.AllDay;
import java.time.Instant;
import java.time.LocalDate;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * The items of a file as tasks with subtasks. A child becomes a subtask if a subtask can hold all
 * of it, and otherwise a task that names its parent. Not thread-safe.
 */
final class ItemTree {
  /** Of one task; further ones become tasks. */
  private static final int MAX_SUBTASKS = 200;

  private static final int MAX_REMINDERS = 50;
  private static final int MAX_MINUTES = 720;

  private final SourceFile file;
  private final List<SourceItem> items;
  private final Places places;
  private final Map<String, SourceItem> byId = new HashMap<>();
  private final Map<String, List<SourceItem>> children = new HashMap<>();
  private final Set<SourceItem> subtasks = new HashSet<>();
  private final Map<SourceItem, List<SourceItem>> subtasksOf = new HashMap<>();

  /**
   * @param places the lists and labels of the items, and others of the file
   */
  ItemTree(SourceFile file, List<SourceItem> items, Places places) {
    this.file = file;
    this.places = places;
    this.items = items;
    index();
    breakCycles();
    for (SourceItem item : items) {
      if (item.parent != null) {
        children.computeIfAbsent(item.parent, _ -> new ArrayList<>()).add(item);
      }
    }
    placeChildren();
  }

  private void index() {
    for (SourceItem item : items) {
      SourceItem first = byId.putIfAbsent(item.id, item);
      if (first != null) {
        item.left =
            "It has the id of another entry"
                + (first.line == null ? "." : ", on line " + first.line + ".");
        item.parent = null;
      }
    }
    for (SourceItem item : items) {
      if (item.parent != null && !byId.containsKey(item.parent)) {
        item.parent = null;
        item.reasons.add("Its parent is not in the file.");
      }
    }
  }

  /** An item on a cycle loses its parent, the first of the file. */
  private void breakCycles() {
    Set<SourceItem> checked = new HashSet<>();
    for (SourceItem item : items) {
      Set<SourceItem> path = new HashSet<>();
      SourceItem at = item;
      while (at != null && checked.add(at)) {
        path.add(at);
        at = at.parent == null ? null : byId.get(at.parent);
      }
      if (at != null && path.contains(at)) {
        at.parent = null;
        at.reasons.add("Its parents form a cycle, so it has none.");
      }
    }
  }

  private void placeChildren() {
    for (SourceItem root : items) {
      if (root.parent != null || root.left != null) {
        continue;
      }
      // Each level is placed before the next, so that a task is known before its subtasks.
      record Placed(SourceItem item, List<String> place, SourceItem task) {}
      Deque<Placed> open = new ArrayDeque<>();
      open.add(new Placed(root, root.place, root));
      while (!open.isEmpty()) {
        Placed placed = open.removeFirst();
        for (SourceItem child : children.getOrDefault(placed.item().id, List.of())) {
          boolean nested = placed.item() != placed.task();
          List<String> place = child.place;
          if (place.equals(placed.place())) {
            child.place = List.of();
          }
          if (child.list == null) {
            child.list = placed.task().list;
          }
          SourceItem task = place(child, placed.item(), placed.task(), nested);
          open.add(new Placed(child, place, task));
        }
      }
    }
  }

  /** Returns the task that the children of the child belong to. */
  private SourceItem place(SourceItem child, SourceItem parent, SourceItem task, boolean nested) {
    List<SourceItem> placed = subtasksOf.computeIfAbsent(task, _ -> new ArrayList<>());
    boolean full = placed.size() + task.checks.size() >= MAX_SUBTASKS;
    boolean together = child.place.isEmpty() && Objects.equals(child.list, task.list);
    if (child.isPlain() && together && !task.note && task.left == null && !full) {
      placed.add(child);
      subtasks.add(child);
      if (nested) {
        task.reasons.add("“" + quoted(child) + "” was nested deeper, and is a subtask.");
      }
      return task;
    }
    child.extras.addFirst("Part of: " + parent.title);
    child.reasons.add(
        full
            ? "A task has at most " + MAX_SUBTASKS + " imported subtasks, so it is a task."
            : "It has more than a subtask can hold, so it is a task.");
    return child;
  }

  private static String quoted(SourceItem item) {
    return Texts.shortened(item.title, 60);
  }

  /** Passes on lists and labels, then the items that refer to them. */
  void read(Predicate<Entry> sink) {
    for (Entry place : places.entries()) {
      if (!sink.test(place)) {
        return;
      }
    }
    for (SourceItem item : items) {
      if (subtasks.contains(item)) {
        continue;
      }
      for (Entry entry : entries(item)) {
        if (!sink.test(entry)) {
          return;
        }
      }
    }
  }

  private List<Entry> entries(SourceItem item) {
    if (item.left != null) {
      return List.of(
          new Entry(
              origin(item), new Entry.Unusable(item.note ? "note" : "task"), List.of(item.left)));
    }
    return item.note ? note(item) : task(item);
  }

  private static Origin origin(SourceItem item) {
    return new Origin(item.line, item.id, item.title);
  }

  private List<Entry> note(SourceItem item) {
    String text = item.text.isBlank() ? item.title : item.title + "\n\n" + item.text;
    List<Entry> entries = new ArrayList<>();
    List<String> parts = Texts.split(withExtras(text, item), Texts.NOTE);
    if (parts.size() > 1) {
      item.reasons.add("It is longer than a note, so it is " + parts.size() + " notes.");
    }
    entries.add(
        new Entry(origin(item), new Entry.Note(noteRow(item, parts.getFirst())), item.reasons));
    addContinuations(entries, item, parts);
    return entries;
  }

  private void addContinuations(List<Entry> entries, SourceItem item, List<String> parts) {
    for (int part = 1; part < parts.size(); part++) {
      entries.add(
          new Entry(
              new Origin(item.line, Texts.id(item.id + "/part-" + (part + 1)), item.title),
              new Entry.Note(noteRow(item, parts.get(part))),
              List.of("It continues a text that is too long.")));
    }
  }

  private Map<String, @Nullable Object> noteRow(SourceItem item, String content) {
    Map<String, @Nullable Object> row = new LinkedHashMap<>();
    row.put("content", content);
    row.put("archived", item.archived);
    row.put("version", 1);
    row.put("created_at", createdAt(item));
    row.put("updated_at", file.now());
    return row;
  }

  private Instant createdAt(SourceItem item) {
    return item.createdAt == null || item.createdAt.isAfter(file.now())
        ? file.now()
        : item.createdAt;
  }

  private static String withExtras(String text, SourceItem item) {
    List<String> lines = new ArrayList<>(item.place);
    lines.addAll(item.extras);
    String below = Texts.storable(String.join("\n", lines));
    return below.isEmpty() || text.isBlank() ? text + below : text + "\n\n" + below;
  }

  private List<Entry> task(SourceItem item) {
    String text = item.text.isBlank() ? "" : item.text;
    if (!item.place.isEmpty()) {
      item.reasons.add("Where it was is in the description.");
    }
    if (!Texts.fits(item.title, Texts.TITLE)) {
      text = text.isEmpty() ? item.title : item.title + "\n\n" + text;
      item.reasons.add("The title is too long; all of it is in the description.");
    }
    Entry.Repeat repeat = repeat(item);
    checkMinutes(item);
    List<Entry.Alarm> reminders = reminders(item);
    List<String> parts = Texts.split(withExtras(text, item), Texts.LONG_TEXT);
    if (parts.size() > 1) {
      item.reasons.add("The description continues in " + (parts.size() - 1) + " notes.");
    }
    List<Map<String, @Nullable Object>> steps = steps(item);
    List<Entry> entries = new ArrayList<>();
    Content task =
        new Entry.Task(
            row(item, parts.getFirst(), steps),
            steps,
            reminders,
            null,
            repeat,
            new Filing(item.list, List.copyOf(item.labels)));
    entries.add(new Entry(origin(item), task, List.copyOf(item.reasons)));
    addContinuations(entries, item, parts);
    return entries;
  }

  private static void checkMinutes(SourceItem item) {
    if (item.minutes != null && (item.minutes < 1 || item.minutes > MAX_MINUTES)) {
      item.keep(
          "Duration",
          item.minutes + " minutes",
          "The duration is not an estimate that a task can have.");
      item.minutes = null;
    }
  }

  private List<Entry.Alarm> reminders(SourceItem item) {
    List<Entry.Alarm> kept = new ArrayList<>();
    for (Entry.Alarm alarm : item.reminders) {
      if (kept.size() == MAX_REMINDERS) {
        item.reasons.add("Only " + MAX_REMINDERS + " reminders of a task are imported.");
        break;
      }
      if (alarm.at() == null && item.due == null) {
        item.reasons.add("A reminder is relative to a due date that the task does not have.");
      } else {
        kept.add(item.dueOn == null ? alarm.relativeTo(SourceDates.END_OF_DAY) : alarm);
      }
    }
    return kept;
  }

  private Entry.@Nullable Repeat repeat(SourceItem item) {
    if (item.rrule == null) {
      return null;
    }
    String problem = "it has no due date";
    if (item.completed) {
      problem = "it is completed";
    } else if (item.due != null) {
      LocalDate day = item.dueOn;
      Instant start = day == null ? item.due : AllDay.end(day, item.zone);
      switch (ImportedRule.of(
          item.rrule, item.afterCompletion, start, day != null, item.zone, file.now())) {
        case ImportedRule.Usable(String rrule, Instant next) -> {
          return new Entry.Repeat(
              rrule, item.afterCompletion, item.zone.getId(), day != null, start, next);
        }
        case ImportedRule.Unusable(String reason) -> problem = "the rule " + reason;
      }
    }
    item.keep("Repeats", item.rrule, "It does not repeat any more: " + problem + ".");
    return null;
  }

  private List<Map<String, @Nullable Object>> steps(SourceItem item) {
    List<Map<String, @Nullable Object>> steps = new ArrayList<>();
    for (SourceItem.Check check : item.checks) {
      steps.add(step(check.title(), check.done(), file.now(), file.now(), steps.size()));
    }
    for (SourceItem child : subtasksOf.getOrDefault(item, List.of())) {
      Instant completedAt = child.completedAt == null ? file.now() : child.completedAt;
      steps.add(step(child.title, child.completed, completedAt, createdAt(child), steps.size()));
    }
    return steps;
  }

  private Map<String, @Nullable Object> step(
      String title, boolean done, Instant completedAt, Instant createdAt, int index) {
    Map<String, @Nullable Object> row = new LinkedHashMap<>();
    row.put("title", title);
    row.put("completed", done);
    row.put("completed_at", done ? completedAt : null);
    row.put("order_index", index);
    row.put("source", "user");
    row.put("version", 1);
    row.put("created_at", createdAt);
    row.put("updated_at", file.now());
    return row;
  }

  private Map<String, @Nullable Object> row(
      SourceItem item, String description, List<Map<String, @Nullable Object>> steps) {
    Map<String, @Nullable Object> row = new LinkedHashMap<>();
    row.put("title", Texts.shortened(item.title, Texts.TITLE));
    row.put("description", description);
    row.put("priority", item.priority);
    row.put("due_date", item.due);
    row.put("due_on", item.dueOn == null ? null : item.dueOn.toString());
    row.put("estimated_duration", item.minutes);
    row.put("focus_time_seconds", 0);
    row.put("completed", item.completed);
    row.put(
        "completed_at",
        !item.completed ? null : item.completedAt == null ? file.now() : item.completedAt);
    row.put("completed_by", item.completed ? "manual" : null);
    row.put("hidden", false);
    row.put("archived", item.archived);
    row.put("occurrence_at", null);
    row.put("subtask_count", steps.size());
    row.put(
        "subtask_completed_count",
        (int) steps.stream().filter(step -> Boolean.TRUE.equals(step.get("completed"))).count());
    row.put("version", 1);
    row.put("created_at", createdAt(item));
    row.put("updated_at", file.now());
    return row;
  }
}
