package app.perpetua.flow.imports.readers;

import com.github.mangstadt.vinnie.VObjectProperty;
import com.github.mangstadt.vinnie.io.Context;
import com.github.mangstadt.vinnie.io.SyntaxRules;
import com.github.mangstadt.vinnie.io.VObjectDataAdapter;
import com.github.mangstadt.vinnie.io.VObjectPropertyValues;
import com.github.mangstadt.vinnie.io.VObjectReader;
import java.io.IOException;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** The to-dos of a calendar file (RFC 5545); journal entries become notes. */
public final class ICalendarReader implements EntryReader {
  private static final int MAX_OFFSET = 43_200;
  private static final int DEEPEST = 20;

  @Override
  public void read(SourceFile file, Predicate<Entry> sink)
      throws IOException, InvalidFileException {
    Components components = new Components(file);
    try (VObjectReader reader = new VObjectReader(file.text(), SyntaxRules.iCalendar())) {
      reader.parse(components);
    }
    if (components.problem != null) {
      throw components.problem;
    }
    if (!components.isCalendar) {
      throw new InvalidFileException("The file has no line BEGIN:VCALENDAR.", null);
    }
    new ItemTree(file, components.items, components.places).read(sink);
  }

  private static final class Components extends VObjectDataAdapter {
    private final SourceFile file;
    private final List<SourceItem> items = new ArrayList<>();
    private final Places places = new Places();
    private boolean isCalendar;

    /** Items that precede the calendar that is being read. */
    private int before;

    /** The name of that calendar. */
    private @Nullable String calendar;

    private int depth;
    private @Nullable InvalidFileException problem;

    /** The to-do, journal entry or event that is being read. */
    private @Nullable Component component;

    private @Nullable String alarmTrigger;
    private boolean alarm;

    Components(SourceFile file) {
      this.file = file;
    }

    @Override
    public void onComponentBegin(String name, Context context) {
      depth++;
      if (name.equalsIgnoreCase("VCALENDAR")) {
        isCalendar = true;
        before = items.size();
        calendar = null;
      }
      if (depth > DEEPEST) {
        stop(
            new InvalidFileException("Components are nested too deeply.", context.getLineNumber()),
            context);
      } else if (items.size() >= MAX_ENTRIES) {
        stop(EntryReader.tooMany(), context);
      } else if (name.equalsIgnoreCase("VALARM")) {
        alarm = true;
        alarmTrigger = null;
      } else if (isEntry(name) && component == null) {
        component = new Component(name.toUpperCase(Locale.ROOT), context.getLineNumber());
      }
    }

    private static boolean isEntry(String name) {
      return name.equalsIgnoreCase("VTODO")
          || name.equalsIgnoreCase("VJOURNAL")
          || name.equalsIgnoreCase("VEVENT");
    }

    private void stop(InvalidFileException why, Context context) {
      problem = why;
      context.stop();
    }

    @Override
    public void onComponentEnd(String name, Context context) {
      depth--;
      if (name.equalsIgnoreCase("VCALENDAR")) {
        file();
      }
      Component ended = component;
      if (ended == null) {
        return;
      }
      if (name.equalsIgnoreCase("VALARM")) {
        alarm = false;
        if (alarmTrigger != null) {
          ended.triggers.add(alarmTrigger);
        }
      } else if (name.equalsIgnoreCase(ended.type)) {
        items.add(ended.item(file, places));
        component = null;
      }
    }

    /** The tasks of a calendar are those of a list in the programs that write such files. */
    private void file() {
      String name = file.list() == null ? calendar : file.list();
      for (SourceItem item : items.subList(before, items.size())) {
        if (name != null && !item.note && item.left == null) {
          item.list = places.list(name);
        }
      }
    }

    @Override
    public void onProperty(VObjectProperty property, Context context) {
      Component current = component;
      String name = property.getName().toUpperCase(Locale.ROOT);
      if (current == null) {
        if (name.equals("X-WR-CALNAME")) {
          calendar = Component.unescaped(property);
        }
        return;
      }
      if (alarm) {
        if (name.equals("TRIGGER")) {
          boolean atEnd = "END".equalsIgnoreCase(property.getParameters().first("RELATED"));
          alarmTrigger = (atEnd ? "END:" : "") + property.getValue();
        }
      } else {
        current.add(name, property);
      }
    }
  }

  /** The properties of an entry. */
  private static final class Component {
    private final String type;
    private final int line;
    private final List<VObjectProperty> properties = new ArrayList<>();
    private final List<String> triggers = new ArrayList<>();

    Component(String type, int line) {
      this.type = type;
      this.line = line;
    }

    void add(String name, VObjectProperty property) {
      property.setName(name);
      properties.add(property);
    }

    private @Nullable VObjectProperty first(String name) {
      return properties.stream()
          .filter(property -> property.getName().equals(name))
          .findFirst()
          .orElse(null);
    }

    private String text(String name) {
      VObjectProperty property = first(name);
      return property == null ? "" : unescaped(property);
    }

    private static String unescaped(VObjectProperty property) {
      String value = property.getValue();
      return value == null ? "" : Texts.storable(VObjectPropertyValues.unescape(value));
    }

    SourceItem item(SourceFile file, Places places) {
      String id = text("UID");
      String recurrence = text("RECURRENCE-ID");
      if (id.isEmpty()) {
        id = Texts.hash(type + properties);
      } else if (!recurrence.isEmpty()) {
        id += "/" + recurrence;
      }
      SourceItem item = new SourceItem(line, id, text("SUMMARY"), file.zone());
      item.text = text("DESCRIPTION");
      item.createdAt = date(item, "CREATED");
      if (type.equals("VEVENT")) {
        item.left = "Events are not imported, only to-dos and journal entries.";
        return item;
      }
      item.note = type.equals("VJOURNAL");
      if (!recurrence.isEmpty()) {
        item.reasons.add(
            "It is a changed occurrence of a repeated entry, and is an entry of its own.");
      }
      if (!item.note) {
        todo(item);
      }
      keepOthers(item);
      categories(item, places);
      return item;
    }

