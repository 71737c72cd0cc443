package app.perpetua.flow.webhooks;

import app.perpetua.flow.sql.Row;
import java.util.UUID;

/**
 * A delivery that is to be attempted. {@link #toString} omits the body, which is the user's.
 *
 * @param remaining number of attempts that are left, at least 1
 */
record PendingDelivery(UUID id, String body, int remaining) {
  static PendingDelivery of(Row row) {
    return new PendingDelivery(row.uuid("id"), row.text("body"), row.integer("remaining"));
  }

  @Override
  public String toString() {
    return "PendingDelivery[" + id + "]";
  }
}
