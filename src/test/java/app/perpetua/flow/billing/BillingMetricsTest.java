package app.perpetua.flow.billing;

import static org.junit.jupiter.api.Assertions.assertEquals;

import app.perpetua.flow.harness.TestDatabase;
import app.perpetua.flow.harness.time.MutableClock;
import app.perpetua.flow.sql.Actor;
import app.perpetua.flow.sql.Db;
import app.perpetua.flow.sql.SqlCatalog;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class BillingMetricsTest {
  @RegisterExtension static final TestDatabase database = new TestDatabase();

  private final SimpleMeterRegistry registry = new SimpleMeterRegistry();
  private final BillingMetrics metrics = new BillingMetrics(registry);
  private final Db db =
      new Db(
          database.pool(1),
          SqlCatalog.load(),
          new MutableClock(),
          Duration.ofMinutes(1),
          _ -> false);

  private void subscriber(String status) {
    database.run(
        """
        insert into billing.subscriptions
          (id, user_id, status, current_period_start, current_period_end, anchor_day,
           grace_period_end, created_at, updated_at)
        values (?, ?, ?, ?, ?, 10, ?, ?, ?)
        """,
        UUID.randomUUID(),
        database.newUser().save(),
        status,
        MutableClock.START,
        MutableClock.START.plus(Duration.ofDays(31)),
        MutableClock.START,
        MutableClock.START,
        MutableClock.START);
  }

  private void measure() {
    db.write(
        Actor.system(null),
        tx -> {
          metrics.measure(tx);
          return true;
        });
  }

  @Test
  void FR_066_subscriptions_are_counted_by_status_at_intervals() {
    subscriber("active");
    subscriber("active");
    subscriber("grace");
    subscriber("expired");
    measure();
    assertEquals(2, registry.get("subscriptions").tag("status", "active").gauge().value());
    assertEquals(1, registry.get("subscriptions").tag("status", "grace").gauge().value());
    assertEquals(0, registry.get("subscriptions").tag("status", "past_due").gauge().value());
    subscriber("active");
    measure();
    assertEquals(2, registry.get("subscriptions").tag("status", "active").gauge().value());
  }
}
