package app.perpetua.flow.billing;

import static org.junit.jupiter.api.Assertions.assertEquals;

import app.perpetua.flow.fake.CheckoutEvent;
import app.perpetua.flow.harness.Invariants;
import app.perpetua.flow.harness.TestDatabase;
import app.perpetua.flow.harness.TestService;
import java.time.Duration;
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
}
