package app.perpetua.flow.billing;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import app.perpetua.flow.fake.CheckoutEvent;
import app.perpetua.flow.fake.FakeCheckout;
import app.perpetua.flow.fake.FakeCheckout.Step;
import app.perpetua.flow.harness.Api;
import app.perpetua.flow.harness.Invariants;
import app.perpetua.flow.harness.TestDatabase;
import app.perpetua.flow.harness.TestService;
import app.perpetua.flow.jobs.Worker;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/** Subscriptions that this service charges for. */
class SubscriptionApiTest {
  private static final String CHECKOUT = "/api/v1/subscription/checkout";
  private static final String CANCEL = "/api/v1/subscription/cancel";

  @Order(1)
  @RegisterExtension
  static final TestDatabase database = new TestDatabase();

  @Order(2)
  @RegisterExtension
  static final TestService service = new TestService(database);

  private Instant start = Instant.EPOCH;
  private Payer payer = Payer.join(service, database);

  /** Moves the clock to a morning on which no subscription of an earlier test is due. */
  @BeforeEach
  void alone() {
    Instant morning =
        service
            .clock()
            .instant()
            .truncatedTo(ChronoUnit.DAYS)
            .plus(Duration.ofDays(1))
            .plus(Duration.ofMinutes(9 * 60 + 30));
    service.clock().set(morning);
    database.makeDays(morning);
    database.run("delete from auth.users");
    database.run("delete from ops.job_queue");
    database.run("delete from ops.schedule_runs");
    start = service.clock().instant();
    payer = Payer.join(service, database);
    service.runDueJobs();
    service
        .checkout()
        .webhooksTo(URI.create("http://127.0.0.1:" + service.port() + "/api/v1/webhooks/checkout"));
  }

  @AfterEach
  void invariants() {
    service.checkout().script(List.of());
    service.checkout().respondWith(FakeCheckout.Mode.WORKING);
    Invariants.check(database);
  }

  /** Moves the clock to the day on which the next month is due. */
  private void becomesDue() {
    payer.waitsUntil(payer.periodEnd());
  }

  private void nextDay() {
    payer.waits(Duration.ofDays(1));
  }

  /** The outcomes of the day's jobs; each missed day may have left one. */
  private Set<Worker.Outcome> move() {
    return Set.copyOf(payer.jobs(RenewalJob.KIND));
  }

  @Test
  void US10_a_user_without_a_subscription_sees_the_free_features() {
    JsonNode standing = payer.subscription();
    assertEquals("free", standing.get("tier").stringValue());
    assertTrue(standing.get("status").isNull());
    assertTrue(standing.get("current_period_end").isNull());
    assertFalse(standing.get("cancel_at_period_end").booleanValue());
    JsonNode features = standing.get("features");
    assertEquals(4, features.get("max_subtasks").intValue());
    assertEquals(1000, features.get("max_description_length").intValue());
    assertFalse(features.get("voice_notes").booleanValue());
    assertEquals(0, features.get("monthly_credits").intValue());
  }

  @Test
  void FR_047_a_payment_on_the_page_starts_pro() throws InterruptedException {
    JsonNode page = payer.api().post(CHECKOUT).expect(200).data();
    String session = page.get("session_id").stringValue();
    assertTrue(page.get("checkout_url").stringValue().endsWith("/checkout/pay/" + session));
    assertEquals("free", payer.tier());
    JsonNode request = service.checkout().page(session).orElseThrow().request();
    assertEquals(999, request.get("amount").intValue());
    assertEquals("USD", request.get("currency").stringValue());
    assertEquals("Recurring", request.get("payment_type").stringValue());
    service.checkout().pay(session);
    JsonNode standing = payer.subscription();
    assertEquals("pro", standing.get("tier").stringValue());
    assertEquals("active", standing.get("status").stringValue());
    assertEquals(10, standing.get("features").get("max_subtasks").intValue());
    assertTrue(payer.periodEnd().isAfter(start.plus(Duration.ofDays(27))));
    assertEquals(100, payer.credits("subscription"));
    assertEquals(10, payer.credits("daily"));
    assertEquals(List.of("Welcome to Pro"), payer.notifications());
    assertEquals(1, payer.entries("subscription_created"));
    payer.api().post(CHECKOUT).expect(409, "CONFLICT");
  }

