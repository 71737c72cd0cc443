package app.perpetua.flow.imports.readers;

import app.perpetua.flow.filters.Filter;
import java.time.Instant;
import java.time.LocalTime;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * An entry of a file, as it is to be stored.
 *
 * @param reasons what differs from the file, as sentences; for {@link Unusable}, why it is left
 */
public record Entry(Origin origin, Content content, List<String> reasons) {
  /**
   * Where an entry comes from.
   *
   * @param line on which it begins, from 1; null if it has none
   * @param id unique in the file among entries of the same type, and the same in each file of the
   *     source; 1 to 200 characters
   * @param title for the report; not limited
   */
  public record Origin(@Nullable Integer line, String id, String title) {}

  /** What an entry becomes. Rows have the columns of their table except ids and the user. */
  public sealed interface Content {}

  /**
   * A task.
   *
   * @param templateId the id of its template in the file; null if it has none
   * @param repeat the rule of a new template; null if it does not repeat
   */
  public record Task(
      Map<String, @Nullable Object> row,
      List<Map<String, @Nullable Object>> subtasks,
      List<Alarm> reminders,
      @Nullable String templateId,
      @Nullable Repeat repeat,
      Filing filing)
      implements Content {}

  /** A template. */
  public record Template(Map<String, @Nullable Object> row, Filing filing) implements Content {}

  /** A note. */
  public record Note(Map<String, @Nullable Object> row) implements Content {}

  /**
   * A list of tasks.
   *
   * @param name 1 to {@link Texts#NAME} code points
   * @param position null for the end
   */
  public record TaskList(String name, @Nullable String position, boolean archived)
      implements Content {}

  /**
   * A label.
   *
   * @param name as that of a list
   * @param colour as {@code #rrggbb}; null for the default
   */
  public record Label(String name, @Nullable String colour) implements Content {}

  /**
   * A saved filter.
   *
   * @param query whose ids are those of the file
   * @param position null for the end
   */
  public record SavedFilter(String name, Filter query, @Nullable String position)
      implements Content {}

  /**
   * What cannot be stored.
   *
   * @param type {@code task}, {@code template}, {@code note}, {@code list}, {@code label}, {@code
   *     filter} or {@code other}
   */
  public record Unusable(String type) implements Content {}

  /**
   * The schedule of a new template.
   *
   * @param afterCompletion whether it counts from completions
   * @param allDay whether occurrences are days, and their times the ends of these
   * @param startsAt the first occurrence, which is that of the task
   * @param next the occurrence after it; null if there is none
   */
  public record Repeat(
      String rrule,
      boolean afterCompletion,
      String timezone,
      boolean allDay,
      Instant startsAt,
      @Nullable Instant next) {}

  /**
   * A reminder.
   *
   * @param type {@code absolute}, {@code before} and {@code after} the due date, or {@code day}
   * @param row of a reminder of this service's own document; empty for others
   */
  public record Alarm(
      String type,
      @Nullable Integer offsetMinutes,
      @Nullable Instant at,
      Map<String, @Nullable Object> row) {
    /** Minutes from the start of a day; relative to any time of it, they are at most 43,200. */
    static final int MAX_OF_DAY = 43_200 - 24 * 60;

    static Alarm absolute(Instant at) {
      return new Alarm("absolute", null, at, Map.of());
    }

    /**
     * At a local time of the day of an all-day task.
     *
     * @param minutes after the start of the day; before it if negative; at most {@link #MAX_OF_DAY}
     */
    static Alarm ofDay(int minutes) {
      return new Alarm("day", minutes, null, Map.of());
    }

    /** As {@link #before}, of one that is relative to a day. */
    public Alarm relativeTo(LocalTime time) {
      return type.equals("day") && offsetMinutes != null
          ? before(time.toSecondOfDay() / 60 - offsetMinutes)
          : this;
    }

    /** Before the due date, or after it if the number is negative. */
    static Alarm before(long minutes) {
      return new Alarm(minutes < 0 ? "after" : "before", (int) Math.abs(minutes), null, Map.of());
    }
  }

  /** The name of the type in reports. */
  public String type() {
    return switch (content) {
      case Task _ -> "task";
      case Template _ -> "template";
      case Note _ -> "note";
      case TaskList _ -> "list";
      case Label _ -> "label";
      case SavedFilter _ -> "filter";
      case Unusable(String type) -> type;
    };
  }
}
