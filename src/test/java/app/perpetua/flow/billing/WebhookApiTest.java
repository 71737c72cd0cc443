package app.perpetua.flow.billing;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import app.perpetua.flow.fake.CheckoutEvent;
import app.perpetua.flow.fake.FakeCheckout;
import app.perpetua.flow.harness.Api;
import app.perpetua.flow.harness.Invariants;
import app.perpetua.flow.harness.TestDatabase;
import app.perpetua.flow.harness.TestService;
import app.perpetua.flow.jobs.Worker;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Webhooks over real sockets: signatures, and the effects of events (promise 16). */
class WebhookApiTest {
  private static final String WEBHOOKS = "/api/v1/webhooks/checkout";
  private static final String PREVIOUS = "the-secret-before";

  @Order(1)
  @RegisterExtension
  static final TestDatabase database = new TestDatabase();

  @Order(2)
  @RegisterExtension
  static final TestService service =
      new TestService(database)
          .with("CHECKOUT_WEBHOOK_SECRET_PREVIOUS", PREVIOUS)
          .with("CREDIT_PURCHASE_MONTHLY", "100000");

  private final Payer payer = Payer.join(service, database);

  @BeforeEach
  void quiet() {
    service.runDueJobs();
  }

  @AfterEach
  void invariants() {
    Invariants.check(database);
  }

  private static long stored() {
    return database.number("select count(*) from billing.payment_events");
  }

  private CheckoutEvent captured(UUID order, int cents) {
    return payer.event("payment_captured", order, cents);
  }

  @Test
  void FR_048_a_webhook_without_a_valid_signature_is_refused() {
    UUID order = payer.ordersCredits(10);
    byte[] body = captured(order, 50).body();
    String good = CheckoutEvent.signature(FakeCheckout.WEBHOOK_SECRET, body);
    long before = stored();
    Api api = service.api().invalidOnPurpose();
    api.post(WEBHOOKS, body).expect(400, "INVALID_SIGNATURE");
    for (String bad :
        List.of(
            "x",
            good.toUpperCase(Locale.ROOT),
            good.substring(0, 32),
            good + "00",
            "0".repeat(64),
            CheckoutEvent.signature("another", body))) {
      api.with("Cko-Signature", bad).post(WEBHOOKS, body).expect(400, "INVALID_SIGNATURE");
    }
    Api signed = api.with("Cko-Signature", good);
    String text = new String(body, StandardCharsets.UTF_8);
    for (String other :
        List.of(
            text.replace("\"amount\":50", "\"amount\":51"),
            text.replace(",", ", "),
            text + "\n",
            text.replace("\"id\"", "\"\\u0069d\""))) {
      signed.post(WEBHOOKS, other).expect(400, "INVALID_SIGNATURE");
    }
    signed.send("POST", WEBHOOKS, null).expect(400, "INVALID_SIGNATURE");
    assertEquals(before, stored());
    assertEquals(0, payer.credits("purchased"));
    assertTrue(signed.post(WEBHOOKS, body).expect(200).json().get("received").booleanValue());
    assertEquals(10, payer.credits("purchased"));
  }

  @Test
  void FR_048_during_a_rotation_the_previous_secret_is_valid() {
    UUID order = payer.ordersCredits(10);
    byte[] body = captured(order, 50).body();
    Payer.signed(service, PREVIOUS, body).post(WEBHOOKS, body).expect(200);
    assertEquals(10, payer.credits("purchased"));
  }

  @Test
  void promise_16_a_hundred_concurrent_repeats_of_an_event_are_applied_once() throws Exception {
    UUID order = payer.ordersCredits(40);
    CheckoutEvent event = captured(order, 200);
    Set<Integer> statuses = new TreeSet<>();
    try (ExecutorService threads = Executors.newFixedThreadPool(20)) {
      List<Future<Integer>> answers = new ArrayList<>();
      for (int i = 0; i < 100; i++) {
        answers.add(threads.submit(() -> payer.deliver(event).status()));
      }
      for (Future<Integer> answer : answers) {
        statuses.add(answer.get());
      }
    }
    assertEquals(Set.of(200), statuses);
    assertEquals(
        1,
        database.number(
            "select count(*) from billing.payment_events where provider_event_id = ?", event.id()));
    assertEquals(40, payer.credits("purchased"));
    assertEquals(List.of("Your credits are here"), payer.notifications());
  }

