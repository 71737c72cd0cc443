package app.perpetua.flow.calendar;

import app.perpetua.flow.calendar.FeedTask.Alarm;
import app.perpetua.flow.calendar.FeedTask.Step;
import app.perpetua.flow.recurrence.Series;
import app.perpetua.flow.tasks.Priority;
import app.perpetua.flow.tasks.TaskDraft;
import biweekly.ICalDataType;
import biweekly.ICalVersion;
import biweekly.ICalendar;
import biweekly.component.ICalComponent;
import biweekly.component.VAlarm;
import biweekly.component.VEvent;
import biweekly.component.VTodo;
import biweekly.io.text.ICalWriter;
import biweekly.parameter.Related;
import biweekly.property.Action;
import biweekly.property.Description;
import biweekly.property.Method;
import biweekly.property.Sequence;
import biweekly.property.Status;
import biweekly.property.Summary;
import biweekly.property.Trigger;
import biweekly.property.Uid;
import biweekly.property.Url;
import biweekly.util.Duration;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Writes a feed as iCalendar (RFC 5545). The result depends on the arguments alone. Thread-safe.
 *
 * <p>Times are written as text of {@code java.time}: biweekly's are {@code java.util.Date} and
 * {@code TimeZone}, which know neither local times in a gap nor all time zones of the service.
 */
final class CalendarWriter {
  private static final String DOMAIN = "@perpetua-flow";
  private static final String PRODUCT = "-//Perpetua Flow//Calendar feed 1//EN";

  /** What clients that heed it wait between two requests. */
  private static final Duration REFRESH = Duration.builder().hours(1).build();

  private static final DateTimeFormatter LOCAL = DateTimeFormatter.ofPattern("uuuuMMdd'T'HHmmss");
  private static final DateTimeFormatter UTC =
      DateTimeFormatter.ofPattern("uuuuMMdd'T'HHmmss'Z'").withZone(ZoneOffset.UTC);

  private final Function<UUID, @Nullable String> taskPage;

  /**
   * @param taskPage the absolute URL of a task's page; null if it is not known
   */
  CalendarWriter(Function<UUID, @Nullable String> taskPage) {
    this.taskPage = taskPage;
  }

  /** The calendar in UTF-8. */
  byte[] write(CalendarFeeds.Opened opened, FeedContents.Contents contents) {
    CalendarFeed feed = opened.feed();
    ICalendar calendar = new ICalendar();
    calendar.setProductId(PRODUCT);
    calendar.setMethod(Method.PUBLISH);
    String name = CalendarText.allowed(feed.name());
    calendar.setName(name);
    calendar.addExperimentalProperty("X-WR-CALNAME", CalendarText.escaped(name));
    calendar.addExperimentalProperty("X-WR-TIMEZONE", CalendarText.escaped(opened.zone().getId()));
    // RFC 7986 requires the parameter, which biweekly leaves out.
    calendar.setRefreshInterval(REFRESH).setParameter("VALUE", "DURATION");
    calendar.addExperimentalProperty("X-PUBLISHED-TTL", REFRESH.toString());
    Instant today = opened.today().atStartOfDay(opened.zone()).toInstant();
    zones(contents)
        .forEach((id, zone) -> calendar.addComponent(TimeZoneComponent.of(id, zone, today)));
    for (FeedTask task : contents.tasks()) {
      if (feed.kind().hasTodos()) {
        calendar.addComponent(todo(task));
      }
      if (feed.kind().hasEvents()) {
        calendar.addComponent(event(task));
      }
    }
    for (Series series : contents.series()) {
      if (feed.kind().hasTodos()) {
        calendar.addComponent(recurring(emptyTodo(), series.templateId() + DOMAIN, series));
      }
      if (feed.kind().hasEvents()) {
        VEvent event = emptyEvent();
        setLength(event, series.allDay() ? null : series.fields().estimatedDuration());
        calendar.addComponent(recurring(event, series.templateId() + "-event" + DOMAIN, series));
      }
    }
    return CalendarText.folded(text(calendar));
  }

  private static Map<String, ZoneId> zones(FeedContents.Contents contents) {
    return contents.series().stream()
        .filter(series -> !series.allDay())
        .collect(
            Collectors.toMap(
                Series::timezone,
                series -> ZoneId.of(series.timezone()),
                (a, _) -> a,
                TreeMap::new));
  }

  private static String text(ICalendar calendar) {
    StringWriter text = new StringWriter();
    try (ICalWriter writer = new ICalWriter(text, ICalVersion.V2_0)) {
      writer.getVObjectWriter().getFoldedLineWriter().setLineLength(null);
      writer.write(calendar);
    } catch (IOException e) {
      throw new UncheckedIOException("a StringWriter does not fail", e);
    }
    return text.toString();
  }

  private VTodo todo(FeedTask task) {
    VTodo todo = emptyTodo();
    describe(todo, task.id() + DOMAIN, task, task.fields().title());
    Instant due = task.fields().dueDate();
    LocalDate day = task.fields().dueOn();
    if (day != null) {
      date(todo, "DUE", day);
    } else if (due != null) {
      utc(todo, "DUE", due);
    }
    if (task.completedAt() == null) {
      todo.setStatus(Status.needsAction());
    } else {
      todo.setStatus(Status.completed());
      utc(todo, "COMPLETED", task.completedAt());
      todo.setPercentComplete(100);
    }
    // The trigger is relative to the due date, which is the end of a to-do.
    task.alarms().forEach(alarm -> todo.addAlarm(alarm(alarm, Related.END, task)));
    return todo;
  }