  @Test
  void a_declined_card_on_the_page_changes_nothing_and_another_card_can_be_used()
      throws InterruptedException {
    String session = payer.api().post(CHECKOUT).expect(200).data().get("session_id").stringValue();
    service.checkout().decline(session);
    assertEquals("free", payer.tier());
    assertEquals(List.of(), payer.notifications());
    service.checkout().pay(session);
    assertEquals("active", payer.status());
  }

  @Test
  void FR_059_the_same_key_gets_the_same_page() {
    UUID key = UUID.randomUUID();
    int before = service.checkout().pages().size();
    Api api = payer.api().withKey(key);
    Api.Answer first = api.post(CHECKOUT).expect(200);
    Api.Answer again = api.post(CHECKOUT).expect(200);
    assertEquals(first.text(), again.text());
    assertEquals("true", again.header("X-Idempotent-Replayed").orElse(""));
    assertEquals(before + 1, service.checkout().pages().size());
    api.post("/api/v1/credits/purchase", Map.of("amount", 5)).expect(422, "IDEMPOTENCY_KEY_REUSED");
  }

  @Test
  void an_unavailable_provider_is_503_and_frees_the_key() {
    UUID key = UUID.randomUUID();
    service.checkout().respondWith(FakeCheckout.Mode.DOWN);
    Api.Answer refused =
        payer.api().withKey(key).post(CHECKOUT).expect(503, "PAYMENT_SERVICE_UNAVAILABLE");
    assertTrue(refused.header("Retry-After").isPresent());
    payer
        .api()
        .post("/api/v1/credits/purchase", Map.of("amount", 500))
        .expect(503, "PAYMENT_SERVICE_UNAVAILABLE");
    service.checkout().respondWith(FakeCheckout.Mode.WORKING);
    payer.api().withKey(key).post(CHECKOUT).expect(200);
    // An order without a page does not count towards the limit.
    payer.api().post("/api/v1/credits/purchase", Map.of("amount", 500)).expect(200);
    assertEquals(
        2,
        database.number(
            "select count(*) from billing.purchases where user_id = ? and status = 'voided'",
            payer.userId()));
  }

  @Test
  void promise_1_an_order_whose_process_died_during_the_call_is_voided() {
    UUID key = UUID.randomUUID();
    UUID order =
        service
            .checkout()
            .page(
                payer
                    .api()
                    .withKey(key)
                    .post(CHECKOUT)
                    .expect(200)
                    .data()
                    .get("session_id")
                    .stringValue())
            .orElseThrow()
            .reference();
    // The state before the provider's response.
    database.run(
        "update ops.idempotency_keys set state = 'open', status = null, body = null where key = ?",
        key);
    database.run(
        """
        insert into ops.job_queue (id, user_id, kind, job_key, payload, run_at, created_at)
        values (?, ?, 'order_release', ?, jsonb_build_object('key', ?::text), ?, ?)
        """,
        UUID.randomUUID(),
        payer.userId(),
        order.toString(),
        key.toString(),
        service.clock().instant().plusSeconds(60),
        service.clock().instant());
    payer.api().withKey(key).post(CHECKOUT).expect(409, "IDEMPOTENCY_IN_PROGRESS");
    payer.waits(Duration.ofSeconds(61));
    assertEquals(List.of(Worker.Outcome.DONE), payer.jobs(OrderReleaseJob.KIND));
    assertEquals("voided", payer.orderStatus(order));
    payer.api().withKey(key).post(CHECKOUT).expect(200);
  }

