package app.perpetua.flow.credits;

import app.perpetua.flow.jobs.DailyJobs;
import app.perpetua.flow.sql.Tx;
import java.time.LocalDate;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/**
 * Ends a day and begins the next for everybody (FR-040): first those who have something left to
 * expire, then those who are entitled to daily credits, in the order of their ids. Whoever needs
 * credits earlier has settled already. Thread-safe.
 */
public final class CreditExpireJob implements DailyJobs.Batch {
  /** Each user's row stays locked to the end of the batch. */
  static final int BATCH = 50;

  private static final String FIRST = "00000000-0000-0000-0000-000000000000";

  private final Credits credits;

  public CreditExpireJob(Credits credits) {
    this.credits = credits;
  }

  @Override
  public Optional<String> run(Tx tx, LocalDate day, String cursor) {
    if (cursor.isEmpty()) {
      List<UUID> expiring =
          tx.sql("credits.find_expiring").bind("count", BATCH).list(row -> row.uuid("user_id"));
      settle(tx, expiring);
      return Optional.of(expiring.isEmpty() ? FIRST : "");
    }
    if (!day.equals(CreditAccount.day(tx.now()))) {
      // A day that was missed has nothing left to give.
      return Optional.empty();
    }
    List<UUID> entitled =
        tx.sql("credits.find_entitled")
            .bind("after", UUID.fromString(cursor))
            .bind("count", BATCH)
            .list(row -> row.uuid("id"));
    settle(tx, entitled);
    return entitled.isEmpty() ? Optional.empty() : Optional.of(entitled.getLast().toString());
  }

  private void settle(Tx tx, List<UUID> users) {
    for (UUID user : users) {
      Tx acting = tx.actingFor(user);
      acting.lockOwner();
      credits.settleDay(acting);
    }
  }
}
