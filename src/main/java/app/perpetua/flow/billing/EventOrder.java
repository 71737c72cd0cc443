package app.perpetua.flow.billing;

import app.perpetua.flow.sql.Row;
import java.time.Instant;
import java.util.Comparator;
import org.jspecify.annotations.Nullable;

/**
 * An event's position among a payment's events, independent of its arrival: by time, then by the
 * rank of its type, then by id.
 *
 * @param at in whole microseconds
 * @param rank of its type; see {@link PaymentEvent.Kind}
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

  /** Null if the row has no event. */
  static @Nullable EventOrder of(Row row) {
    Instant at = row.instantOrNull("last_event_at");
    return at == null
        ? null
        : new EventOrder(at, row.integer("last_event_rank"), row.text("last_event_id"));
  }
}
