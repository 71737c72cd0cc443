package app.perpetua.flow.quickadd;

import app.perpetua.flow.base.FieldError;
import app.perpetua.flow.base.Refusal;
import app.perpetua.flow.lists.Label;
import app.perpetua.flow.lists.Labels;
import app.perpetua.flow.parsing.UnicodeText;
import app.perpetua.flow.quickadd.parser.Due;
import app.perpetua.flow.quickadd.parser.QuickParser;
import app.perpetua.flow.quickadd.parser.QuickText;
import app.perpetua.flow.quickadd.parser.RemindAt;
import app.perpetua.flow.quickadd.parser.Repeat;
import app.perpetua.flow.recurrence.Template;
import app.perpetua.flow.recurrence.TemplateDraft;
import app.perpetua.flow.recurrence.Templates;
import app.perpetua.flow.recurrence.Timing;
import app.perpetua.flow.reminders.Reminder;
import app.perpetua.flow.reminders.ReminderDraft;
import app.perpetua.flow.reminders.Reminders;
import app.perpetua.flow.sql.Row;
import app.perpetua.flow.sql.Tx;
import app.perpetua.flow.tasks.Placement;
import app.perpetua.flow.tasks.Priority;
import app.perpetua.flow.tasks.Task;
import app.perpetua.flow.tasks.TaskDraft;
import app.perpetua.flow.tasks.TaskForm;
import app.perpetua.flow.tasks.Tasks;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Creates a task, or a template with its first task, from a text in words (FR-207). Thread-safe.
 */
final class QuickAdd {
  /** Code points of a text. */
  static final int MAX_TEXT = 500;

  private static final int MAX_OFFSET = 43_200;

  /**
   * What a text creates.
   *
   * @param task the first one of the template, however far ahead it is due
   * @param template null if the task does not recur
   * @param labelsCreated labels of the task that the user had not
   */
  record Added(
      QuickText text,
      Task task,
      @Nullable Template template,
      List<Reminder> reminders,
      List<Label> labelsCreated) {}

  /**
   * A list and a label that have a name.
   *
   * @param key the name as it is compared
   */
  private record Named(String key, @Nullable UUID listId, @Nullable UUID labelId) {
    static Named of(Row row) {
      return new Named(row.text("key"), row.uuidOrNull("list_id"), row.uuidOrNull("label_id"));
    }
  }

  private final QuickParser parser = new QuickParser();
  private final Tasks tasks;
  private final Templates templates;
  private final Labels labels;
  private final Reminders reminders;

  QuickAdd(Tasks tasks, Templates templates, Labels labels, Reminders reminders) {
    this.tasks = tasks;
    this.templates = templates;
    this.labels = labels;
    this.reminders = reminders;
  }

  /**
   * Reads a text and makes what {@link #insert} stores. Requires the owner's lock.
   *
   * @throws Refusal {@code VALIDATION_ERROR} for {@code text} if no title is left, or if what it
   *     names is not allowed; {@code LIMIT_EXCEEDED}
   */
  Added prepare(Tx tx, String text) {
    ZoneId zone = ZoneId.of(tx.owner().timezone());
    Map<String, Named> named = named(tx, text, zone);
    QuickText read =
        parser.parse(
            text,
            tx.now(),
            zone,
            name -> named.containsKey(name) && named.get(name).listId() != null);
    checkTitle(read.title());
    try {
      return prepare(tx, read, named, zone);
    } catch (Refusal refusal) {
      throw aboutText(refusal);
    }
  }

  private Added prepare(Tx tx, QuickText read, Map<String, Named> named, ZoneId zone) {
    Map<String, String> missing = new LinkedHashMap<>();
    for (String name : read.labels()) {
      Named known = Objects.requireNonNull(named.get(name));
      if (known.labelId() == null) {
        missing.putIfAbsent(known.key(), name);
      }
    }
    List<Label> created = labels.prepare(tx, List.copyOf(missing.values()));
    Map<String, UUID> createdIds =
        created.stream().collect(Collectors.toMap(Label::name, Label::id));
    Set<UUID> labelIds = new LinkedHashSet<>();
    for (String name : read.labels()) {
      Named known = Objects.requireNonNull(named.get(name));
      labelIds.add(
          known.labelId() == null
              ? Objects.requireNonNull(createdIds.get(missing.get(known.key())))
              : known.labelId());
    }
    UUID listId =
        read.list() == null ? null : Objects.requireNonNull(named.get(read.list())).listId();
    TaskDraft draft = draft(read, new Placement(listId, null, List.copyOf(labelIds)));
    Repeat repeat = read.repeat();
    if (repeat == null) {
      Task task = tasks.prepare(tx, draft);
      return new Added(read, task, null, reminders(tx, task, read, zone), created);
    }
    Templates.Created repeated =
        templates.prepare(
            tx,
            TemplateDraft.of(draft.withDueDate(null), repeat.rrule(), timing(repeat, zone)),
            true);
    Task first = repeated.task().orElseThrow();
    return new Added(read, first, repeated.template(), reminders(tx, first, read, zone), created);
  }

