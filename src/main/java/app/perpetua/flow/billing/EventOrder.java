package app.perpetua.flow.billing;

import app.perpetua.flow.sql.Row;
import java.time.Instant;
import java.util.Comparator;
import org.jspecify.annotations.Nullable;

/**
 * Where an event stands among others, whenever it arrives: by its time, then by the rank of its
 * type, then by its id.
 *
 * @param at when it happened, in whole microseconds
 * @param rank of its type: what can only follow is higher
 * @param id the provider's
 */
record EventOrder(Instant at, int rank, String id) implements Comparable<EventOrder> {
  private static final Comparator<EventOrder> ORDER =
      Comparator.comparing(EventOrder::at)
          .thenComparingInt(EventOrder::rank)
          .thenComparing(EventOrder::id);

  @Override
  public int compareTo(EventOrder other) {
    return ORDER.compare(this, other);
  }

  /** As a row keeps it; null if no event has touched it. */
  static @Nullable EventOrder of(Row row) {
    Instant at = row.instantOrNull("last_event_at");
    return at == null
        ? null
        : new EventOrder(at, row.integer("last_event_rank"), row.text("last_event_id"));
  }
}
