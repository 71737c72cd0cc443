package app.perpetua.flow.jobs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class ClaimScheduleTest {
  private static final Instant NOW = Instant.parse("2026-03-01T12:00:00Z");
  private static final boolean NOTIFIED = false;
  private static final boolean POLLING = true;

  private final ClaimSchedule schedule = new ClaimSchedule();

  /** Time since the start on both clocks. */
  private boolean isDueAfter(Duration elapsed, boolean poll) {
    return schedule.isDue(elapsed.toNanos(), NOW.plus(elapsed), poll);
  }

  private static Lease.Claim claim(@Nullable Instant nextRunAt, @Nullable Duration leaseLeft) {
    return new Lease.Claim(List.of(), false, nextRunAt, leaseLeft);
  }

  private void claimed(@Nullable Instant nextRunAt, @Nullable Duration leaseLeft) {
    schedule.claimed(0, NOW, claim(nextRunAt, leaseLeft), true);
  }

  @Test
  void a_worker_claims_at_once_when_it_starts_and_whenever_it_is_woken() {
    assertTrue(isDueAfter(Duration.ZERO, NOTIFIED));
    claimed(null, null);
    assertFalse(isDueAfter(Duration.ofMillis(1), POLLING));
    schedule.wake();
    assertTrue(isDueAfter(Duration.ofMillis(1), NOTIFIED));
  }

  @Test
  void FR_110_an_idle_worker_claims_at_most_twice_a_minute() {
    claimed(null, null);
    assertFalse(isDueAfter(Duration.ofSeconds(49), NOTIFIED));
    assertTrue(isDueAfter(Duration.ofSeconds(50), NOTIFIED));
  }

  @Test
  void FR_110_without_notifications_a_worker_claims_twice_a_second() {
    claimed(NOW.plusSeconds(3_600), null);
    assertFalse(isDueAfter(Duration.ofMillis(499), POLLING));
    assertTrue(isDueAfter(Duration.ofMillis(500), POLLING));
  }

  @Test
  void FR_110_a_worker_claims_when_the_next_job_becomes_due() {
    claimed(NOW.plusMillis(20_200), null);
    assertFalse(isDueAfter(Duration.ofMillis(20_199), NOTIFIED));
    assertTrue(isDueAfter(Duration.ofMillis(20_200), NOTIFIED));
    claimed(NOW.plusMillis(100), null);
    assertTrue(isDueAfter(Duration.ofMillis(100), NOTIFIED), "also soon after the last claim");
    assertEquals(Duration.ofMillis(31), schedule.untilNextCheck(NOW.plusMillis(70)));
  }

  @Test
  void FR_110_a_worker_notices_that_the_clock_was_moved_without_a_query() {
    claimed(NOW.plus(Duration.ofDays(1)), null);
    assertEquals(ClaimSchedule.POLL_INTERVAL, schedule.untilNextCheck(NOW));
    long soon = Duration.ofMillis(510).toNanos();
    assertFalse(schedule.isDue(soon, NOW, NOTIFIED));
    assertTrue(schedule.isDue(soon, NOW.plus(Duration.ofDays(1)), NOTIFIED));
  }

  @Test
  void FR_110_a_worker_claims_after_its_clock_has_jumped_ahead() {
    claimed(null, null);
    Duration elapsed = Duration.ofMillis(10);
    assertFalse(schedule.isDue(elapsed.toNanos(), NOW.plusMillis(1_010), NOTIFIED));
    assertTrue(schedule.isDue(elapsed.toNanos(), NOW.plusMillis(1_011), NOTIFIED));
    assertFalse(schedule.isDue(elapsed.toNanos(), NOW.minusSeconds(60), NOTIFIED));
  }

  @Test
  void a_due_job_that_another_transaction_has_locked_is_tried_twice_a_second() {
    claimed(NOW.minusSeconds(5), null);
    assertFalse(isDueAfter(Duration.ofMillis(499), NOTIFIED));
    assertTrue(isDueAfter(Duration.ofMillis(500), NOTIFIED));
    assertEquals(ClaimSchedule.POLL_INTERVAL, schedule.untilNextCheck(NOW));
  }

  @Test
  void after_a_limited_claim_and_after_a_failure_the_next_one_is_soon() {
    schedule.claimed(0, NOW, new Lease.Claim(List.of(), true, null, null), true);
    assertFalse(isDueAfter(Duration.ofMillis(499), NOTIFIED));
    assertTrue(isDueAfter(Duration.ofMillis(500), NOTIFIED));
    claimed(null, null);
    assertFalse(isDueAfter(Duration.ofSeconds(5), NOTIFIED));
    schedule.postponed(Duration.ofSeconds(5).toNanos());
    assertFalse(isDueAfter(Duration.ofMillis(5_499), NOTIFIED));
    assertTrue(isDueAfter(Duration.ofMillis(5_500), NOTIFIED));
  }

  @Test
  void promise_12_a_worker_claims_when_a_lease_expires() {
    claimed(null, Duration.ofSeconds(12));
    assertFalse(isDueAfter(Duration.ofMillis(11_999), NOTIFIED));
    assertTrue(isDueAfter(Duration.ofSeconds(12), NOTIFIED));
    // A claim that did not look at leases does not forget them.
    schedule.claimed(1, NOW, claim(null, null), false);
    assertTrue(isDueAfter(Duration.ofSeconds(12), NOTIFIED));
    claimed(null, Duration.ZERO);
    assertFalse(isDueAfter(Duration.ofMillis(499), NOTIFIED));
    assertTrue(isDueAfter(Duration.ofMillis(500), NOTIFIED));
    claimed(null, null);
    assertFalse(isDueAfter(Duration.ofSeconds(49), NOTIFIED));
  }
}
