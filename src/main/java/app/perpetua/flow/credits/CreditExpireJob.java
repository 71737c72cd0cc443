package app.perpetua.flow.credits;

import app.perpetua.flow.jobs.DailyJobs;
import app.perpetua.flow.sql.Tx;
import java.time.LocalDate;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/**
 * Expires the credits of ended days for all users, then grants today's (FR-040). For a user whose
 * credits changed earlier in the day, {@link Credits} has already done both. Thread-safe.
 */
final class CreditExpireJob implements DailyJobs.Batch {
  /** Users per batch, whose rows stay locked until it commits. */
  static final int BATCH = 50;

  private static final String SMALLEST_ID = "00000000-0000-0000-0000-000000000000";

  private final Credits credits;

  CreditExpireJob(Credits credits) {
    this.credits = credits;
  }

  @Override
  public Optional<String> run(Tx tx, LocalDate day, String cursor) {
    if (cursor.isEmpty()) {
      List<UUID> expiring =
          tx.sql("credits.find_expiring").bind("count", BATCH).list(row -> row.uuid("user_id"));
      refreshDaily(tx, expiring);
      return Optional.of(expiring.isEmpty() ? SMALLEST_ID : "");
    }
    if (!day.equals(CreditAccount.day(tx.now()))) {
      // The daily credits of a missed day have expired.
      return Optional.empty();
    }
    List<UUID> entitled =
        tx.sql("credits.find_entitled")
            .bind("after", UUID.fromString(cursor))
            .bind("count", BATCH)
            .list(row -> row.uuid("id"));
    refreshDaily(tx, entitled);
    return entitled.isEmpty() ? Optional.empty() : Optional.of(entitled.getLast().toString());
  }

  private void refreshDaily(Tx tx, List<UUID> users) {
    for (UUID user : users) {
      Tx acting = tx.actingFor(user);
      acting.lockOwner();
      credits.refreshDaily(acting);
    }
  }
}