  @Test
  void a_month_is_charged_on_the_day_it_is_due_and_renews() {
    payer.goesPro();
    Instant end = payer.periodEnd();
    payer.waitsUntil(end.minus(Duration.ofDays(2)));
    assertEquals(Set.of(), move());
    becomesDue();
    assertEquals(Set.of(Worker.Outcome.DONE), move());
    assertEquals("active", payer.status());
    assertTrue(payer.periodEnd().isAfter(end.plus(Duration.ofDays(27))));
    assertEquals(1, payer.charged(null));
    // 50 of the first month's 100 credits are carried over.
    assertEquals(150, payer.credits("subscription"));
    assertEquals(List.of("Welcome to Pro", "Pro was renewed"), payer.notifications());
    assertEquals(Set.of(), move());
    nextDay();
    assertEquals(Set.of(), move());
    assertEquals(1, payer.charged(null));
  }

  @Test
  void FR_049_FR_050_three_failures_start_the_grace_period_which_ends_in_the_free_tier() {
    payer.goesPro();
    service.checkout().script(List.of(new Step.Decline(), new Step.Decline(), new Step.Decline()));
    becomesDue();
    move();
    assertEquals("past_due", payer.status());
    assertEquals(Set.of(), move());
    nextDay();
    move();
    assertEquals("past_due", payer.status());
    assertEquals("pro", payer.tier());
    nextDay();
    move();
    assertEquals("grace", payer.status());
    assertEquals("pro", payer.tier());
    assertEquals(3, payer.attempts());
    Instant end = Instant.parse(payer.subscription().get("grace_period_end").stringValue());
    assertEquals(service.clock().instant().plus(Duration.ofDays(3)), end);
    nextDay();
    move();
    assertFalse(payer.notifications().contains("Pro is about to end"));
    nextDay();
    move();
    assertTrue(payer.notifications().contains("Pro is about to end"));
    nextDay();
    move();
    assertEquals("expired", payer.status());
    assertEquals("free", payer.tier());
    assertTrue(payer.subscription().get("grace_period_end").isNull());
    // 50 credits are carried over when Pro ends.
    assertEquals(50, payer.credits("subscription"));
    assertEquals(
        List.of(
            "Welcome to Pro",
            "A payment failed",
            "A payment failed",
            "Please pay for Pro",
            "Pro is about to end",
            "Pro has ended"),
        payer.notifications());
    assertEquals(3, payer.charged("Declined"));
    nextDay();
    assertEquals(Set.of(), move());
    assertEquals(3, payer.attempts());
  }

  @Test
  void a_successful_payment_after_a_failure_makes_the_subscription_active() {
    payer.goesPro();
    Instant end = payer.periodEnd();
    service.checkout().script(List.of(new Step.Decline()));
    becomesDue();
    move();
    assertEquals("past_due", payer.status());
    nextDay();
    move();
    assertEquals("active", payer.status());
    // The period starts at the old end, although the payment is late.
    assertTrue(payer.periodEnd().isAfter(end.plus(Duration.ofDays(27))));
    assertTrue(payer.periodEnd().isBefore(end.plus(Duration.ofDays(32))));
    assertEquals(1, payer.charged("Captured"));
  }

  @Test
  void FR_049_a_user_in_the_grace_period_can_pay_on_the_page() throws InterruptedException {
    payer.goesPro();
    Instant end = payer.periodEnd();
    service.checkout().script(List.of(new Step.Decline(), new Step.Decline(), new Step.Decline()));
    becomesDue();
    for (int day = 0; day < 3; day++) {
      move();
      nextDay();
    }
    assertEquals("grace", payer.status());
    String session = payer.api().post(CHECKOUT).expect(200).data().get("session_id").stringValue();
    service.checkout().pay(session);
    assertEquals("active", payer.status());
    assertTrue(payer.periodEnd().isBefore(end.plus(Duration.ofDays(32))));
    assertTrue(payer.subscription().get("grace_period_end").isNull());
  }

