package app.perpetua.flow.dev.control;

import app.perpetua.flow.base.Refusal;
import app.perpetua.flow.dev.control.ControlPort.Answer;
import app.perpetua.flow.dev.control.ControlPort.Call;
import app.perpetua.flow.fake.CheckoutEvent;
import app.perpetua.flow.fake.FakeCheckout;
import app.perpetua.flow.fake.FakeCheckout.Step;
import app.perpetua.flow.parsing.JsonReader;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/** Control-port calls that drive the fake Checkout.com. Thread-safe. */
public final class CheckoutControls {
  private static final int MAX_STEPS = 1_000;
  private static final int MAX_REPEAT = 1_000;
  private static final int MAX_TYPES = 20;
  private static final int DEFAULT_CREDITS = 50;
  private static final int MAX_MILLIS = 3_600_000;

  private final FakeCheckout checkout;
  private final DevOrders orders;
  private final Clock clock;
  private final Random random;

  /**
   * @param clock time of events without {@code created_on}
   * @param random order of shuffled events; thread-safe
   */
  public CheckoutControls(FakeCheckout checkout, DevOrders orders, Clock clock, Random random) {
    this.checkout = checkout;
    this.orders = orders;
    this.clock = clock;
    this.random = random;
  }

  /** All calls, in the order in which {@code GET /} lists them. */
  public List<Call> calls() {
    return List.of(
        new Call(
            "POST",
            "/checkout/event",
            "{type, user_id, kind: subscription|credits, amount?, credits?, payment_id?,"
                + " created_on?, repeat?, shuffle?, bad_signature?}",
            "sends a signed webhook of a payment of that user: {sent, statuses, events,"
                + " payment_id, reference}; several types, comma-separated, follow each other by a"
                + " second; amount is in cents and defaults to the amount of the order",
            this::event),
        new Call(
            "POST",
            "/checkout/script",
            "{steps: [{decline: true} | {error: 500} | {stall_ms}]}",
            "scripts the outcome of the next charges; later charges succeed",
            this::script),
        new Call(
            "GET",
            PaymentPages.PATH + "{session_id}",
            "",
            "the hosted payment page, for a browser: a button that pays, one that declines, one"
                + " that cancels; POST to .../pay, .../decline or .../cancel does the same",
            _ -> Answer.failed(404, "NOT_FOUND", "there is no such page")));
  }

  private Answer event(JsonReader body) throws InterruptedException {
    body.required("type", "user_id", "kind");
    String type = body.text("type", 1, 2_000);
    UUID user = body.uuid("user_id");
    String kind = body.oneOf("kind", "subscription", "credits");
    Integer amount = body.integer("amount", 0, Integer.MAX_VALUE);
    Integer credits = body.integer("credits", 1, 100_000);
    String payment = body.text("payment_id", 1, 200);
    Instant at = body.instant("created_on");
    Integer repeat = body.integer("repeat", 1, MAX_REPEAT);
    Boolean shuffle = body.bool("shuffle");
    Boolean bad = body.bool("bad_signature");
    body.validate();
    List<String> types = List.of(Objects.requireNonNull(type).split(" *, *", -1));
    if (types.size() > MAX_TYPES) {
      throw Refusal.invalid("type", "must name at most " + MAX_TYPES);
    }
    Made made =
        make(
            types,
            Objects.requireNonNull(user),
            "credits".equals(kind),
            amount,
            Objects.requireNonNullElse(credits, DEFAULT_CREDITS),
            payment,
            Objects.requireNonNullElse(at, clock.instant()));
    List<CheckoutEvent> sending = new ArrayList<>();
    for (CheckoutEvent one : made.events()) {
      sending.addAll(Collections.nCopies(Objects.requireNonNullElse(repeat, 1), one));
    }
    if (Boolean.TRUE.equals(shuffle)) {
      Collections.shuffle(sending, random);
    }
    return sent(made, sending, Boolean.TRUE.equals(bad));
  }

