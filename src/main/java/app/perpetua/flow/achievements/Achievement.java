package app.perpetua.flow.achievements;

import app.perpetua.flow.base.WireName;
import app.perpetua.flow.sql.Row;

/**
 * An achievement of the catalogue.
 *
 * @param id such as {@code tasks_5}; never changes
 * @param description how it is unlocked
 * @param category the value that is compared with the threshold
 * @param threshold the value that unlocks it
 */
record Achievement(
    String id, String name, String description, Category category, int threshold, Perk perk) {
  enum Category implements WireName {
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