  @Test
  void an_unavailable_provider_charges_once() {
    payer.goesPro();
    // Unavailable; then charged without a response; then the repeat gets the response.
    service.checkout().webhooksTo(null);
    service.checkout().script(List.of(new Step.Failure(503), new Step.Garbage(), new Step.Lost()));
    becomesDue();
    assertEquals(Set.of(Worker.Outcome.FAILED), move());
    assertEquals("active", payer.status());
    payer.waits(Duration.ofMinutes(2));
    assertEquals(Set.of(Worker.Outcome.FAILED), move());
    for (int minutes : List.of(10, 60)) {
      payer.waits(Duration.ofMinutes(minutes));
      move();
    }
    assertEquals(1, payer.charged(null));
    assertEquals(1, payer.attempts());
    // Authorized is not captured; the next day fetches the payment.
    assertEquals("active", payer.status());
    assertEquals(0, payer.entries("subscription_renewed"));
    nextDay();
    assertEquals(Set.of(Worker.Outcome.DONE), move());
    assertEquals(1, payer.entries("subscription_renewed"));
    assertEquals(1, payer.charged(null));
    assertEquals(1, payer.attempts());
  }

  @Test
  void an_attempt_without_an_outcome_is_repeated_the_next_day() {
    payer.goesPro();
    service.checkout().respondWith(FakeCheckout.Mode.DOWN);
    becomesDue();
    for (int attempt = 0; attempt < 5; attempt++) {
      move();
      payer.waits(Duration.ofHours(1));
    }
    assertEquals(1, payer.attempts());
    assertEquals("active", payer.status());
    service.checkout().respondWith(FakeCheckout.Mode.WORKING);
    nextDay();
    move();
    assertEquals(1, payer.attempts());
    assertEquals(1, payer.charged(null));
    assertEquals(1, payer.entries("subscription_renewed"));
  }

  @Test
  void an_invalid_card_is_a_failed_payment_and_an_invalid_request_is_not() {
    payer.goesPro();
    service
        .checkout()
        .script(
            List.of(
                new Step.Unprocessable("processing_channel_invalid"),
                new Step.Unprocessable("source_id_invalid")));
    becomesDue();
    assertEquals(Set.of(Worker.Outcome.FAILED), move());
    assertEquals("active", payer.status());
    payer.waits(Duration.ofMinutes(2));
    assertEquals(Set.of(Worker.Outcome.DONE), move());
    assertEquals("past_due", payer.status());
  }

  @Test
  void without_an_instrument_the_renewal_fails() {
    payer.send(payer.event("payment_captured", payer.ordersPro(), 999)).expect(200);
    becomesDue();
    move();
    assertEquals("past_due", payer.status());
    assertEquals(0, payer.charged(null));
  }

  @Test
  void a_cancelled_subscription_keeps_pro_until_the_end_of_the_period() {
    payer.goesPro();
    Instant end = payer.periodEnd();
    JsonNode cancelled = payer.api().post(CANCEL).expect(200).data();
    assertEquals("cancelled", cancelled.get("status").stringValue());
    assertEquals(end, Instant.parse(cancelled.get("access_until").stringValue()));
    assertEquals(cancelled, payer.api().post(CANCEL).expect(200).data());
    assertEquals("pro", payer.tier());
    assertTrue(payer.subscription().get("cancel_at_period_end").booleanValue());
    becomesDue();
    move();
    assertEquals("expired", payer.status());
    assertEquals("free", payer.tier());
    assertEquals(0, payer.charged(null));
    assertEquals(
        List.of("Welcome to Pro", "Pro was cancelled", "Pro has ended"), payer.notifications());
    payer.api().post(CANCEL).expect(409, "CONFLICT");
  }

  @Test
  void cancelling_without_a_subscription_is_409() {
    payer.api().post(CANCEL).expect(409, "CONFLICT");
  }

