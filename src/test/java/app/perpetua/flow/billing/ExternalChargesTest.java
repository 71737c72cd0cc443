package app.perpetua.flow.billing;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import app.perpetua.flow.fake.CheckoutEvent;
import app.perpetua.flow.harness.Invariants;
import app.perpetua.flow.harness.TestDatabase;
import app.perpetua.flow.harness.TestService;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A subscription manager in front of the provider charges and sends events. */
class ExternalChargesTest {
  @Order(1)
  @RegisterExtension
  static final TestDatabase database = new TestDatabase();

  @Order(2)
  @RegisterExtension
  static final TestService service =
      new TestService(database).with("BILLING_CHARGES", "external").with("GRACE_DAYS", "5");

  private final Payer payer = Payer.join(service, database);

  @AfterEach
  void invariants() {
    Invariants.check(database);
  }

  private CheckoutEvent managed(String type) {
    return CheckoutEvent.of(type, service.clock().instant())
        .amount(999)
        .data("metadata", Map.of("user_id", payer.userId()));
  }

  @Test
  void FR_049_each_failure_that_the_manager_reports_counts_once() {
    payer.send(managed("subscription_renewed")).expect(200);
    assertEquals("active", payer.status());
    payer.waitsUntil(payer.periodEnd());
    assertEquals(List.of(), List.copyOf(payer.jobs("none")));
    assertEquals("active", payer.status());
    assertEquals(0, payer.charged(null));
    CheckoutEvent first = managed("payment_declined");
    payer.send(first).expect(200);
    payer.send(first).expect(200);
    // Another event of the same payment.
    payer.send(first.again()).expect(200);
    assertEquals("past_due", payer.status());
    payer.send(managed("payment_declined")).expect(200);
    assertEquals("past_due", payer.status());
    payer.send(managed("payment_capture_declined")).expect(200);
    assertEquals("grace", payer.status());
    payer.waits(Duration.ofDays(5));
    payer.jobs(RenewalJob.KIND);
    assertEquals("expired", payer.status());
    payer.send(managed("subscription_renewed")).expect(200);
    assertEquals("active", payer.status());
  }

  @Test
  void only_renewal_events_apply_the_managers_payments() {
    payer.send(managed("subscription_renewed")).expect(200);
    var end = payer.periodEnd();
    CheckoutEvent captured = managed("payment_captured");
    payer.send(captured).expect(200);
    assertEquals("unmatched", payer.eventStatus(captured));
    assertEquals(end, payer.periodEnd());
    payer.send(managed("payment_declined").data("metadata", null)).expect(200);
    assertEquals("active", payer.status());
    Payer free = Payer.join(service, database);
    CheckoutEvent declined =
        managed("payment_declined").data("metadata", Map.of("user_id", free.userId()));
    payer.send(declined).expect(200);
    assertEquals("unmatched", payer.eventStatus(declined));
  }

  @Test
  void a_subscription_manager_can_renew_and_cancel() {
    Map<String, Object> who = Map.of("user_id", payer.userId(), "subscription_id", "sub_7");
    CheckoutEvent renewed =
        CheckoutEvent.of("subscription_renewed", service.clock().instant())
            .amount(999)
            .source("src_manager")
            .data("metadata", who);
    payer.send(renewed).expect(200);
    payer.send(renewed).expect(200);
    payer.send(renewed.again()).expect(200);
    assertEquals("active", payer.status());
    assertEquals(100, payer.credits("subscription"));
    Instant end = payer.periodEnd();
    payer.waits(Duration.ofDays(27));
    payer.send(
        CheckoutEvent.of("subscription_renewed", service.clock().instant())
            .amount(999)
            .data("subscription_id", "sub_7"));
    assertTrue(payer.periodEnd().isAfter(end));
    // The month begins when the present one ends.
    assertEquals(100, payer.credits("subscription"));
    payer.waitsUntil(end);
    service.runDueJobs();
    assertEquals(150, payer.credits("subscription"));
    payer.send(
        CheckoutEvent.of("subscription_renewed", service.clock().instant())
            .amount(1)
            .data("subscription_id", "sub_7"));
    assertEquals(150, payer.credits("subscription"));
    payer.send(
        CheckoutEvent.of("subscription_cancelled", service.clock().instant().plusSeconds(1))
            .data("subscription_id", "sub_7"));
    assertEquals("cancelled", payer.status());
  }

  @Test
  void FR_049_a_manager_that_is_silent_for_three_days_counts_as_a_failed_payment() {
    payer.send(managed("subscription_renewed")).expect(200);
    Instant end = payer.periodEnd();
    payer.waitsUntil(end.plus(Duration.ofDays(3)).minusMillis(1));
    payer.jobs(RenewalJob.KIND);
    assertEquals("active", payer.status());
    payer.waitsUntil(end.plus(Duration.ofDays(4)));
    for (String status : List.of("past_due", "past_due", "grace")) {
      payer.jobs(RenewalJob.KIND);
      payer.jobs(RenewalJob.KIND);
      assertEquals(status, payer.status());
      assertEquals("pro", payer.tier());
      payer.waits(Duration.ofDays(1));
    }
    payer.waits(Duration.ofDays(5));
    payer.jobs(RenewalJob.KIND);
    assertEquals("expired", payer.status());
    assertEquals("free", payer.tier());
    assertEquals(0, payer.charged(null));
  }

  @Test
  void a_renewal_that_is_reported_late_is_applied() {
    payer.send(managed("subscription_renewed")).expect(200);
    Instant end = payer.periodEnd();
    payer.waitsUntil(end.plus(Duration.ofDays(4)));
    payer.jobs(RenewalJob.KIND);
    assertEquals("past_due", payer.status());
    payer.send(managed("subscription_renewed")).expect(200);
    assertEquals("active", payer.status());
    assertTrue(payer.periodEnd().isBefore(end.plus(Duration.ofDays(32))));
    assertEquals(150, payer.credits("subscription"));
  }

  @Test
  void a_failure_that_the_manager_reports_gives_it_three_more_days() {
    payer.send(managed("subscription_renewed")).expect(200);
    payer.waitsUntil(payer.periodEnd().plus(Duration.ofDays(2)));
    payer.send(managed("payment_declined")).expect(200);
    payer.waits(Duration.ofDays(2));
    payer.jobs(RenewalJob.KIND);
    assertEquals(1, payer.attempts() - 1);
    payer.waits(Duration.ofDays(2));
    payer.jobs(RenewalJob.KIND);
    assertEquals(2, payer.attempts() - 1);
  }
}