  /** Stores what was made at the commit. */
  void insert(Tx tx, Added added) {
    added.labelsCreated().forEach(label -> labels.insert(tx, label));
    if (added.template() != null) {
      templates.insert(tx, new Templates.Created(added.template(), Optional.of(added.task())));
    } else {
      tasks.insert(tx, added.task());
    }
    added.reminders().forEach(reminder -> reminders.insert(tx, reminder));
  }

  /** The lists and labels that a text may mean, by their names in it. */
  private Map<String, Named> named(Tx tx, String text, ZoneId zone) {
    Set<String> names = new LinkedHashSet<>();
    QuickText read =
        parser.parse(
            text,
            tx.now(),
            zone,
            name -> {
              names.add(name);
              return false;
            });
    names.addAll(read.labels());
    Map<String, Named> named = new LinkedHashMap<>();
    if (!names.isEmpty()) {
      tx.sql("quickadd.find_names")
          .bind("names", names.toArray(String[]::new))
          .list(row -> named.put(row.text("name"), Named.of(row)));
    }
    return named;
  }

  private static void checkTitle(String title) {
    if (UnicodeText.isBlank(title)) {
      throw Refusal.invalid("text", "must leave a title");
    }
    if (title.codePointCount(0, title.length()) > TaskForm.TITLE) {
      throw Refusal.invalid(
          "text", "must leave a title of at most " + TaskForm.TITLE + " characters");
    }
  }

  private static TaskDraft draft(QuickText read, Placement placement) {
    Due due = read.due();
    return new TaskDraft(
        read.title(),
        "",
        Objects.requireNonNullElse(read.priority(), Priority.MEDIUM),
        due instanceof Due.At(Instant instant) ? instant : null,
        due instanceof Due.On(var day) ? day : null,
        read.startOn(),
        null,
        placement);
  }

  private static Timing timing(Repeat repeat, ZoneId zone) {
    return repeat.time() == null
        ? new Timing(null, repeat.start(), null, repeat.anchor())
        : new Timing(
            repeat.start().atTime(repeat.time()).atZone(zone).toInstant(),
            null,
            null,
            repeat.anchor());
  }

  private List<Reminder> reminders(Tx tx, Task task, QuickText read, ZoneId zone) {
    return read.reminders().isEmpty()
        ? List.of()
        : reminders.prepare(
            tx,
            task,
            base ->
                read.reminders().stream()
                    .map(at -> reminder(at, base, zone, read.repeat() != null))
                    .distinct()
                    .toList());
  }

  /**
   * A relative reminder, so that it moves with the task.
   *
   * @param base from when it counts
   * @param repeated whether the next tasks have it as well: then a day has 24 hours
   */
  private static ReminderDraft reminder(RemindAt at, Instant base, ZoneId zone, boolean repeated) {
    Instant fires =
        switch (at) {
          case RemindAt.Minutes(int before) -> base.minus(Duration.ofMinutes(before));
          case RemindAt.Days(int before) ->
              repeated
                  ? base.minus(Duration.ofDays(before))
                  : base.atZone(zone).minusDays(before).toInstant();
          case RemindAt.OnDay(var time) ->
              base.atZone(zone).toLocalDate().atTime(time).atZone(zone).toInstant();
        };
    int before = Math.toIntExact(Duration.between(fires, base).toMinutes());
    return new ReminderDraft(
        before >= 0 ? Reminder.Type.BEFORE : Reminder.Type.AFTER,
        Math.min(Math.abs(before), MAX_OFFSET),
        null,
        Reminder.Method.PUSH);
  }

  /** The client has sent no other field. */
  private static Refusal aboutText(Refusal refusal) {
    List<FieldError> errors = refusal.fieldErrors();
    if (errors.isEmpty() || errors.getFirst().field().equals("text")) {
      return refusal;
    }
    return Refusal.invalid(
        "text",
        errors.stream()
            .map(error -> error.field() + " " + error.message())
            .collect(Collectors.joining("; ")));
  }
}
