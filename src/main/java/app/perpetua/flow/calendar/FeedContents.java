package app.perpetua.flow.calendar;

import app.perpetua.flow.calendar.FeedTask.Alarm;
import app.perpetua.flow.calendar.FeedTask.Step;
import app.perpetua.flow.filters.Filter;
import app.perpetua.flow.filters.FilterException;
import app.perpetua.flow.filters.FilteredTasks;
import app.perpetua.flow.filters.Selection;
import app.perpetua.flow.recurrence.Series;
import app.perpetua.flow.recurrence.SeriesReader;
import app.perpetua.flow.sql.Row;
import app.perpetua.flow.sql.Tx;
import app.perpetua.flow.tasks.Placement;
import app.perpetua.flow.tasks.Priority;
import app.perpetua.flow.tasks.TaskDraft;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Collectors;

/**
 * Reads what a feed shows (FR-181): open tasks with a due date, tasks completed in the last 30
 * days, and what templates will create; with a filter, those of the tasks that match (FR-230).
 * Thread-safe.
 */
final class FeedContents {
  private static final int COMPLETED_DAYS = 30;

  private final SeriesReader series;
  private final FilteredTasks filtered;
  private final int maxTasks;

  /** What a feed shows, in the order in which it shows it. */
  record Contents(List<FeedTask> tasks, List<Series> series) {}

  /**
   * @param maxTasks open ones take precedence over completed ones, those due soon over those due
   *     later, and those completed lately over those completed before
   */
  FeedContents(SeriesReader series, FilteredTasks filtered, int maxTasks) {
    this.series = series;
    this.filtered = filtered;
    this.maxTasks = maxTasks;
  }

  /** Reads for the acting user, whose feed it is; the statements have snapshots of their own. */
  Contents read(Tx tx, CalendarFeeds.Opened opened) {
    return switch (opened.shown()) {
      case CalendarFeeds.Shown.All _ -> all(tx, opened);
      case CalendarFeeds.Shown.Matching(Filter filter) ->
          new Contents(withDetails(tx, matching(tx, opened, filter)), List.of());
      case CalendarFeeds.Shown.Nothing _ -> new Contents(List.of(), List.of());
    };
  }

  private Contents all(Tx tx, CalendarFeeds.Opened opened) {
    CalendarFeed feed = opened.feed();
    Instant startOfToday = opened.today().atStartOfDay(opened.zone()).toInstant();
    return new Contents(
        withDetails(tx, tasks(tx, opened, false)),
        series.list(tx, startOfToday, feed.priority(), feed.templateId(), maxTasks));
  }

  /** Of what the feed would have without the filter, which is limited. */
  private List<FeedTask> matching(Tx tx, CalendarFeeds.Opened opened, Filter filter) {
    Selection selection;
    try {
      selection = filtered.select(tx, filter, false);
    } catch (FilterException e) {
      // Names may mean more than when the feed was made, so that it is too complex.
      return List.of();
    }
    List<FeedTask> tasks = tasks(tx, opened, selection.onlyOpen());
    Set<UUID> matching =
        filtered.matching(tx, selection, tasks.stream().map(FeedTask::id).toList());
    return tasks.stream().filter(task -> matching.contains(task.id())).toList();
  }

  private List<FeedTask> tasks(Tx tx, CalendarFeeds.Opened opened, boolean onlyOpen) {
    CalendarFeed feed = opened.feed();
    List<FeedTask> tasks =
        new ArrayList<>(
            tx.sql("calendar.list_open")
                .bind("priority", feed.priority())
                .bind("template_id", feed.templateId())
                .bind("limit", maxTasks)
                .list(FeedContents::task));
    if (!onlyOpen && tasks.size() < maxTasks) {
      tasks.addAll(
          tx.sql("calendar.list_completed")
              .bind("priority", feed.priority())
              .bind("template_id", feed.templateId())
              .bind(
                  "since",
                  opened.today().minusDays(COMPLETED_DAYS).atStartOfDay(opened.zone()).toInstant())
              .bind("limit", maxTasks - tasks.size())
              .list(FeedContents::task));
    }
    return tasks;
  }

  /** Adds what open tasks are shown with. */
  private static List<FeedTask> withDetails(Tx tx, List<FeedTask> tasks) {
    List<FeedTask> open = tasks.stream().filter(task -> task.completedAt() == null).toList();
    if (open.isEmpty()) {
      return tasks;
    }
    List<UUID> ids = open.stream().map(FeedTask::id).toList();
    Map<UUID, List<Step>> subtasks = new HashMap<>();
    tx.sql("calendar.list_subtasks")
        .bind("task_ids", ids)
        .list(
            row ->
                subtasks
                    .computeIfAbsent(row.uuid("task_id"), _ -> new ArrayList<>())
                    .add(new Step(row.text("title"), row.bool("completed"))));
    Set<UUID> allDay =
        open.stream()
            .filter(task -> task.fields().dueOn() != null)
            .map(FeedTask::id)
            .collect(Collectors.toSet());
    Map<UUID, List<Alarm>> alarms = new HashMap<>();
    tx.sql("calendar.list_reminders")
        .bind("task_ids", ids)
        .list(
            row ->
                alarms
                    .computeIfAbsent(row.uuid("task_id"), _ -> new ArrayList<>())
                    .add(alarm(row, allDay.contains(row.uuid("task_id")))));
    return tasks.stream()
        .map(
            task ->
                task.with(
                    subtasks.getOrDefault(task.id(), List.of()),
                    alarms.getOrDefault(task.id(), List.of())))
        .toList();
  }

  private static FeedTask task(Row row) {
    return new FeedTask(
        row.uuid("id"),
        new TaskDraft(
            row.text("title"),
            row.text("description"),
            row.wireName("priority", Priority.class),
            row.instantOrNull("due_date"),
            row.dateOrNull("due_on"),
            null,
            row.integerOrNull("estimated_duration"),
            Placement.INBOX),
        row.instantOrNull("completed_at"),
        List.of(),
        List.of(),
        row.integer("version"),
        row.instant("created_at"),
        row.instant("updated_at"));
  }

  /**
   * An alarm of an all-day task is at an instant: hours after the start of a day are another local
   * time on a day with a change of the clock.
   */
  private static Alarm alarm(Row row, boolean allDay) {
    Integer afterDue = row.integerOrNull("after_due");
    return afterDue == null || allDay
        ? new Alarm.At(row.instant("scheduled_at"))
        : new Alarm.Relative(afterDue);
  }
}
