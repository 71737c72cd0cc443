package app.perpetua.flow.billing;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import app.perpetua.flow.fake.CheckoutEvent;
import app.perpetua.flow.harness.Api;
import app.perpetua.flow.harness.Invariants;
import app.perpetua.flow.harness.TestDatabase;
import app.perpetua.flow.harness.TestService;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Second payments, refunds in parts and disputes (FR-074, FR-075). */
class MoneyEventsTest {
  @Order(1)
  @RegisterExtension
  static final TestDatabase database = new TestDatabase();

  @Order(2)
  @RegisterExtension
  static final TestService service =
      new TestService(database).with("CREDIT_PURCHASE_MONTHLY", "100000");

  private final Payer payer = Payer.join(service, database);

  @AfterEach
  void invariants() {
    Invariants.check(database);
  }

  /** An order of 30 credits for 150 cents, or of Pro for 999 cents. */
  private static UUID order(Payer by, boolean pro) {
    return pro ? by.ordersPro() : by.ordersCredits(30);
  }

  private static int price(boolean pro) {
    return pro ? 999 : 150;
  }

  /** The monthly or bought credits of the payer. */
  private static int granted(Payer by, boolean pro) {
    return by.credits(pro ? "subscription" : "purchased");
  }

  private static int all(boolean pro) {
    return pro ? 100 : 30;
  }