  @Test
  void promise_16_different_events_of_one_capture_are_one_grant() throws Exception {
    UUID order = payer.ordersPro();
    CheckoutEvent event = captured(order, 999);
    try (ExecutorService threads = Executors.newFixedThreadPool(20)) {
      List<Future<Api.Answer>> answers = new ArrayList<>();
      for (int i = 0; i < 20; i++) {
        answers.add(threads.submit(() -> payer.deliver(event.again())));
      }
      for (Future<Api.Answer> answer : answers) {
        answer.get().expect(200);
      }
    }
    assertEquals("active", payer.status());
    assertEquals(100, payer.credits("subscription"));
    assertEquals(1, payer.entries("subscription_created"));
    assertEquals(0, payer.entries("subscription_renewed"));
  }

  /** All 24 orders of a payment that was declined, approved, captured and refunded. */
  @Test
  void promise_16_the_events_of_a_purchase_have_the_same_result_in_every_order() {
    Set<String> ends = new TreeSet<>();
    for (List<Integer> order : Permutations.of(4)) {
      Payer another = Payer.join(service, database);
      UUID purchase = another.ordersCredits(30);
      List<CheckoutEvent> events =
          events(
              another,
              purchase,
              150,
              List.of(
                  "payment_declined", "payment_approved", "payment_captured", "payment_refunded"));
      order.forEach(place -> another.send(events.get(place)).expect(200));
      ends.add(another.orderStatus(purchase) + " " + another.credits("purchased"));
    }
    assertEquals(Set.of("refunded 0"), ends);
  }

  @Test
  void promise_16_the_events_of_a_subscription_have_the_same_result_in_every_order() {
    Set<String> ends = new TreeSet<>();
    for (List<Integer> order : Permutations.of(4)) {
      Payer another = Payer.join(service, database);
      UUID purchase = another.ordersPro();
      List<CheckoutEvent> events =
          events(
              another,
              purchase,
              999,
              List.of(
                  "payment_declined", "payment_approved", "payment_captured", "payment_expired"));
      events.set(1, events.get(1).source("src_kept"));
      order.forEach(place -> another.send(events.get(place)).expect(200));
      ends.add(
          another.orderStatus(purchase)
              + " "
              + another.status()
              + " "
              + another.tier()
              + " "
              + another.credits("subscription")
              + " "
              + another.periodEnd()
              + " "
              + database
                  .row(
                      "select instrument_id from billing.subscriptions where user_id = ?",
                      another.userId())
                  .get("instrument_id")
              + " "
              + another.entries("subscription_created")
              + another.entries("subscription_renewed"));
    }
    assertEquals(1, ends.size(), ends::toString);
    assertTrue(ends.iterator().next().startsWith("captured active pro 100 "), ends::toString);
    assertTrue(ends.iterator().next().endsWith(" src_kept 10"), ends::toString);
  }

  /** Events one second apart. */
  private static List<CheckoutEvent> events(Payer of, UUID order, int cents, List<String> types) {
    List<CheckoutEvent> events = new ArrayList<>();
    Instant at = service.clock().instant();
    for (String type : types) {
      events.add(of.event(type, order, cents).with("created_on", at.toString()));
      at = at.plusSeconds(1);
    }
    return events;
  }

  @Test
  void promise_16_an_older_event_does_not_replace_a_newer_one() {
    payer.goesPro();
    UUID order = payer.order();
    String before = payer.subscription().toString();
    String earlier = service.clock().instant().minus(Duration.ofHours(1)).toString();
    for (String type :
        List.of(
            "payment_declined",
            "payment_capture_declined",
            "payment_voided",
            "payment_expired",
            "payment_canceled",
            "payment_refunded",
            "dispute_received",
            "subscription_cancelled")) {
      CheckoutEvent event =
          payer
              .event(type, order, 999)
              .with("created_on", earlier)
              .data("metadata", Map.of("user_id", payer.userId()));
      payer.send(event).expect(200);
      assertEquals(before, payer.subscription().toString(), type);
      assertEquals("applied", payer.eventStatus(event), type);
    }
    assertEquals("captured", payer.orderStatus(order));
    assertEquals(100, payer.credits("subscription"));
  }

