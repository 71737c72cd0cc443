package app.perpetua.flow.quickadd;

import app.perpetua.flow.lists.Label;
import app.perpetua.flow.recurrence.Anchor;
import app.perpetua.flow.recurrence.Template;
import app.perpetua.flow.reminders.Reminder;
import app.perpetua.flow.tasks.Priority;
import app.perpetua.flow.tasks.Task;
import com.fasterxml.jackson.annotation.JsonUnwrapped;
import java.time.Instant;
import java.time.LocalDate;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * What a text would create, as defined by the API contract: what would have an id, without it.
 *
 * @param template null if the task does not recur
 */
record Preview(
    NewTask task,
    @Nullable NewTemplate template,
    List<NewReminder> reminders,
    List<NewLabel> labelsCreated) {
  /**
   * A task.
   *
   * @param labelIds of the labels that exist
   */
  record NewTask(
      String title,
      Priority priority,
      @Nullable Instant dueDate,
      @Nullable LocalDate dueOn,
      @Nullable LocalDate startOn,
      @Nullable UUID listId,
      List<UUID> labelIds) {}

  /** A template; its fields are those of {@link Template.Schedule}. */
  record NewTemplate(
      String title,
      Priority priority,
      @Nullable UUID listId,
      List<UUID> labelIds,
      String rrule,
      String rruleText,
      String timezone,
      Anchor anchor,
      boolean allDay,
      Instant startsAt,
      @Nullable LocalDate startsOn) {}

  record NewReminder(
      @JsonUnwrapped Reminder.Timing timing, Reminder.Method method, boolean fired) {}

  record NewLabel(String name, String colour) {}

  static Preview of(QuickAdd.Added added) {
    List<UUID> created = added.labelsCreated().stream().map(Label::id).toList();
    return new Preview(
        task(added.task(), created),
        added.template() == null ? null : template(added.template(), created),
        added.reminders().stream()
            .map(each -> new NewReminder(each.timing(), each.method(), each.fired()))
            .toList(),
        added.labelsCreated().stream()
            .map(each -> new NewLabel(each.name(), each.colour()))
            .toList());
  }

  private static NewTask task(Task task, List<UUID> created) {
    return new NewTask(
        task.title(),
        task.fields().priority(),
        task.dueDate(),
        task.fields().dueOn(),
        task.fields().startOn(),
        task.fields().placement().listId(),
        without(created, task.fields().placement().labelIds()));
  }

  private static NewTemplate template(Template template, List<UUID> created) {
    Template.Fields fields = template.fields();
    Template.Schedule schedule = template.schedule();
    return new NewTemplate(
        fields.title(),
        fields.priority(),
        fields.listId(),
        without(created, fields.labelIds()),
        schedule.rrule(),
        schedule.rruleText(),
        schedule.timezone(),
        schedule.anchor(),
        schedule.allDay(),
        schedule.startsAt(),
        schedule.startsOn());
  }

  private static List<UUID> without(List<UUID> created, List<UUID> labelIds) {
    return labelIds.stream().filter(id -> !created.contains(id)).toList();
  }
}
