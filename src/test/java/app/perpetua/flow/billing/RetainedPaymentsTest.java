package app.perpetua.flow.billing;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;

import app.perpetua.flow.fake.CheckoutEvent;
import app.perpetua.flow.harness.Api;
import app.perpetua.flow.harness.Invariants;
import app.perpetua.flow.harness.TestDatabase;
import app.perpetua.flow.harness.TestService;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What is left of payments when their account is deleted (FR-078). */
class RetainedPaymentsTest {
  @Order(1)
  @RegisterExtension
  static final TestDatabase database = new TestDatabase();

  @Order(2)
  @RegisterExtension
  static final TestService service = new TestService(database);

  private final Payer payer = Payer.join(service, database);

  @AfterEach
  void invariants() {
    Invariants.check(database);
  }

  private String leave() {
    String email =
        payer.api().get("/api/v1/users/me").expect(200).data().get("email").stringValue();
    payer.api().delete("/api/v1/users/me", Map.of("confirm", email)).expect(204);
    return email;
  }

  private CheckoutEvent event(String type, UUID order, int cents) {
    return payer
        .event(type, order, cents)
        .data("metadata", Map.of("user_id", payer.userId()))
        .data("customer", Map.of("email", "ada@example.com", "name", "Ada"));
  }

  @Test
  void FR_078_payment_records_stay_without_the_user() {
    UUID pro = payer.ordersPro();
    UUID bought = payer.ordersCredits(10);
    UUID unpaid = payer.ordersCredits(10);
    List<CheckoutEvent> events =
        List.of(
            event("payment_approved", pro, 999).source("src_1"),
            event("payment_captured", pro, 999),
            event("payment_captured", bought, 50),
            event("payment_refunded", bought, 20),
            event("payment_captured", bought, 50).payment("pay_twice" + bought),
            event("payment_captured", bought, 49),
            event("card_verified", bought, 49),
            event("card_verified", UUID.randomUUID(), 49),
            event("subscription_renewed", UUID.randomUUID(), 999),
            event("payment_captured", UUID.randomUUID(), 999));
    events.forEach(event -> payer.send(event).expect(200));
    String email = leave();
    assertEquals("captured", payer.orderStatus(pro));
    assertEquals("captured", payer.orderStatus(bought));
    assertEquals("open", payer.orderStatus(unpaid));
    for (CheckoutEvent event : events) {
      Map<String, Object> row = row(event);
      assertEquals(event.type(), row.get("type"));
      assertEquals("USD", row.get("currency"));
    }
    // Neither the id nor what the bodies said of the user is left, anywhere.
    String left =
        database.rows("select p::text as row from billing.purchases p").toString()
            + database.rows(
                "select e::text || coalesce(convert_from(body, 'UTF8'), '') as row"
                    + " from billing.payment_events e");
    for (String personal : List.of(payer.userId().toString(), email, "ada@example.com", "Ada")) {
      assertFalse(left.contains(personal), personal);
    }
  }

  private static Map<String, Object> row(CheckoutEvent event) {
    return database.row(
        "select type, currency, status, body, user_id from billing.payment_events"
            + " where provider_event_id = ?",
        event.id());
  }

  @Test
  void FR_078_events_that_arrive_after_the_deletion_are_recorded() {
    UUID pro = payer.ordersPro();
    UUID bought = payer.ordersCredits(10);
    UUID unpaid = payer.ordersCredits(10);
    payer.send(event("payment_captured", pro, 999)).expect(200);
    payer.send(event("payment_captured", bought, 50)).expect(200);
    leave();
    CheckoutEvent refund = event("payment_refunded", pro, 500);
    CheckoutEvent rest = event("payment_refunded", pro, 499).data("reference", null);
    CheckoutEvent dispute =
        event("dispute_received", bought, 50)
            .data("id", "dsp_" + bought)
            .data("payment_id", "pay_" + bought);
    for (CheckoutEvent event : List.of(refund, refund, refund.again(), rest, dispute)) {
      payer.send(event).expect(200);
      assertEquals("applied", payer.eventStatus(event));
    }
    assertEquals("refunded", payer.orderStatus(pro));
    assertEquals("disputed", payer.orderStatus(bought));
    payer.send(dispute.with("type", "dispute_won").again()).expect(200);
    assertEquals("captured", payer.orderStatus(bought));
    // A payment that nobody gets anything for must be refunded, so it is shown.
    CheckoutEvent late = event("payment_captured", unpaid, 50);
    payer.send(late).expect(200);
    assertEquals("unmatched", payer.eventStatus(late));
    assertEquals("captured", payer.orderStatus(unpaid));
    for (String type : List.of("payment_declined", "payment_approved", "card_verified")) {
      payer.send(event(type, unpaid, 50)).expect(200);
    }
    assertEquals("captured", payer.orderStatus(unpaid));
    assertEquals(List.of(), payer.jobs(Webhooks.APPLY));
  }

  @Test
  void FR_078_an_event_that_meets_the_deletion_is_recorded() throws Exception {
    for (int i = 0; i < 5; i++) {
      Payer leaving = Payer.join(service, database);
      UUID order = leaving.ordersPro();
      leaving.send(leaving.event("payment_captured", order, 999)).expect(200);
      CheckoutEvent refund = leaving.event("payment_refunded", order, 999);
      String email =
          leaving.api().get("/api/v1/users/me").expect(200).data().get("email").stringValue();
      try (ExecutorService threads = Executors.newFixedThreadPool(2)) {
        Future<Api.Answer> sent = threads.submit(() -> leaving.send(refund));
        Future<Api.Answer> left =
            threads.submit(
                () -> leaving.api().delete("/api/v1/users/me", Map.of("confirm", email)));
        sent.get().expect(200);
        left.get().expect(204);
      }
      service.runDueJobs();
      assertEquals("refunded", leaving.orderStatus(order));
      assertEquals("applied", leaving.eventStatus(refund));
      assertNull(row(refund).get("body"));
    }
  }

  @Test
  void FR_078_records_are_deleted_when_their_years_are_over() {
    UUID bought = payer.ordersCredits(10);
    UUID unpaid = payer.ordersCredits(10);
    CheckoutEvent capture = event("payment_captured", bought, 50);
    payer.send(capture).expect(200);
    Payer staying = Payer.join(service, database);
    UUID kept = staying.ordersCredits(10);
    CheckoutEvent other = staying.event("payment_captured", kept, 50);
    staying.send(other).expect(200);
    leave();
    staying.waits(Duration.ofDays(91));
    service.runDueJobs();
    assertEquals("captured", payer.orderStatus(bought));
    assertEquals(0, orders(unpaid));
    assertEquals("applied", payer.eventStatus(other));
    assertNull(row(other).get("body"));
    int year = service.clock().instant().atOffset(ZoneOffset.UTC).getYear();
    // The row was written last year or this year; ten calendar years follow.
    staying.waitsUntil(Instant.parse((year + 10) + "-12-31T12:00:00Z").minus(Duration.ofDays(366)));
    service.runDueJobs();
    assertEquals("captured", payer.orderStatus(bought));
    staying.waitsUntil(Instant.parse((year + 11) + "-01-01T12:00:00Z"));
    service.runDueJobs();
    assertEquals(0, orders(bought));
    assertEquals(
        0,
        database.number(
            "select count(*) from billing.payment_events where provider_event_id = ?",
            capture.id()));
    assertEquals(1, orders(kept));
  }

  private static long orders(UUID id) {
    return database.number("select count(*) from billing.purchases where id = ?", id);
  }
}
