package app.perpetua.flow.billing;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import app.perpetua.flow.billing.Subscription.Payment;
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
  private static final Payment PAID = new Payment("pay_1", "src_1");
  private static final Duration GRACE = Duration.ofDays(3);

  private static Subscription started() {
    return Subscription.start(UUID.randomUUID(), START, PAID);
  }

  @Test
  void FR_047_later_periods_end_on_the_same_day_of_the_month() {
    Subscription subscription = started();
    List<String> ends = new ArrayList<>();
    for (int month = 0; month < 14; month++) {
      ends.add(subscription.period().end().toString().substring(0, 10));
      subscription = subscription.paid(subscription.period().end(), PAID, false);
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
    assertEquals(end, Subscription.start(UUID.randomUUID(), from, PAID).period().end());
  }

  @Test
  void FR_049_the_third_failure_opens_three_days_of_grace() {
    Instant due = started().period().end();
    Subscription first = started().paymentFailed(due, 3, GRACE);
    assertEquals(Status.PAST_DUE, first.status());
    assertNull(first.grace());
    Subscription third = first.paymentFailed(due, 3, GRACE).paymentFailed(due, 3, GRACE);
    assertEquals(Status.GRACE, third.status());
    assertEquals(new Subscription.Grace(due.plus(GRACE), null), third.grace());
  }

  @Test
  void FR_047_a_late_payment_starts_at_the_end_of_the_old_period() {
    Subscription unpaid = started();
    Instant late = unpaid.period().end().plus(Duration.ofDays(4));
    for (int i = 0; i < 3; i++) {
      unpaid = unpaid.paymentFailed(late, 3, GRACE);
    }
    Subscription paid = unpaid.warned(late).paid(late, new Payment("pay_2", null), true);
    assertEquals(Status.ACTIVE, paid.status());
    assertEquals(unpaid.period().end(), paid.period().start());
    assertEquals(Instant.parse("2026-03-31T10:00:00Z"), paid.period().end());
    assertEquals(0, paid.failures());
    assertNull(paid.grace());
    assertEquals("src_1", paid.payment().instrumentId());
    assertEquals("pay_2", paid.payment().id());
  }

  @Test
  void FR_047_a_cancelled_subscription_continues_at_the_end_of_the_period() {
    Instant early = START.plus(Duration.ofDays(3));
    Subscription cancelled = started().cancelled(early, GRACE);
    Subscription paid = cancelled.paid(early, PAID, true);
    assertEquals(Status.ACTIVE, paid.status());
    assertNull(paid.cancelledAt());
    assertEquals(START, paid.period().start());
    assertEquals(Instant.parse("2026-03-31T10:00:00Z"), paid.period().end());
  }

  @Test
  void a_charge_during_the_cancellation_adds_a_month_and_does_not_resume() {
    Subscription cancelled = started().cancelled(START, GRACE);
    Subscription paid = cancelled.paid(cancelled.period().end(), PAID, false);
    assertEquals(Status.CANCELLED, paid.status());
    assertEquals(START, paid.cancelledAt());
    assertEquals(Instant.parse("2026-03-31T10:00:00Z"), paid.period().end());
  }

  @Test
  void an_expired_subscription_starts_a_new_period() {
    Subscription expired = started().cancelled(START, GRACE).expired();
    Instant later = Instant.parse("2026-07-04T08:00:00Z");
    Subscription back = expired.paid(later, new Payment("pay_9", null), true);
    assertEquals(expired.id(), back.id());
    assertEquals(Status.ACTIVE, back.status());
    assertEquals(later, back.period().start());
    assertEquals(Instant.parse("2026-08-04T08:00:00Z"), back.period().end());
    assertEquals(4, back.period().anchorDay());
    assertEquals("src_1", back.payment().instrumentId());
  }

  @Test
  void a_month_is_due_on_the_day_on_which_the_one_before_ends() {
    Subscription subscription = started();
    assertFalse(subscription.isDue(Instant.parse("2026-02-27T23:59:59Z")));
    assertTrue(subscription.isDue(Instant.parse("2026-02-28T00:00:00Z")));
    assertTrue(subscription.isDue(Instant.parse("2026-05-01T00:00:00Z")));
  }

  @Test
  void promise_16_an_older_event_does_not_replace_a_newer_one() {
    EventOrder old = new EventOrder(START, 30, "evt_b");
    EventOrder alike = new EventOrder(START, 31, "evt_a");
    EventOrder sameRank = new EventOrder(START, 31, "evt_b");
    Subscription updated = started().withEvent(alike, "sub_1").withEvent(old, null);
    assertEquals(alike, updated.lastEvent());
    assertEquals("sub_1", updated.externalId());
    assertEquals(sameRank, updated.withEvent(sameRank, null).lastEvent());
  }
}
