package app.perpetua.flow.achievements;

import app.perpetua.flow.sql.Row;
import java.util.Locale;

/**
 * A row of the catalogue.
 *
 * @param id stable, such as {@code tasks_5}
 * @param name as people read it
 * @param description what it takes
 * @param category the figure that is compared with the threshold
 * @param threshold from which figure on it is unlocked
 * @param perk what it brings
 */
public record Achievement(
    String id, String name, String description, Category category, int threshold, Perk perk) {
  /** The figures that achievements are about. */
  public enum Category {
    TASKS,
    STREAKS,
    FOCUS,
    NOTES;

    /** The contract's word, which is also what is stored. */
    @Override
    public String toString() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  static Achievement of(Row row) {
    return new Achievement(
        row.text("id"),
        row.text("name"),
        row.text("description"),
        Category.valueOf(row.text("category").toUpperCase(Locale.ROOT)),
        row.integer("threshold"),
        new Perk(Perk.Type.of(row.text("perk_type")), row.integer("perk_value")));
  }
}