  private static double duplicates(boolean pro) {
    String line =
        "payments_total{kind=\"" + (pro ? "subscription" : "credits") + "\",outcome=\"duplicate\"}";
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

  @ParameterizedTest
  @CsvSource({"true, 999", "true, 500", "false, 150", "false, 1", "false, 5000"})
  void FR_074_a_second_payment_of_an_order_is_shown_and_grants_nothing(boolean pro, int cents) {
    UUID order = order(payer, pro);
    double before = duplicates(pro);
    CheckoutEvent first = payer.event("payment_captured", order, price(pro));
    payer.send(first).expect(200);
    // The same payment again is no second one.
    payer.send(first.again()).expect(200);
    payer.send(first.with("created_on", "2031-01-01T00:00:00Z").again()).expect(200);
    assertEquals(0, payer.entries("payment_duplicated"));
    CheckoutEvent second = payer.event("payment_captured", order, cents).payment("pay_2" + order);
    payer.send(second).expect(200);
    payer.send(second).expect(200);
    payer.send(second.again()).expect(200);
    assertEquals(1, payer.entries("payment_duplicated"));
    assertEquals("applied", payer.eventStatus(second));
    assertEquals(1, payer.notifications().stream().filter("You paid twice"::equals).count());
    assertEquals(before + 1, duplicates(pro));
    assertEquals(all(pro), granted(payer, pro));
    assertEquals("captured", payer.orderStatus(order));
    // The second payment goes back; what the first one paid for stays.
    payer.send(payer.event("payment_refunded", order, cents).payment("pay_2" + order)).expect(200);
    assertEquals(all(pro), granted(payer, pro));
    assertEquals("captured", payer.orderStatus(order));
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void FR_074_while_one_of_two_payments_is_ours_the_user_keeps_what_was_paid_for(boolean pro) {
    UUID order = order(payer, pro);
    payer.send(payer.event("payment_captured", order, price(pro))).expect(200);
    payer
        .send(payer.event("payment_captured", order, price(pro)).payment("pay_2" + order))
        .expect(200);
    payer.send(payer.event("payment_refunded", order, price(pro))).expect(200);
    assertEquals(all(pro), granted(payer, pro));
    // The payment is found by its id alone.
    payer
        .send(
            payer
                .event("payment_refunded", order, price(pro))
                .payment("pay_2" + order)
                .data("reference", null))
        .expect(200);
    assertEquals("refunded", payer.orderStatus(order));
    assertEquals("free", payer.tier());
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void FR_074_captures_that_meet_grant_once(boolean pro) throws Exception {
    UUID order = order(payer, pro);
    List<Callable<Api.Answer>> captures = new ArrayList<>();
    for (int i = 0; i < 8; i++) {
      CheckoutEvent event =
          payer.event("payment_captured", order, price(pro)).payment("pay_" + i + order);
      captures.add(() -> payer.send(event));
    }
    together(captures);
    assertEquals(all(pro), granted(payer, pro));
    assertEquals(7, payer.entries("payment_duplicated"));
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void FR_075_a_refund_that_meets_its_capture_leaves_nothing(boolean pro) throws Exception {
    for (int i = 0; i < 5; i++) {
      Payer another = Payer.join(service, database);
      UUID order = order(another, pro);
      CheckoutEvent capture = another.event("payment_captured", order, price(pro));
      CheckoutEvent refund = another.event("payment_refunded", order, price(pro));
      together(List.of(() -> another.send(capture), () -> another.send(refund)));
      assertEquals("refunded", another.orderStatus(order));
      assertEquals("free", another.tier());
      assertEquals(0, another.credits("purchased"));
    }
  }

  /** The events of a payment whose order only the capture names. */
  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void FR_075_a_refund_or_dispute_that_names_only_its_payment_counts_in_every_order(boolean pro) {
    for (List<Integer> places : Permutations.of(3)) {
      Payer another = Payer.join(service, database);
      UUID order = order(another, pro);
      List<CheckoutEvent> events =
          List.of(
              another.event("payment_captured", order, price(pro)),
              another
                  .event("payment_refunded", order, price(pro) - 1)
                  .data("reference", null)
                  .with("created_on", service.clock().instant().plusSeconds(1).toString()),
              another
                  .event("dispute_received", order, 1)
                  .data("id", "dsp_" + order)
                  .data("payment_id", "pay_" + order)
                  .data("reference", null)
                  .with("created_on", service.clock().instant().plusSeconds(2).toString()));
      places.forEach(place -> another.send(events.get(place)).expect(200));
      assertEquals("disputed", another.orderStatus(order), places::toString);
      assertEquals("free", another.tier());
      assertEquals(1, another.entries("payment_refunded"));
      assertEquals(1, another.entries("payment_disputed"));
      events.forEach(event -> assertEquals("applied", another.eventStatus(event)));
    }
  }

  @Test
  void FR_075_a_refund_that_names_only_its_payment_may_meet_the_capture() throws Exception {
    for (int i = 0; i < 10; i++) {
      UUID order = payer.ordersCredits(30);
      CheckoutEvent capture = payer.event("payment_captured", order, 150);
      CheckoutEvent refund = payer.event("payment_refunded", order, 150).data("reference", null);
      together(List.of(() -> payer.send(refund), () -> payer.send(capture)));
      assertEquals("refunded", payer.orderStatus(order));
    }
    assertEquals(0, payer.credits("purchased"));
  }

  private static void together(List<Callable<Api.Answer>> requests) throws Exception {
    try (ExecutorService threads = Executors.newFixedThreadPool(requests.size())) {
      for (Future<Api.Answer> answer : threads.invokeAll(requests)) {
        answer.get().expect(200);
      }
    }
  }

  /**
   * What happens after the capture: amounts in hundredths of the price, with the letter of a
   * dispute's id.
   */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          refund 40                                     | captured
          refund 40, refund 60                          | refunded
          refund 30, refund 30, refund 40               | refunded
          a received                                    | disputed
          a received 40, refund 60                      | disputed
          a received 40                                 | captured
          a received, a won                             | captured
          a received, a won, b received                 | disputed
          a received EUR, a canceled                    | captured
          refund EUR                                    | captured
          """)
  void FR_075_refunds_and_disputes_count_by_their_sum_in_every_order(String then, String end) {
    // The longest are tried with credits only, to save time.
    boolean shortOne = then.chars().filter(c -> c == ',').count() < 2;
    for (boolean pro : shortOne ? List.of(true, false) : List.of(false)) {
      Set<String> ends = new TreeSet<>();
      List<String> steps = new ArrayList<>(List.of("capture"));
      steps.addAll(List.of(then.split(", ")));
      for (List<Integer> places : Permutations.of(steps.size())) {
        Payer another = Payer.join(service, database);
        UUID order = order(another, pro);
        List<CheckoutEvent> events = new ArrayList<>();
        for (int i = 0; i < steps.size(); i++) {
          events.add(
              step(another, order, price(pro), steps.get(i))
                  .with("created_on", service.clock().instant().plusSeconds(i).toString()));
        }
        for (int place : places) {
          another.send(events.get(place)).expect(200);
          another.send(events.get(place).again()).expect(200);
        }
        boolean paid = end.equals("captured");
        assertEquals(
            steps.size() - 1,
            another.entries("payment_refunded") + another.entries("payment_disputed"));
        ends.add(
            another.orderStatus(order)
                + " "
                + another.tier()
                + (paid || !pro ? " " + granted(another, pro) : "")
                + (paid && pro ? " " + another.status() + " " + another.periodEnd() : ""));
      }
      assertEquals(1, ends.size(), ends::toString);
      String state = end + (pro && end.equals("captured") ? " pro" : " free");
      assertTrue(ends.iterator().next().startsWith(state), ends::toString);
      if (end.equals("captured")) {
        assertTrue(ends.iterator().next().startsWith(state + " " + all(pro)), ends::toString);
      }
    }
  }

  private static CheckoutEvent step(Payer of, UUID order, int price, String step) {
    String[] words = step.split(" ", -1);
    if (words[0].equals("capture")) {
      return of.event("payment_captured", order, price);
    }
    boolean refund = words[0].equals("refund");
    String amount = words.length > (refund ? 1 : 2) ? words[words.length - 1] : "";
    CheckoutEvent event =
        of.event(refund ? "payment_refunded" : "dispute_" + words[1], order, price)
            .data("amount", null);
    if (!refund) {
      event = event.data("id", "dsp_" + words[0] + order).data("payment_id", "pay_" + order);
    }
    if (amount.equals("EUR")) {
      return event.data("currency", "EUR").amount(price);
    }
    // Rounded up, so that parts which add up to all of it do.
    return amount.isEmpty()
        ? event
        : event.amount(Math.ceilDiv(price * Integer.parseInt(amount), 100));
  }

  @Test
  void FR_075_a_won_dispute_gives_back_the_running_month() {
    payer.goesPro();
    UUID order = payer.order();
    Instant end = payer.periodEnd();
    payer.send(dispute(order, "received")).expect(200);
    assertEquals("free", payer.tier());
    assertEquals(50, payer.credits("subscription"));
    payer.waits(Duration.ofDays(3));
    payer.send(dispute(order, "won")).expect(200);
    assertEquals("active", payer.status());
    assertEquals("pro", payer.tier());
    assertEquals(end, payer.periodEnd());
    assertEquals(100, payer.credits("subscription"));
    assertEquals(List.of("Welcome to Pro", "Pro has ended", "Pro is back"), payer.notifications());
    assertEquals(1, payer.entries("subscription_restored"));
  }

  @Test
  void FR_075_after_the_month_a_won_dispute_gives_back_what_was_lost_of_it() {
    payer.goesPro();
    UUID order = payer.order();
    Duration lost = Duration.between(service.clock().instant(), payer.periodEnd());
    payer.send(dispute(order, "received")).expect(200);
    payer.waits(Duration.ofDays(70));
    payer.send(dispute(order, "canceled")).expect(200);
    assertEquals("active", payer.status());
    long error =
        Duration.between(service.clock().instant().plus(lost), payer.periodEnd()).abs().toSeconds();
    assertEquals(0, error);
    assertEquals(100, payer.credits("subscription"));
  }

  @Test
  void FR_075_a_cancelled_subscription_comes_back_cancelled() {
    payer.goesPro();
    UUID order = payer.order();
    payer.api().post("/api/v1/subscription/cancel").expect(200);
    payer.send(dispute(order, "received")).expect(200);
    payer.send(dispute(order, "won")).expect(200);
    assertEquals("cancelled", payer.status());
    assertEquals("pro", payer.tier());
  }

  @Test
  void FR_075_bought_credits_that_were_spent_do_not_come_back_twice() {
    UUID order = payer.ordersCredits(30);
    payer.send(payer.event("payment_captured", order, 150)).expect(200);
    for (int round = 0; round < 3; round++) {
      String id = "dsp_" + round + order;
      payer.send(dispute(order, "received").data("id", id)).expect(200);
      assertEquals(0, payer.credits("purchased"));
      payer.send(dispute(order, "won").data("id", id)).expect(200);
      assertEquals(30, payer.credits("purchased"));
    }
    assertEquals(6, payer.entries("payment_disputed"));
  }

  private CheckoutEvent dispute(UUID order, String stage) {
    return payer
        .event("dispute_" + stage, order, 1)
        .data("amount", null)
        .data("id", "dsp_" + order)
        .data("payment_id", "pay_" + order);
  }
}
