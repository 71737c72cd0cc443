package app.perpetua.flow.billing;

import app.perpetua.flow.base.UtcDay;
import app.perpetua.flow.jobs.DailyJobs;
import app.perpetua.flow.jobs.Jobs;
import app.perpetua.flow.sql.Tx;
import java.time.Instant;
import java.time.LocalDate;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;

/**
 * Finds the subscriptions that are due on a day, in the order of their users' ids, and enqueues a
 * {@link RenewalJob} for each, so that one that fails does not delay the others. Thread-safe.
 */
final class SubscriptionCheckJob implements DailyJobs.Batch {
  static final int BATCH = 200;

  private static final String FIRST = "00000000-0000-0000-0000-000000000000";

  private final Jobs jobs;

  SubscriptionCheckJob(Jobs jobs) {
    this.jobs = jobs;
  }

  @Override
  public Optional<String> run(Tx tx, LocalDate day, String cursor) {
    Instant tomorrow = UtcDay.endOf(Subscription.day(tx.now()));
    List<UUID> due =
        tx.sql("billing.list_due")
            .bind("horizon", tomorrow)
            .bind("after", UUID.fromString(cursor.isEmpty() ? FIRST : cursor))
            .bind("count", BATCH)
            .list(row -> row.uuid("user_id"));
    for (UUID user : due) {
      jobs.enqueue(tx.actingFor(user), RenewalJob.KIND, user.toString(), tx.now(), Map.of());
    }
    return due.size() < BATCH ? Optional.empty() : Optional.of(due.getLast().toString());
  }
}
