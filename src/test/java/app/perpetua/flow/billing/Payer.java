package app.perpetua.flow.billing;

import app.perpetua.flow.fake.CheckoutEvent;
import app.perpetua.flow.fake.FakeCheckout;
import app.perpetua.flow.harness.Api;
import app.perpetua.flow.harness.TestDatabase;
import app.perpetua.flow.harness.TestService;
import app.perpetua.flow.jobs.Worker;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/** A user who pays, and sends Checkout.com's events about the payments. */
final class Payer {
  private static final int DELIVERIES = 10;

  private final TestService service;
  private final TestDatabase database;
  private final UUID userId;
  private Api api;

  private Payer(TestService service, TestDatabase database, TestService.Session session) {
    this.service = service;
    this.database = database;
    this.userId = session.userId();
    this.api = session.api();
  }

  static Payer join(TestService service, TestDatabase database) {
    return new Payer(service, database, service.newUser());
  }

  UUID userId() {
    return userId;
  }

  Api api() {
    return api;
  }

  /** Orders a month of Pro; returns the order's id. */
  UUID ordersPro() {
    return order(api.post("/api/v1/subscription/checkout").expect(200));
  }

  /** Orders credits; returns the order's id. */
  UUID ordersCredits(int amount) {
    return order(api.post("/api/v1/credits/purchase", Map.of("amount", amount)).expect(200));
  }

  private UUID order(Api.Answer answer) {
    return service
        .checkout()
        .page(answer.data().get("session_id").stringValue())
        .orElseThrow()
        .reference();
  }

  /** Orders a month of Pro and pays for it, with an instrument that can be charged again. */
  Payer goesPro() {
    send(event("payment_captured", ordersPro(), 999).source("src_card")).expect(200);
    return this;
  }

  /** An event of that order's payment, now; the same payment for all events of one order. */
  CheckoutEvent event(String type, UUID order, int cents) {
    return CheckoutEvent.of(type, service.clock().instant())
        .payment("pay_" + order)
        .reference(order)
        .amount(cents);
  }

  /** Sends a signed webhook. */
  Api.Answer send(CheckoutEvent event) {
    return send(service, event.body());
  }

  /** Sends a signed webhook, again after 503 (no connection was free), as the provider does. */
  Api.Answer deliver(CheckoutEvent event) {
    Api.Answer answer = send(event);
    for (int attempt = 1; answer.status() == 503 && attempt < DELIVERIES; attempt++) {
      answer = send(event);
    }
    return answer;
  }

  static Api.Answer send(TestService service, byte[] body) {
    return signed(service, FakeCheckout.WEBHOOK_SECRET, body)
        .post("/api/v1/webhooks/checkout", body);
  }

  static Api signed(TestService service, String secret, byte[] body) {
    return service
        .api()
        .invalidOnPurpose()
        .with("Cko-Signature", CheckoutEvent.signature(secret, body));
  }

  /** Moves the clock, and refreshes the access token. */
  Payer waits(Duration time) {
    return waitsUntil(service.clock().instant().plus(time));
  }

  Payer waitsUntil(Instant time) {
    service.clock().set(time);
    database.makeDays(time);
    String subject =
        String.valueOf(
            database.row("select google_id from auth.users where id = ?", userId).get("google_id"));
    api = service.signIn(subject).api();
    return this;
  }

  /** Deletes the account; returns the same person, signed in again. */
  Payer startsOver() {
    JsonNode me = api.get("/api/v1/users/me").expect(200).data();
    api.delete("/api/v1/users/me", Map.of("confirm", me.get("email").stringValue())).expect(204);
    return new Payer(service, database, service.signIn(me.get("google_id").stringValue()));
  }

  /** Runs due jobs; returns the outcomes of that kind's. */
  List<Worker.Outcome> jobs(String kind) {
    return service.runDueJobs().stream()
        .filter(ran -> ran.kind().equals(kind))
        .map(Worker.Run::outcome)
        .toList();
  }

  /** {@code data} of GET /subscription. */
  JsonNode subscription() {
    return api.get("/api/v1/subscription").expect(200).data();
  }

  String status() {
    return subscription().get("status").asString("");
  }

  String tier() {
    return subscription().get("tier").stringValue();
  }

  Instant periodEnd() {
    return Instant.parse(subscription().get("current_period_end").stringValue());
  }

  /** The remaining credits of that type. */
  int credits(String type) {
    return api.get("/api/v1/credits/balance").expect(200).data().get(type).intValue();
  }

  /** The latest order's status. */
  String orderStatus(UUID order) {
    return String.valueOf(
        database.row("select status from billing.purchases where id = ?", order).get("status"));
  }

  /** The user's only order. */
  UUID order() {
    return UUID.fromString(
        String.valueOf(
            database.row("select id from billing.purchases where user_id = ?", userId).get("id")));
  }

  /** The stored event's status. */
  String eventStatus(CheckoutEvent event) {
    return String.valueOf(
        database
            .row(
                "select status from billing.payment_events where provider_event_id = ?", event.id())
            .get("status"));
  }

  /** Titles of the user's notifications, oldest first. */
  List<String> notifications() {
    return database
        .rows(
            "select title from activity.notifications where user_id = ? order by created_at, id",
            userId)
        .stream()
        .map(row -> String.valueOf(row.get("title")))
        .toList();
  }

  /** The number of such activity entries. */
  long entries(String action) {
    return database.number(
        "select count(*) from activity.activity_logs where user_id = ? and action = ?",
        userId,
        action);
  }

  /** The number of renewal attempts. */
  long attempts() {
    return database.number(
        "select count(*) from billing.purchases where user_id = ? and kind = 'renewal'", userId);
  }

  /** The number of the user's payments at the provider, by status. */
  long charged(@Nullable String status) {
    return service.checkout().payments().stream()
        .filter(payment -> payment.idempotencyKey() != null)
        .filter(
            payment ->
                payment.request().at("/metadata/user_id").asString("").equals(userId.toString()))
        .filter(payment -> status == null || payment.status().equals(status))
        .count();
  }
}
