package app.perpetua.flow.billing;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import app.perpetua.flow.harness.Api;
import app.perpetua.flow.harness.Invariants;
import app.perpetua.flow.harness.TestDatabase;
import app.perpetua.flow.harness.TestService;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
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
import tools.jackson.databind.JsonNode;

class PurchaseApiTest {
  private static final String PURCHASE = "/api/v1/credits/purchase";

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

  private Api.Answer buy(int amount) {
    return payer.api().post(PURCHASE, Map.of("amount", amount));
  }

  @Test
  void US11_credits_come_with_the_captured_payment_and_never_expire() {
    JsonNode page = buy(50).expect(200).data();
    assertEquals(50, page.get("amount").intValue());
    assertEquals(50, page.get("monthly_purchased").intValue());
    assertEquals(450, page.get("monthly_remaining").intValue());
    UUID order =
        service.checkout().page(page.get("session_id").stringValue()).orElseThrow().reference();
    payer.send(payer.event("payment_approved", order, 250)).expect(200);
    assertEquals(0, payer.credits("purchased"));
    payer.send(payer.event("payment_captured", order, 250)).expect(200);
    assertEquals(50, payer.credits("purchased"));
    assertEquals(1, payer.entries("credits_granted") - 1);
    payer.waits(Duration.ofDays(400));
    assertEquals(50, payer.credits("purchased"));
  }

  @Test
  void FR_051_paid_and_open_orders_are_limited_to_500_credits_a_month() {
    UUID order = payer.ordersCredits(300);
    Api.Answer over = buy(201).expect(409, "LIMIT_EXCEEDED");
    assertEquals(500, over.json().at("/error/limit").intValue());
    assertEquals(300, over.json().at("/error/current").intValue());
    assertEquals(0, buy(200).expect(200).data().get("monthly_remaining").intValue());
    buy(1).expect(409, "LIMIT_EXCEEDED");
    payer.send(payer.event("payment_captured", order, 1500)).expect(200);
    // An order that is unpaid for half an hour no longer counts.
    payer.waits(Duration.ofMinutes(31));
    assertEquals(200, buy(200).expect(200).data().get("monthly_remaining").intValue() + 200);
  }

  @Test
  void FR_051_a_late_payment_is_granted_beyond_the_limit() {
    UUID first = payer.ordersCredits(500);
    payer.waits(Duration.ofMinutes(31));
    UUID second = payer.ordersCredits(500);
    payer.send(payer.event("payment_captured", second, 2500)).expect(200);
    payer.send(payer.event("payment_captured", first, 2500)).expect(200);
    assertEquals(1000, payer.credits("purchased"));
    buy(1).expect(409, "LIMIT_EXCEEDED");
  }

  @Test
  void FR_051_a_month_is_a_calendar_month_in_utc() {
    Payer another = Payer.join(service, database);
    another.waitsUntil(Instant.parse("2028-02-29T23:59:59.999Z"));
    another.send(another.event("payment_captured", another.ordersCredits(500), 2500)).expect(200);
    another.api().post(PURCHASE, Map.of("amount", 1)).expect(409);
    another.waits(Duration.ofMillis(1));
    another.api().post(PURCHASE, Map.of("amount", 500)).expect(200);
  }

  @Test
  void FR_071_credits_that_a_deleted_account_bought_this_month_count() {
    Payer buyer = Payer.join(service, database);
    buyer.waitsUntil(Instant.parse("2028-03-31T12:00:00Z"));
    buyer.send(buyer.event("payment_captured", buyer.ordersCredits(300), 1500)).expect(200);
    buyer.ordersCredits(150);
    buyer = buyer.startsOver();
    Api.Answer over = buyer.api().post(PURCHASE, Map.of("amount", 201)).expect(409);
    assertEquals(300, over.json().at("/error/current").intValue(), "unpaid orders are void");
    buyer.send(buyer.event("payment_captured", buyer.ordersCredits(200), 1000)).expect(200);
    assertEquals(200, buyer.credits("purchased"), "paid credits are granted");
    buyer = buyer.startsOver();
    buyer.api().post(PURCHASE, Map.of("amount", 1)).expect(409, "LIMIT_EXCEEDED");
    buyer.waitsUntil(Instant.parse("2028-04-01T00:00:00Z"));
    buyer.api().post(PURCHASE, Map.of("amount", 500)).expect(200);
    buyer = buyer.startsOver();
    buyer.api().post(PURCHASE, Map.of("amount", 500)).expect(200);
  }

  @Test
  void promise_7_concurrent_orders_do_not_exceed_the_months_limit() throws Exception {
    List<Integer> statuses = Collections.synchronizedList(new ArrayList<>());
    try (ExecutorService threads = Executors.newFixedThreadPool(12)) {
      List<Future<?>> all = new ArrayList<>();
      for (int i = 0; i < 12; i++) {
        all.add(threads.submit(() -> statuses.add(buy(100).status())));
      }
      for (Future<?> one : all) {
        one.get();
      }
    }
    assertEquals(5, Collections.frequency(statuses, 200), statuses::toString);
    assertEquals(7, Collections.frequency(statuses, 409), statuses::toString);
  }

  @Test
  void FR_051_a_refund_expires_the_remaining_credits_of_the_purchase() {
    UUID order = payer.ordersCredits(30);
    payer.send(payer.event("payment_captured", order, 150)).expect(200);
    payer.send(payer.event("payment_refunded", order, 150)).expect(200);
    payer.send(payer.event("payment_captured", order, 150)).expect(200);
    assertEquals(0, payer.credits("purchased"));
    assertEquals(
        List.of("Your credits are here", "A purchase was refunded"), payer.notifications());
    assertTrue(List.of("refunded").contains(payer.orderStatus(order)));
  }

  @Test
  void an_invalid_amount_is_400() {
    for (Object amount : List.of(0, -1, 501, 1.5, "10", Integer.MAX_VALUE)) {
      payer
          .api()
          .invalidOnPurpose()
          .post(PURCHASE, Map.of("amount", amount))
          .expect(400, "VALIDATION_ERROR");
    }
    payer.api().invalidOnPurpose().post(PURCHASE, Map.of()).expect(400);
  }
}
