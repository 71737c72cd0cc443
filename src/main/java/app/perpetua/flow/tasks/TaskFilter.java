package app.perpetua.flow.tasks;

import app.perpetua.flow.sql.PageRequest;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Filter, order and page of a list of tasks; null components do not filter.
 *
 * @param hidden whether to return hidden tasks only, or none of them
 * @param archived whether to return archived tasks only, or none of them
 * @param words substrings of title or description, all of which must occur
 */
public record TaskFilter(
    @Nullable Boolean completed,
    @Nullable Priority priority,
    boolean hidden,
    boolean archived,
    DueRange due,
    @Nullable UUID templateId,
    List<String> words,
    Order order,
    PageRequest page) {
  /** Whether anything but the task's state filters. */
  boolean isNarrowed() {
    return priority != null || !due.equals(DueRange.ANY) || templateId != null || !words.isEmpty();
  }

  /**
   * A range of due dates; null leaves an end open.
   *
   * @param from inclusive
   * @param before exclusive
   */
  public record DueRange(@Nullable Instant from, @Nullable Instant before) {
    public static final DueRange ANY = new DueRange(null, null);
  }

  /**
   * The order of a list.
   *
   * @param column {@code created_at}, {@code updated_at}, {@code due_date} or {@code priority}
   */
  public record Order(String column, boolean descending) {
    public static final Order SOONEST_DUE = new Order("due_date", false);

    /**
     * Creation and update times sort newest first by default, due dates soonest first, priorities
     * highest first. A leading minus reverses that.
     *
     * @param sort the request's parameter; null for the default, newest first
     */
    static Order parse(@Nullable String sort) {
      if (sort == null) {
        return new Order("created_at", true);
      }
      boolean reversed = sort.startsWith("-");
      String column = reversed ? sort.substring(1) : sort;
      return new Order(
          column, reversed != (column.equals("created_at") || column.equals("updated_at")));
    }
  }
}
