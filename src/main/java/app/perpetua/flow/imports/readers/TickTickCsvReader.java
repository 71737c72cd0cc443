package app.perpetua.flow.imports.readers;

import app.perpetua.flow.imports.readers.CsvTable.Line;
import app.perpetua.flow.imports.readers.SourceItem.Check;
import java.io.IOException;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** TickTick's backup, a CSV with some lines in front of the table. */
public final class TickTickCsvReader implements EntryReader {
  private static final int MAX_OFFSET = 43_200;
  private static final String NOTES = "A note has neither list nor labels; they are in its text.";
  private static final String OPEN = "▫";
  private static final String DONE = "▪";
  private static final int MAX_CHECKS = 200;

  @Override
  public void read(SourceFile file, Predicate<Entry> sink)
      throws IOException, InvalidFileException {
    List<SourceItem> items = new ArrayList<>();
    Places places = new Places();
    Map<String, Integer> repetitions = new HashMap<>();
    CsvTable.read(
        file,
        Set.of("title", "status", "list name"),
        line -> {
          if (items.size() >= MAX_ENTRIES) {
            throw EntryReader.tooMany();
          }
          if (!line.isBlank()) {
            items.add(item(file, line, repetitions, places));
          }
        });
    new ItemTree(file, items, places).read(sink);
  }

  private static SourceItem item(
      SourceFile file, Line line, Map<String, Integer> repetitions, Places places) {
    String id = line.get("taskId");
    if (id.isEmpty()) {
      String key = line.fields().toString();
      id = Texts.hash(key + "\n" + repetitions.merge(key, 1, Integer::sum));
    }
    SourceItem item = new SourceItem(line.number(), id, line.get("Title"), file.zone());
    String parent = line.get("parentId");
    item.parent = parent.isEmpty() ? null : Texts.id(parent);
    item.note = line.get("Kind").equalsIgnoreCase("NOTE");
    place(item, line, places);
    content(item, line);
    dates(item, line, file.zone());
    item.priority =
        switch (line.get("Priority")) {
          case "5" -> "high";
          case "3" -> "medium";
          default -> SourceItem.NO_PRIORITY;
        };
    status(item, line);
    return item;
  }

  private static void place(SourceItem item, Line line, Places places) {
    String list = line.get("List Name");
    String folder = line.get("Folder Name");
    String path =
        list.isEmpty() || list.equalsIgnoreCase("inbox")
            ? ""
            : folder.isEmpty() ? list : folder + " / " + list;
    if (item.note) {
      item.keep("List", path, NOTES);
      item.keep("Labels", line.get("Tags"), NOTES);
    } else {
      item.list = places.list(path);
      places.label(item, List.of(line.get("Tags").split(",", -1)));
    }
    String column = line.get("Column Name");
    item.place = column.isEmpty() ? List.of() : List.of("Section: " + column);
  }

  /** A check list is in the content, one item on each line; other lines are its description. */
  private static void content(SourceItem item, Line line) {
    String content = line.raw("Content").replace("\r\n", "\n").replace('\r', '\n');
    if (!line.get("Is Check list").toUpperCase(Locale.ROOT).startsWith("Y")) {
      item.text = content;
      return;
    }
    List<String> text = new ArrayList<>();
    for (String each : content.split("\n", -1)) {
      String stripped = each.strip();
      boolean check = stripped.startsWith(OPEN) || stripped.startsWith(DONE);
      String title = check ? stripped.substring(1).strip() : "";
      if (title.isEmpty() || !Texts.fits(title, Texts.TITLE) || item.checks.size() == MAX_CHECKS) {
        text.add(each);
      } else {
        item.checks.add(new Check(Texts.title(title), stripped.startsWith(DONE)));
      }
    }
    item.text = String.join("\n", text).strip();
  }

  private static void dates(SourceItem item, Line line, ZoneId usual) {
    ZoneId zone = SourceDates.zone(line.get("Timezone"));
    item.zone = zone == null ? usual : zone;
    item.createdAt = SourceDates.parse(line.get("Created Time"), item.zone);
    item.completedAt = SourceDates.parse(line.get("Completed Time"), item.zone);
    Instant start = SourceDates.parse(line.get("Start Date"), item.zone);
    Instant due = SourceDates.parse(line.get("Due Date"), item.zone);
    Instant at = due == null ? start : due;
    boolean allDay = line.get("Is All Day").equalsIgnoreCase("true");
    LocalDate day = at == null ? null : at.atZone(item.zone).toLocalDate();
    item.due =
        allDay && day != null
            ? day.atTime(SourceDates.END_OF_DAY).atZone(item.zone).toInstant()
            : at;
    item.dueOn = allDay ? day : null;
    if (start != null && due != null && !start.equals(due)) {
      item.keep(
          "Start",
          start.atZone(item.zone).toLocalDateTime().toString(),
          "A task has no start date.");
    }
    for (String name : List.of("Start Date", "Due Date")) {
      if (!line.get(name).isEmpty() && SourceDates.parse(line.get(name), item.zone) == null) {
        item.keep(name, line.get(name), "A date is not one that is certain, such as 2026-05-31.");
      }
    }
    Instant base =
        allDay && day != null
            ? day.atStartOfDay(item.zone).toInstant()
            : start == null ? at : start;
    for (String trigger : line.get("Reminder").split("[,\n]", -1)) {
      if (!trigger.isBlank()) {
        reminder(item, trigger.strip(), base);
      }
    }
    String repeat = line.get("Repeat");
    if (repeat.toUpperCase(Locale.ROOT).startsWith("RRULE:") || repeat.startsWith("FREQ=")) {
      item.rrule = withoutExtensions(repeat);
    } else {
      item.keep("Repeats", repeat, "Its recurrence cannot be expressed as a rule.");
    }
  }

  /** TickTick adds parts of its own, such as TT_SKIP. */
  private static String withoutExtensions(String rule) {
    return rule.replaceAll(";TT_[A-Z]+=[^;]*", "");
  }

  /** Relative to the start: before it if negative, after it otherwise. */
  private static void reminder(SourceItem item, String trigger, @Nullable Instant base) {
    String text = trigger.replaceFirst("(?i)^TRIGGER:", "");
    Duration offset;
    try {
      offset = Duration.parse(text);
    } catch (DateTimeException e) {
      item.reasons.add("A reminder has no time that can be read.");
      return;
    }
    Instant due = item.due;
    if (base == null || due == null || offset.abs().compareTo(Duration.ofDays(3_660)) > 0) {
      item.reasons.add("A reminder is relative to a date that the task does not have.");
      return;
    }
    if (item.dueOn != null && offset.abs().toMinutes() <= Entry.Alarm.MAX_OF_DAY) {
      item.reminders.add(Entry.Alarm.ofDay((int) offset.toMinutes()));
      return;
    }
    Instant at = base.plus(offset);
    long before = Duration.between(at, due).toMinutes();
    item.reminders.add(
        Math.abs(before) <= MAX_OFFSET ? Entry.Alarm.before(before) : Entry.Alarm.absolute(at));
  }

  private static void status(SourceItem item, Line line) {
    switch (line.get("Status")) {
      case "", "0" -> item.completedAt = null;
      case "1", "2" -> item.completed = true;
      case "-1" -> {
        item.archived = true;
        item.completedAt = null;
        item.reasons.add("It was abandoned, and is archived.");
      }
      default -> item.keep("Status", line.get("Status"), "Its status is unknown.");
    }
    if (item.note) {
      item.completed = false;
    }
  }
}