  @Test
  void promise_16_a_refund_that_precedes_its_capture_grants_nothing() {
    UUID order = payer.ordersPro();
    CheckoutEvent capture = captured(order, 999);
    payer.send(payer.event("payment_refunded", order, 999)).expect(200);
    payer.send(capture).expect(200);
    assertEquals("refunded", payer.orderStatus(order));
    assertEquals("free", payer.tier());
    assertEquals(0, payer.credits("subscription"));
  }

  @Test
  void FR_051_a_purchase_is_granted_by_the_amount_and_currency_that_were_ordered() {
    UUID order = payer.ordersCredits(20);
    for (CheckoutEvent wrong :
        List.of(
            captured(order, 99),
            captured(order, 101),
            captured(order, 100).data("currency", "EUR"),
            captured(order, 100).data("currency", null),
            captured(order, 100).data("amount", null),
            captured(order, 100).data("amount", "100"),
            captured(order, 100).data("amount", 100.5))) {
      payer.send(wrong).expect(200);
      assertEquals("unmatched", payer.eventStatus(wrong));
      assertEquals("open", payer.orderStatus(order));
    }
    assertEquals(0, payer.credits("purchased"));
    payer.send(captured(order, 100)).expect(200);
    assertEquals(20, payer.credits("purchased"));
  }

  @Test
  void FR_048_an_event_for_an_unknown_user_is_stored_and_acknowledged() {
    for (CheckoutEvent event :
        List.of(
            captured(UUID.randomUUID(), 999),
            captured(UUID.randomUUID(), 999).data("reference", "no uuid"),
            captured(UUID.randomUUID(), 999).data("reference", 7).data("id", null),
            CheckoutEvent.of("subscription_renewed", service.clock().instant())
                .amount(999)
                .data("metadata", Map.of("user_id", UUID.randomUUID())),
            CheckoutEvent.of("subscription_cancelled", service.clock().instant()))) {
      payer.send(event).expect(200);
      assertEquals("unmatched", payer.eventStatus(event));
      payer.send(event).expect(200);
    }
  }