  /**
   * @param failures 1: past due; 3: in grace
   */
  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3})
  void FR_049_cancelling_an_unpaid_subscription_keeps_pro_until_the_grace_ends(int failures) {
    payer.goesPro();
    service.checkout().script(Collections.nCopies(failures, new Step.Decline()));
    becomesDue();
    move();
    for (int day = 1; day < failures; day++) {
      nextDay();
      move();
    }
    Instant end = service.clock().instant().plus(Duration.ofDays(3));
    payer.waits(Duration.ofHours(1));
    if (failures < 3) {
      assertEquals("past_due", payer.status());
      end = end.plus(Duration.ofHours(1));
    } else {
      assertEquals("grace", payer.status());
    }
    JsonNode cancelled = payer.api().post(CANCEL).expect(200).data();
    assertEquals(end, Instant.parse(cancelled.get("access_until").stringValue()));
    payer.waits(Duration.ofHours(30));
    move();
    assertEquals(cancelled, payer.api().post(CANCEL).expect(200).data());
    assertEquals("cancelled", payer.status());
    JsonNode shown = payer.subscription();
    assertEquals(end, Instant.parse(shown.get("grace_period_end").stringValue()));
    assertTrue(shown.get("cancel_at_period_end").booleanValue());
    assertEquals(10, shown.get("features").get("max_subtasks").intValue());
    assertEquals("pro", payer.tier());
    assertEquals("pro", me());
    assertEquals(failures, payer.attempts());
    payer.waitsUntil(end.minusMillis(1));
    move();
    assertEquals("pro", payer.tier());
    payer.waitsUntil(end);
    move();
    assertEquals("expired", payer.status());
    assertEquals("free", payer.tier());
    assertEquals("free", me());
    payer.api().post(CANCEL).expect(409, "CONFLICT");
  }

  private String me() {
    return payer.api().get("/api/v1/users/me").expect(200).data().get("tier").stringValue();
  }

  @Test
  void FR_075_a_dispute_of_the_last_paid_month_ends_an_unpaid_subscription() {
    UUID paid = payer.goesPro().order();
    service.checkout().script(List.of(new Step.Decline()));
    becomesDue();
    move();
    assertEquals("past_due", payer.status());
    payer.send(
        payer
            .event("dispute_received", paid, 999)
            .data("id", "dsp_1")
            .data("payment_id", "pay_" + paid));
    assertEquals("expired", payer.status());
    assertEquals("free", payer.tier());
  }

  @Test
  void a_user_who_cancelled_in_the_grace_period_can_still_pay() throws InterruptedException {
    payer.goesPro();
    Instant end = payer.periodEnd();
    service.checkout().script(List.of(new Step.Decline()));
    becomesDue();
    move();
    payer.api().post(CANCEL).expect(200);
    nextDay();
    service.checkout().pay(page());
    assertEquals("active", payer.status());
    assertTrue(payer.subscription().get("grace_period_end").isNull());
    assertTrue(payer.periodEnd().isBefore(end.plus(Duration.ofDays(32))));
    payer.waits(Duration.ofDays(3));
    move();
    assertEquals("active", payer.status());
  }

  private String page() {
    return payer.api().post(CHECKOUT).expect(200).data().get("session_id").stringValue();
  }

  @Test
  void FR_077_a_month_paid_after_cancelling_begins_when_the_present_one_ends()
      throws InterruptedException {
    payer.goesPro();
    Instant end = payer.periodEnd();
    payer.api().post(CANCEL).expect(200);
    payer.waits(Duration.ofDays(5));
    service.checkout().pay(page());
    assertEquals(100, payer.credits("subscription"));
    payer.waitsUntil(end.minusMillis(1));
    service.runDueJobs();
    assertEquals(100, payer.credits("subscription"));
    payer.waitsUntil(end);
    for (int run = 0; run < 2; run++) {
      service.runDueJobs();
      assertEquals(150, payer.credits("subscription"));
    }
    assertEquals("active", payer.status());
    assertEquals(0, payer.charged(null));
    // The month after that is charged as usual.
    becomesDue();
    move();
    assertEquals(1, payer.charged("Captured"));
    assertEquals(150, payer.credits("subscription"));
  }

  @Test
  void FR_077_of_two_paid_pages_each_pays_for_a_month_of_its_own() throws InterruptedException {
    List<String> pages = List.of(page(), page(), page());
    for (String page : pages) {
      service.checkout().pay(page);
    }
    assertEquals(100, payer.credits("subscription"));
    Instant first = start.atOffset(ZoneOffset.UTC).plusMonths(1).toInstant();
    for (int month = 1; month < 3; month++) {
      payer.waitsUntil(first);
      service.runDueJobs();
      assertEquals(150, payer.credits("subscription"));
      assertEquals(0, payer.charged(null));
      first = first.plus(Duration.ofDays(31));
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2})
  void FR_077_a_refund_of_one_of_several_months_takes_that_month(int refunded)
      throws InterruptedException {
    List<FakeCheckout.Payment> paid = new ArrayList<>();
    for (String page : List.of(page(), page(), page())) {
      paid.add(service.checkout().pay(page));
    }
    Instant end = payer.periodEnd();
    payer.waits(Duration.ofDays(2));
    service.checkout().deliver(service.checkout().event("payment_refunded", paid.get(refunded)));
    assertEquals("active", payer.status());
    assertEquals("pro", payer.tier());
    assertTrue(payer.periodEnd().isBefore(end.minus(Duration.ofDays(24))));
    // A new month has begun only if the running one was refunded.
    assertEquals(refunded == 0 ? 150 : 100, payer.credits("subscription"));
    service
        .checkout()
        .deliver(
            service
                .checkout()
                .event("payment_refunded", paid.get((refunded + 1) % 3))
                .data("action_id", null));
    assertEquals("active", payer.status());
    service
        .checkout()
        .deliver(service.checkout().event("payment_refunded", paid.get((refunded + 2) % 3)));
    assertEquals("expired", payer.status());
    assertEquals("free", payer.tier());
  }

  @Test
  void FR_075_a_month_that_was_given_back_moves_up_without_further_credits()
      throws InterruptedException {
    List<String> pages = List.of(page(), page());
    FakeCheckout.Payment first = service.checkout().pay(pages.get(0));
    Instant end = payer.periodEnd();
    FakeCheckout.Payment second = service.checkout().pay(pages.get(1));
    payer.waits(Duration.ofDays(1));
    Duration lost = Duration.between(service.clock().instant(), end);
    service.checkout().deliver(service.checkout().event("dispute_received", first));
    assertEquals(150, payer.credits("subscription"));
    service.checkout().deliver(service.checkout().event("dispute_won", first));
    assertEquals(150, payer.credits("subscription"));
    service.checkout().deliver(service.checkout().event("payment_refunded", second));
    assertEquals("active", payer.status());
    assertEquals(service.clock().instant().plus(lost), payer.periodEnd());
    assertEquals(150, payer.credits("subscription"));
  }

  @Test
  void FR_074_a_second_payment_of_a_renewal_grants_nothing() {
    payer.goesPro();
    becomesDue();
    move();
    Instant end = payer.periodEnd();
    FakeCheckout.Payment renewal =
        service.checkout().payments().stream()
            .filter(payment -> payment.idempotencyKey() != null)
            .reduce((_, last) -> last)
            .orElseThrow();
    payer
        .send(service.checkout().event("payment_captured", renewal).payment("pay_other"))
        .expect(200);
    assertEquals(1, payer.entries("payment_duplicated"));
    assertEquals(end, payer.periodEnd());
    assertEquals(150, payer.credits("subscription"));
  }

  @Test
  void FR_047_a_user_who_cancelled_can_continue_at_the_end_of_the_period()
      throws InterruptedException {
    payer.goesPro();
    Instant end = payer.periodEnd();
    payer.api().post(CANCEL).expect(200);
    String session = payer.api().post(CHECKOUT).expect(200).data().get("session_id").stringValue();
    service.checkout().pay(session);
    assertEquals("active", payer.status());
    assertTrue(payer.periodEnd().isAfter(end.plus(Duration.ofDays(27))));
  }

  @Test
  void an_expired_subscription_starts_a_new_period() throws InterruptedException {
    payer.goesPro();
    payer.api().post(CANCEL).expect(200);
    becomesDue();
    move();
    payer.waits(Duration.ofDays(20));
    String session = payer.api().post(CHECKOUT).expect(200).data().get("session_id").stringValue();
    service.checkout().pay(session);
    assertEquals("active", payer.status());
    assertTrue(payer.periodEnd().isAfter(service.clock().instant().plus(Duration.ofDays(27))));
    assertEquals(
        List.of("Welcome to Pro", "Pro was cancelled", "Pro has ended", "Welcome to Pro"),
        payer.notifications());
  }

  @Test
  void a_refund_or_dispute_of_the_current_month_ends_pro() {
    for (String type : List.of("payment_refunded", "dispute_received")) {
      Payer another = Payer.join(service, database).goesPro();
      UUID order = another.order();
      CheckoutEvent event = another.event(type, order, 999);
      another.send(
          type.startsWith("dispute")
              ? event.data("id", "dsp_1").data("payment_id", "pay_" + order)
              : event);
      assertEquals("expired", another.status(), type);
      assertEquals("free", another.tier(), type);
      assertEquals(50, another.credits("subscription"), type);
      assertEquals(List.of("Welcome to Pro", "Pro has ended"), another.notifications(), type);
    }
  }

  @Test
  void a_refund_of_an_earlier_month_changes_nothing() {
    payer.goesPro();
    UUID first = payer.order();
    becomesDue();
    move();
    payer.send(payer.event("payment_refunded", first, 999)).expect(200);
    assertEquals("refunded", payer.orderStatus(first));
    assertEquals("active", payer.status());
  }

  @Test
  void a_partial_refund_changes_nothing() {
    payer.goesPro();
    UUID order = payer.order();
    payer.send(payer.event("payment_refunded", order, 100)).expect(200);
    assertEquals("active", payer.status());
  }

  @Test
  void FR_047_without_a_subscription_manager_its_renewals_are_shown_and_grant_nothing() {
    CheckoutEvent renewed =
        CheckoutEvent.of("subscription_renewed", service.clock().instant())
            .amount(999)
            .data("metadata", Map.of("user_id", payer.userId(), "subscription_id", "sub_7"));
    payer.send(renewed).expect(200);
    assertEquals("unmatched", payer.eventStatus(renewed));
    assertEquals("free", payer.tier());
    assertEquals(0, payer.credits("subscription"));
    // Nor does it extend a subscription that this service charges for.
    payer.goesPro();
    Instant end = payer.periodEnd();
    payer.send(renewed.again()).expect(200);
    payer.send(renewed.again().data("reference", payer.order())).expect(200);
    assertEquals(end, payer.periodEnd());
    assertEquals(100, payer.credits("subscription"));
  }

  @Test
  void FR_066_payments_and_webhooks_are_counted() {
    payer.goesPro();
    payer.send(payer.event("payment_captured", UUID.randomUUID(), 1)).expect(200);
    String metrics = service.api().get("/metrics").expect(200).text();
    for (String line :
        List.of(
            "payments_total{kind=\"subscription\",outcome=\"captured\"}",
            "webhook_events_total{outcome=\"applied\"}",
            "webhook_events_total{outcome=\"unmatched\"}",
            "webhook_lag_seconds_count")) {
      assertTrue(metrics.contains(line), line);
    }
  }
}