  private record Made(List<CheckoutEvent> events, String paymentId, @Nullable UUID reference) {}

  private Made make(
      List<String> types,
      UUID user,
      boolean forCredits,
      @Nullable Integer amount,
      int credits,
      @Nullable String payment,
      Instant at) {
    boolean ofPayment =
        types.stream().anyMatch(type -> type.startsWith("payment_") || type.startsWith("dispute_"));
    boolean paid =
        types.stream()
            .allMatch(type -> type.equals("payment_refunded") || type.startsWith("dispute_"));
    Optional<DevOrders.Found> found;
    try {
      found =
          ofPayment
              ? orders.order(user, forCredits, paid, payment, credits, clock.instant())
              : Optional.empty();
    } catch (DevOrders.Foreign e) {
      throw Refusal.invalid("payment_id", String.valueOf(e.getMessage()));
    }
    String id =
        payment != null
            ? payment
            : found
                .map(DevOrders.Found::paymentId)
                .orElseGet(() -> "pay_" + UUID.randomUUID().toString().replace("-", ""));
    UUID reference = found.map(DevOrders.Found::id).orElse(null);
    int cents =
        amount != null ? amount : found.map(DevOrders.Found::amountCents).orElse(orders.proCents());
    List<CheckoutEvent> events = new ArrayList<>();
    for (int i = 0; i < types.size(); i++) {
      CheckoutEvent event =
          CheckoutEvent.of(types.get(i), at.plusSeconds(i))
              .payment(id)
              .amount(cents)
              .source("src_" + user)
              .data(
                  "metadata",
                  Map.of("user_id", user, "kind", forCredits ? "credits" : "subscription"));
      events.add(reference == null ? event : event.reference(reference));
    }
    return new Made(events, id, reference);
  }

  private Answer sent(Made made, List<CheckoutEvent> sending, boolean bad)
      throws InterruptedException {
    Map<String, Integer> statuses = new TreeMap<>();
    for (CheckoutEvent event : sending) {
      Optional<Integer> status =
          bad ? checkout.deliver(event.body(), "0".repeat(64)) : checkout.deliver(event);
      statuses.merge(status.map(String::valueOf).orElse("none"), 1, Integer::sum);
    }
    Map<String, @Nullable Object> shown = new LinkedHashMap<>();
    shown.put("sent", sending.size());
    shown.put("statuses", statuses);
    shown.put(
        "events",
        made.events().stream()
            .map(event -> Map.of("id", event.id(), "type", event.type()))
            .toList());
    shown.put("payment_id", made.paymentId());
    shown.put("reference", made.reference());
    return Answer.ok(shown);
  }

  private Answer script(JsonReader body, JsonNode tree) {
    if (!body.has("steps")) {
      body.required("steps");
    }
    JsonNode given = tree.path("steps");
    if (!given.isMissingNode() && (!given.isArray() || given.size() > MAX_STEPS)) {
      body.addError("steps", "must be a list of at most " + MAX_STEPS + " steps");
    }
    body.validate();
    List<Step> steps = new ArrayList<>();
    for (JsonNode step : given) {
      steps.add(step(step));
    }
    checkout.script(steps);
    return Answer.ok(Map.of("steps", steps.size()));
  }

  private static Step step(JsonNode step) {
    if (step.size() == 1 && step.path("decline").asBoolean(false)) {
      return new Step.Decline();
    }
    int status = step.path("error").asInt(0);
    if (step.size() == 1 && status >= 400 && status < 600) {
      return new Step.Failure(status);
    }
    int stall = step.path("stall_ms").asInt(-1);
    if (step.size() == 1 && stall >= 0 && stall <= MAX_MILLIS) {
      return new Step.Stall(Duration.ofMillis(stall));
    }
    throw Refusal.invalid("steps", "must be {decline: true}, {error: 400-599} or {stall_ms}");
  }
}
