package app.perpetua.flow.agenda;

import app.perpetua.flow.tasks.Task;
import java.time.Instant;
import java.time.LocalDate;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * The agenda of a day, as the API contract defines it.
 *
 * @param timezone IANA name of the user's zone, in which the days are
 * @param completedCount tasks that were completed on {@code date}
 * @param lists those with a task in the agenda
 */
record Agenda(
    LocalDate date,
    String timezone,
    Instant now,
    int completedCount,
    Section overdue,
    Section today,
    Upcoming upcoming,
    List<ListCounts> lists) {
  /**
   * The tasks before {@code date}, or of that day.
   *
   * @param count of all, also of those that are not in {@code tasks}
   * @param truncated whether {@code tasks} are the first only
   */
  record Section(int count, boolean truncated, List<Task> tasks) {
    static Section of(int count, List<Task> tasks) {
      return new Section(count, tasks.size() < count, tasks);
    }
  }

  /**
   * The days after {@code date}.
   *
   * @param count of all, also of those that are not in {@code days}
   * @param truncated whether {@code days} have the first tasks only
   * @param days all of them, also those without tasks
   */
  record Upcoming(int count, boolean truncated, List<Day> days) {}

  /**
   * A day after {@code date}.
   *
   * @param count of all, also of those that are not in {@code tasks}
   */
  record Day(LocalDate date, int count, List<Task> tasks) {}

  /**
   * The counts of a list.
   *
   * @param listId null for the inbox
   */
  record ListCounts(@Nullable UUID listId, int overdueCount, int todayCount, int upcomingCount) {}
}