    private void todo(SourceItem item) {
      VObjectProperty parent =
          properties.stream()
              .filter(property -> property.getName().equals("RELATED-TO"))
              .filter(
                  property -> {
                    String relation = property.getParameters().first("RELTYPE");
                    return relation == null || relation.equalsIgnoreCase("PARENT");
                  })
              .findFirst()
              .orElse(null);
      item.parent = parent == null ? null : Texts.id(unescaped(parent));
      item.priority =
          switch (text("PRIORITY")) {
            case "1", "2", "3", "4" -> "high";
            case "", "0", "5" -> "medium";
            default -> "low";
          };
      if (item.priority.equals("medium") && !text("PRIORITY").equals("5")) {
        item.priority = SourceItem.NO_PRIORITY;
      }
      dates(item);
      status(item);
      for (String trigger : triggers) {
        reminder(item, trigger);
      }
    }

    private void dates(SourceItem item) {
      Instant start = date(item, "DTSTART");
      Instant due = date(item, "DUE");
      String duration = text("DURATION");
      if (due == null && start != null && !duration.isEmpty()) {
        try {
          due = start.plus(Duration.parse(duration));
        } catch (DateTimeException | ArithmeticException e) {
          item.keep("Duration", duration, "The duration cannot be read.");
        }
      }
      item.due = due == null ? start : SourceDates.inRange(due);
      item.dueOn = item.due == null ? null : day(due == null ? "DTSTART" : "DUE");
      if (start != null && due != null && !start.equals(due)) {
        item.keep(
            "Start",
            start.atZone(item.zone).toLocalDateTime().toString(),
            "A task has no start date.");
      }
      String rule = text("RRULE");
      item.rrule = rule.isEmpty() ? null : rule;
      for (String exception : List.of("RDATE", "EXDATE", "EXRULE")) {
        item.keep(exception, text(exception), "Exceptions of a recurrence are not imported.");
      }
    }

    /** The value of a property, if it is a day without a time. */
    private @Nullable LocalDate day(String name) {
      VObjectProperty property = first(name);
      return property == null ? null : SourceDates.day(unescaped(property).strip());
    }

    private @Nullable Instant date(SourceItem item, String name) {
      VObjectProperty property = first(name);
      if (property == null) {
        return null;
      }
      String value = unescaped(property).strip();
      String zoneName = property.getParameters().first("TZID");
      if (zoneName != null) {
        ZoneId zone = SourceDates.zone(zoneName.replaceFirst("^/[^/]+/[^/]+/", ""));
        if (zone == null) {
          item.keep("Time zone", zoneName, "A time zone is unknown; yours is used.");
        } else {
          item.zone = zone;
        }
      }
      Instant date = SourceDates.parse(value, item.zone);
      if (date == null) {
        item.keep(name, value, "A date is not one that is certain, such as 20260531.");
      }
      return date;
    }

    private void status(SourceItem item) {
      String status = text("STATUS").toUpperCase(Locale.ROOT);
      Instant completed = date(item, "COMPLETED");
      item.completed = status.equals("COMPLETED") || (status.isEmpty() && completed != null);
      item.completedAt = item.completed ? completed : null;
      if (status.equals("CANCELLED")) {
        item.archived = true;
        item.reasons.add("It was cancelled, and is archived.");
      }
      String percent = text("PERCENT-COMPLETE");
      if (!item.completed && !percent.isEmpty() && !percent.equals("0")) {
        item.keep("Done", percent + " %", "A task has no percentage.");
      }
    }

    private void categories(SourceItem item, Places places) {
      List<String> names =
          properties.stream()
              .filter(property -> property.getName().equals("CATEGORIES"))
              .filter(property -> property.getValue() != null)
              .flatMap(property -> VObjectPropertyValues.parseList(property.getValue()).stream())
              .map(Texts::storable)
              .toList();
      if (item.note) {
        item.keep(
            "Labels", String.join(", ", names), "A note has no labels; they are in its text.");
      } else {
        places.label(item, names);
      }
    }

    private void keepOthers(SourceItem item) {
      for (VObjectProperty property : properties) {
        switch (property.getName()) {
          case "LOCATION", "URL", "ATTACH", "COMMENT", "CONTACT", "ATTENDEE", "ORGANIZER", "GEO" ->
              item.keep(
                  property.getName().charAt(0)
                      + property.getName().substring(1).toLowerCase(Locale.ROOT),
                  unescaped(property),
                  "Properties without a field are in the description.");
          default -> {}
        }
      }
    }

    private void reminder(SourceItem item, String trigger) {
      String text = trigger.startsWith("END:") ? trigger.substring("END:".length()) : trigger;
      Instant at = SourceDates.parse(text, item.zone);
      if (at != null) {
        item.reminders.add(Entry.Alarm.absolute(at));
        return;
      }
      try {
        long before = -Duration.parse(text.replaceFirst("^\\+", "")).toMinutes();
        if (Math.abs(before) <= (item.dueOn == null ? MAX_OFFSET : Entry.Alarm.MAX_OF_DAY)) {
          // RFC 5545, section 3.8.6.3: relative to the start of a day without a time.
          item.reminders.add(
              item.dueOn == null ? Entry.Alarm.before(before) : Entry.Alarm.ofDay((int) -before));
          return;
        }
      } catch (DateTimeException | ArithmeticException e) {
        // Reported below.
      }
      item.keep("Reminder", text, "A reminder is not within 30 days of the due date.");
    }
  }
}