  /** At the due date; a task that was completed without one is shown when it was completed. */
  private VEvent event(FeedTask task) {
    VEvent event = emptyEvent();
    TaskDraft fields = task.fields();
    Instant completed = task.completedAt();
    describe(
        event,
        task.id() + "-event" + DOMAIN,
        task,
        completed == null ? fields.title() : "✓ " + fields.title());
    Instant start = fields.dueDate() != null ? fields.dueDate() : completed;
    if (start == null) {
      throw new IllegalArgumentException("an open task without due date");
    }
    if (fields.dueOn() != null) {
      // It lasts the day, whatever the estimate.
      date(event, "DTSTART", fields.dueOn());
      event.setTransparency(true);
    } else {
      utc(event, "DTSTART", start);
      setLength(event, fields.estimatedDuration());
    }
    task.alarms().forEach(alarm -> event.addAlarm(alarm(alarm, Related.START, task)));
    return event;
  }

  /**
   * Without a length, an event ends when it starts, or with its day. It does not make the user
   * busy.
   */
  private static void setLength(VEvent event, @Nullable Integer minutes) {
    if (minutes != null) {
      event.setDuration(Duration.builder().minutes(minutes).build());
    }
    event.setTransparency(true);
  }

  /** biweekly adds the present time and a random UID. */
  private static VTodo emptyTodo() {
    VTodo todo = new VTodo();
    todo.getProperties().clear();
    return todo;
  }

  private static VEvent emptyEvent() {
    VEvent event = new VEvent();
    event.getProperties().clear();
    return event;
  }

  private void describe(ICalComponent component, String uid, FeedTask task, String title) {
    describe(component, uid, task.fields(), title, description(task));
    revision(component, task.version(), task.createdAt(), task.updatedAt());
    String page = taskPage.apply(task.id());
    if (page != null) {
      component.addProperty(new Url(page));
    }
  }

  private static void describe(
      ICalComponent component, String uid, TaskDraft fields, String title, String description) {
    component.addProperty(new Uid(uid));
    component.addProperty(new Summary(CalendarText.allowed(title)));
    if (!description.isEmpty()) {
      component.addProperty(new Description(CalendarText.allowed(description)));
    }
    component.addProperty(new biweekly.property.Priority(priority(fields.priority())));
  }

  /**
   * {@code DTSTAMP} is the time of the last change, because the feed publishes (section 3.8.7.2).
   */
  private static void revision(
      ICalComponent component, int version, Instant created, Instant updated) {
    utc(component, "DTSTAMP", updated);
    utc(component, "CREATED", created);
    utc(component, "LAST-MODIFIED", updated);
    component.addProperty(new Sequence(version));
  }

  private static ICalComponent recurring(ICalComponent component, String uid, Series series) {
    TaskDraft fields = series.fields();
    describe(component, uid, fields, fields.title(), fields.description());
    revision(component, series.version(), series.createdAt(), series.updatedAt());
    local(component, "DTSTART", series, series.start());
    component.addExperimentalProperty("RRULE", series.rrule());
    series.excluded().forEach(time -> local(component, "EXDATE", series, time));
    return component;
  }

  /** RFC 5545, section 3.8.1.9: 1 is the highest, 5 is medium, 9 is the lowest. */
  private static int priority(Priority priority) {
    return switch (priority) {
      case HIGH -> 1;
      case MEDIUM -> 5;
      case LOW -> 9;
    };
  }

  private static String description(FeedTask task) {
    String steps =
        task.subtasks().stream().map(CalendarWriter::line).collect(Collectors.joining("\n"));
    String text = task.fields().description();
    return text.isEmpty() || steps.isEmpty() ? text + steps : text + "\n\n" + steps;
  }

  private static String line(Step step) {
    return (step.completed() ? "[x] " : "[ ] ") + step.title();
  }

  private static VAlarm alarm(Alarm alarm, Related related, FeedTask task) {
    VAlarm component =
        switch (alarm) {
          case Alarm.Relative(int minutes) ->
              new VAlarm(
                  Action.display(),
                  new Trigger(
                      Duration.builder().prior(minutes < 0).minutes(Math.abs(minutes)).build(),
                      related));
          case Alarm.At(Instant instant) -> {
            VAlarm absolute = new VAlarm(Action.display(), null);
            absolute.addExperimentalProperty(
                "TRIGGER", ICalDataType.DATE_TIME, UTC.format(instant));
            yield absolute;
          }
        };
    component.setDescription(CalendarText.allowed(task.fields().title()));
    return component;
  }

  private static void utc(ICalComponent component, String property, Instant time) {
    component.addExperimentalProperty(property, UTC.format(time));
  }

  private static void date(ICalComponent component, String property, LocalDate day) {
    component.addExperimentalProperty(
        property, ICalDataType.DATE, DateTimeFormatter.BASIC_ISO_DATE.format(day));
  }

  private static void local(
      ICalComponent component, String property, Series series, LocalDateTime time) {
    if (series.allDay()) {
      date(component, property, time.toLocalDate());
    } else {
      component
          .addExperimentalProperty(property, LOCAL.format(time))
          .setParameter("TZID", series.timezone());
    }
  }
}