  @Test
  void FR_047_events_of_unknown_types_are_stored() {
    for (String type :
        List.of(
            "card_verified", "payment_pending", "PAYMENT_CAPTURED", "other", "payment_captured2")) {
      CheckoutEvent event = captured(payer.ordersCredits(1), 5).with("type", type);
      payer.send(event).expect(200);
      assertEquals("ignored", payer.eventStatus(event), type);
    }
    assertEquals(0, payer.credits("purchased"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        " ",
        "null",
        "[]",
        "1",
        "{",
        "{}",
        "paid",
        "{\"id\":\"evt_1\"}",
        "{\"type\":\"payment_captured\"}",
        "{\"id\":7,\"type\":\"payment_captured\"}",
        "{\"id\":\"\",\"type\":\"payment_captured\"}",
        "{\"id\":\"evt_1\",\"type\":[\"payment_captured\"]}",
        "{\"id\":\"a\\u0000b\",\"type\":\"payment_captured\"}",
        "{\"id\":\"evt_1\",\"id\":\"evt_2\",\"type\":\"payment_captured\"}",
        "{\"id\":\"evt_1\",\"type\":\"payment_captured\",\"created_on\":\"yesterday\"}",
        "{\"id\":\"evt_1\",\"type\":\"payment_captured\",\"created_on\":\"1999-12-31T00:00:00Z\"}",
        "{\"id\":\"evt_1\",\"type\":\"payment_captured\",\"created_on\":5}",
        "{\"id\":\"evt_1\",\"type\":\"payment_captured\",\"created_on\":{\"at\":1768818605}}"
      })
  void FR_076_a_signed_body_that_is_no_event_is_stored_and_shown(String body) {
    storesUnreadable(body.getBytes(StandardCharsets.UTF_8));
  }

  @Test
  void FR_076_other_signed_bodies_are_stored_too() {
    String large = "x".repeat(201);
    for (String body :
        List.of(
            "{\"id\":\"" + large + "\",\"type\":\"payment_captured\"}",
            "{\"id\":\"evt_1\",\"type\":\"" + large + "\"}",
            "{\"a\":".repeat(100) + "1" + "}".repeat(100))) {
      storesUnreadable(body.getBytes(StandardCharsets.UTF_8));
    }
    storesUnreadable(new byte[] {'{', '"', (byte) 0xff, '"', ':', '1', '}'});
  }

  private static void storesUnreadable(byte[] body) {
    long before = stored();
    double counted = unreadable();
    Payer.send(service, body).expect(200);
    Payer.send(service, body).expect(200);
    assertEquals(before + 1, stored());
    assertEquals(counted + 1, unreadable());
    assertEquals(
        1,
        database.number(
            "select count(*) from billing.payment_events where status = 'unreadable' and body = ?",
            body));
  }

  private static double unreadable() {
    String line = "webhook_events_total{outcome=\"unreadable\"}";
    return service
        .api()
        .get("/metrics")
        .expect(200)
        .text()
        .lines()
        .filter(metric -> metric.startsWith(line))
        .mapToDouble(metric -> Double.parseDouble(metric.substring(line.length()).strip()))
        .sum();
  }

  @Test
  void promise_20_a_body_that_is_too_large_or_of_another_type_is_refused() {
    long before = stored();
    byte[] large = ("{\"id\":\"" + "x".repeat(1_000_000) + "\"}").getBytes(StandardCharsets.UTF_8);
    Payer.send(service, large).expect(413, "PAYLOAD_TOO_LARGE");
    byte[] body = captured(UUID.randomUUID(), 5).body();
    Payer.signed(service, FakeCheckout.WEBHOOK_SECRET, body)
        .with("Content-Type", "text/plain")
        .post(WEBHOOKS, body)
        .expect(415);
    assertEquals(before, stored());
  }

  @Test
  void FR_076_a_payment_is_applied_whatever_the_notation_of_its_time() {
    Instant now = service.clock().instant();
    for (Object time :
        List.of(
            now.toString().toLowerCase(Locale.ROOT),
            now.toString().replace("T", " "),
            now.toString().replace("Z", ""),
            now.toString().replace("Z", "+00:00"),
            now.toString().replace("Z", "+0000"),
            now.toString().replace("Z", "+00"),
            now.getEpochSecond(),
            now.toEpochMilli(),
            String.valueOf(now.toEpochMilli()),
            now.getEpochSecond() + ".5")) {
      UUID order = payer.ordersCredits(1);
      CheckoutEvent event = captured(order, 5).with("created_on", time);
      payer.send(event).expect(200);
      assertEquals("applied", payer.eventStatus(event), String.valueOf(time));
      assertEquals("captured", payer.orderStatus(order), String.valueOf(time));
    }
  }

  @Test
  void a_missing_or_future_time_is_replaced_by_the_time_of_arrival() {
    UUID order = payer.ordersCredits(10);
    payer.send(captured(order, 50).with("created_on", "2999-01-01T00:00:00Z")).expect(200);
    payer.send(payer.event("payment_refunded", order, 50).with("created_on", null)).expect(200);
    assertEquals("refunded", payer.orderStatus(order));
  }

  @Test
  void an_event_that_cannot_be_applied_is_stored_and_applied_by_a_job() {
    UUID order = payer.ordersCredits(10);
    CheckoutEvent event = captured(order, 50);
    // The payment can then not be applied.
    database.run(
        "alter table billing.ai_credit_grants add constraint broken check (credit_type <> 'purchased') not valid");
    try {
      payer.send(event).expect(200);
      assertEquals("received", payer.eventStatus(event));
      assertEquals("open", payer.orderStatus(order));
      assertEquals(List.of(Worker.Outcome.FAILED), payer.jobs(Webhooks.APPLY));
    } finally {
      database.run("alter table billing.ai_credit_grants drop constraint broken");
    }
    payer.waits(Duration.ofMinutes(2));
    assertEquals(List.of(Worker.Outcome.DONE), payer.jobs(Webhooks.APPLY));
    assertEquals("applied", payer.eventStatus(event));
    assertEquals(10, payer.credits("purchased"));
    payer.send(event).expect(200);
    assertEquals(10, payer.credits("purchased"));
  }

  @Test
  void events_are_deleted_after_ninety_days() {
    CheckoutEvent event = captured(UUID.randomUUID(), 5);
    payer.send(event).expect(200);
    database.run(
        "update billing.payment_events set received_at = ? where provider_event_id = ?",
        service.clock().instant().minus(Duration.ofDays(91)),
        event.id());
    CheckoutEvent young = captured(UUID.randomUUID(), 5);
    payer.send(young).expect(200);
    payer.waits(Duration.ofDays(1));
    service.runDueJobs();
    assertEquals(
        0,
        database.number(
            "select count(*) from billing.payment_events where provider_event_id = ?", event.id()));
    assertEquals("unmatched", payer.eventStatus(young));
  }
}
