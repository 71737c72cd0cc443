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
    Place place,
    List<String> words,
    Order order,
    PageRequest page) {
  /** Whether the tasks can be in the order of their list. */
  boolean hasPositions() {
    return place.listId() != null && words.isEmpty() && !hidden && !archived;
  }

  /** Whether anything but the task's state filters. */
  boolean isNarrowed() {
    return isNarrowedInList() || place.listId() != null;
  }

  /** Whether anything but the task's state and list filters. */
  boolean isNarrowedInList() {
    return priority != null
        || !due.equals(DueRange.ANY)
        || templateId != null
        || place.labelId() != null
        || !words.isEmpty();
  }

  /**
   * Where tasks are filed; null does not filter.
   *
   * @param listId {@link #INBOX} for the inbox; without a list, tasks of archived lists are left
   *     out
   */
  public record Place(@Nullable UUID listId, @Nullable UUID labelId) {
    /** What the index of positions has for the inbox. */
    public static final UUID INBOX = new UUID(0, 0);

    public static final Place ANY = new Place(null, null);
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
   * @param column {@code created_at}, {@code updated_at}, {@code due_date}, {@code priority} or, in
   *     a list, {@code position}
   */
  public record Order(String column, boolean descending) {
    static final String POSITION = "position";

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
