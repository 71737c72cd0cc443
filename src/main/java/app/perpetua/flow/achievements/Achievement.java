package app.perpetua.flow.achievements;

import app.perpetua.flow.base.WireName;
import app.perpetua.flow.sql.Row;

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
  public enum Category implements WireName {
    TASKS,
    STREAKS,
    FOCUS,
    NOTES
  }

  static Achievement of(Row row) {
    return new Achievement(
        row.text("id"),
        row.text("name"),
        row.text("description"),
        row.wireName("category", Category.class),
        row.integer("threshold"),
        new Perk(row.wireName("perk_type", Perk.Type.class), row.integer("perk_value")));
  }
}
