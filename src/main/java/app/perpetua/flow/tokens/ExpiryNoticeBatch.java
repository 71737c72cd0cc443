package app.perpetua.flow.tokens;

import app.perpetua.flow.base.UtcDay;
import app.perpetua.flow.jobs.DailyJobs;
import app.perpetua.flow.jobs.Jobs;
import app.perpetua.flow.sql.Tx;
import java.time.LocalDate;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;

/**
 * Enqueues {@link ExpiryNoticeJob} for the tokens that expire on the seventh day from now. Runs for
 * every day, so that each token has one notice. Thread-safe.
 */
final class ExpiryNoticeBatch implements DailyJobs.Batch {
  private static final int BATCH = 200;
  private static final int DAYS_AHEAD = 7;
  private static final UUID FIRST = new UUID(0, 0);

  private record Expiring(UUID userId, UUID id) {}

  private final Jobs jobs;

  ExpiryNoticeBatch(Jobs jobs) {
    this.jobs = jobs;
  }

  @Override
  public Optional<String> run(Tx tx, LocalDate day, String cursor) {
    LocalDate expiry = day.plusDays(DAYS_AHEAD);
    List<Expiring> expiring =
        tx.sql("tokens.list_expiring")
            .bind("from", UtcDay.endOf(expiry.minusDays(1)))
            .bind("until", UtcDay.endOf(expiry))
            .bind("after", cursor.isEmpty() ? FIRST : UUID.fromString(cursor))
            .bind("count", BATCH)
            .list(row -> new Expiring(row.uuid("user_id"), row.uuid("id")));
    for (Expiring token : expiring) {
      jobs.enqueue(
          tx.actingFor(token.userId()),
          ExpiryNoticeJob.KIND,
          token.id().toString(),
          tx.now(),
          Map.of());
    }
    return expiring.size() < BATCH
        ? Optional.empty()
        : Optional.of(expiring.getLast().id().toString());
  }
}
