package app.perpetua.flow.billing;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import app.perpetua.flow.billing.Subscription.Paid;
import app.perpetua.flow.billing.Subscription.Status;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SubscriptionTest {
  private static final Instant START = Instant.parse("2026-01-31T10:00:00Z");
  private static final Paid PAID = new Paid("pay_1", "src_1");
  private static final Duration GRACE = Duration.ofDays(3);

  private static Subscription begun() {
    return Subscription.begin(UUID.randomUUID(), START, PAID);
  }

  @Test
  void FR_047_the_day_of_the_month_is_kept() {
    Subscription subscription = begun();
    List<String> ends = new ArrayList<>();
    for (int month = 0; month < 14; month++) {
      ends.add(subscription.periodEnd().toString().substring(0, 10));
      subscription = subscription.paid(subscription.periodEnd(), PAID, false);
    }
    assertEquals(
        List.of(
            "2026-02-28",
            "2026-03-31",
            "2026-04-30",
            "2026-05-31",
            "2026-06-30",
            "2026-07-31",
            "2026-08-31",
            "2026-09-30",
            "2026-10-31",
            "2026-11-30",
            "2026-12-31",
            "2027-01-31",
            "2027-02-28",
            "2027-03-31"),
        ends);
  }

  @ParameterizedTest
  @CsvSource({
    "2024-01-31T00:00:00Z, 2024-02-29T00:00:00Z",
    "2026-02-28T23:59:59.999Z, 2026-03-28T23:59:59.999Z",
    "2026-12-15T12:00:00Z, 2027-01-15T12:00:00Z"
  })
  void FR_047_a_period_ends_on_the_same_day_or_the_months_last(Instant from, Instant end) {
    assertEquals(end, Subscription.begin(UUID.randomUUID(), from, PAID).periodEnd());
  }

  @Test
  void FR_049_the_third_failure_opens_three_days_of_grace() {
    Instant due = begun().periodEnd();
    Subscription first = begun().failed(due, 3, GRACE);
    assertEquals(Status.PAST_DUE, first.status());
    assertNull(first.graceEnd());
    Subscription third = first.failed(due, 3, GRACE).failed(due, 3, GRACE);
    assertEquals(Status.GRACE, third.status());
    assertEquals(due.plus(GRACE), third.graceEnd());
  }

  @Test
  void FR_047_a_late_payment_starts_at_the_end_of_the_old_period() {
    Subscription unpaid = begun();
    Instant late = unpaid.periodEnd().plus(Duration.ofDays(4));
    for (int i = 0; i < 3; i++) {
      unpaid = unpaid.failed(late, 3, GRACE);
    }
    Subscription paid = unpaid.warned(late).paid(late, new Paid("pay_2", null), true);
    assertEquals(Status.ACTIVE, paid.status());
    assertEquals(unpaid.periodEnd(), paid.periodStart());
    assertEquals(Instant.parse("2026-03-31T10:00:00Z"), paid.periodEnd());
    assertEquals(0, paid.failures());
    assertNull(paid.graceEnd());
    assertNull(paid.graceWarnedAt());
    assertEquals("src_1", paid.instrumentId());
    assertEquals("pay_2", paid.lastPaymentId());
  }

  @Test
  void FR_047_a_cancelled_subscription_continues_at_the_end_of_the_period() {
    Instant early = START.plus(Duration.ofDays(3));
    Subscription cancelled = begun().cancelled(early);
    Subscription paid = cancelled.paid(early, PAID, true);
    assertEquals(Status.ACTIVE, paid.status());
    assertNull(paid.cancelledAt());
    assertEquals(START, paid.periodStart());
    assertEquals(Instant.parse("2026-03-31T10:00:00Z"), paid.periodEnd());
  }

  @Test
  void a_charge_that_was_under_way_gives_its_month_and_nothing_else() {
    Subscription cancelled = begun().cancelled(START);
    Subscription paid = cancelled.paid(cancelled.periodEnd(), PAID, false);
    assertEquals(Status.CANCELLED, paid.status());
    assertEquals(START, paid.cancelledAt());
    assertEquals(Instant.parse("2026-03-31T10:00:00Z"), paid.periodEnd());
  }

  @Test
  void whoever_comes_back_begins_anew() {
    Subscription over = begun().cancelled(START).expired();
    Instant later = Instant.parse("2026-07-04T08:00:00Z");
    Subscription back = over.paid(later, new Paid("pay_9", null), true);
    assertEquals(over.id(), back.id());
    assertEquals(Status.ACTIVE, back.status());
    assertEquals(later, back.periodStart());
    assertEquals(Instant.parse("2026-08-04T08:00:00Z"), back.periodEnd());
    assertEquals(4, back.anchorDay());
    assertEquals("src_1", back.instrumentId());
  }

  @Test
  void a_month_is_due_on_the_day_on_which_the_one_before_ends() {
    Subscription subscription = begun();
    assertFalse(subscription.isDue(Instant.parse("2026-02-27T23:59:59Z")));
    assertTrue(subscription.isDue(Instant.parse("2026-02-28T00:00:00Z")));
    assertTrue(subscription.isDue(Instant.parse("2026-05-01T00:00:00Z")));
  }

  @Test
  void promise_16_an_older_event_does_not_take_a_newer_ones_place() {
    EventOrder old = new EventOrder(START, 30, "evt_b");
    EventOrder alike = new EventOrder(START, 31, "evt_a");
    EventOrder sameRank = new EventOrder(START, 31, "evt_b");
    Subscription told = begun().told(alike, "sub_1").told(old, null);
    assertEquals(alike, told.lastEvent());
    assertEquals("sub_1", told.managedId());
    assertEquals(sameRank, told.told(sameRank, null).lastEvent());
  }
}
