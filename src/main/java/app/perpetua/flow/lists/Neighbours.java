package app.perpetua.flow.lists;

import app.perpetua.flow.sql.Row;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The positions on both sides of a place in an order.
 *
 * @param previous null at the beginning
 * @param next null at the end
 */
record Neighbours(@Nullable String previous, @Nullable String next) {
  static Neighbours of(Row row) {
    return new Neighbours(row.textOrNull("previous"), row.textOrNull("next"));
  }

  /** Whether this position is between them. */
  boolean enclose(String position) {
    return (previous == null || previous.compareTo(position) < 0)
        && (next == null || position.compareTo(next) < 0);
  }

  /**
   * A position between them.
   *
   * @param last the position of what is created now, which is taken at the end, if it is later
   * @return empty if there is none, because the two are equal, or none that is short enough
   */
  Optional<String> between(String last) {
    if (previous != null && next != null) {
      return previous.equals(next)
          ? Optional.empty()
          : shortEnough(Positions.between(previous, next));
    }
    if (next != null) {
      return shortEnough(Positions.before(next));
    }
    return previous == null || last.compareTo(previous) > 0
        ? Optional.of(last)
        : shortEnough(Positions.after(previous));
  }

  private static Optional<String> shortEnough(String position) {
    return position.length() <= Positions.MAX_LENGTH ? Optional.of(position) : Optional.empty();
  }
}
