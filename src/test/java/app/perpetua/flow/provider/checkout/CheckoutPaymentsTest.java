package app.perpetua.flow.provider.checkout;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import app.perpetua.flow.base.Json;
import app.perpetua.flow.base.Secret;
import app.perpetua.flow.billing.Payments;
import app.perpetua.flow.billing.Payments.Charge;
import app.perpetua.flow.billing.Payments.Outcome;
import app.perpetua.flow.billing.Payments.PageResult;
import app.perpetua.flow.billing.Payments.PaymentRequest;
import app.perpetua.flow.fake.FakeCheckout;
import app.perpetua.flow.fake.FakeCheckout.Step;
import app.perpetua.flow.harness.time.MutableClock;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;

class CheckoutPaymentsTest {
  private static final Duration SOON = Duration.ofMillis(400);
  private static final Duration AGES = Duration.ofMinutes(1);

  private final FakeCheckout checkout = new FakeCheckout(new MutableClock());
  private final HttpClient http = HttpClient.newHttpClient();
  private final CheckoutPayments payments = at(checkout.baseUrl(), FakeCheckout.SECRET_KEY);
  private final UUID user = UUID.randomUUID();

  @AfterEach
  void close() {
    http.close();
    checkout.close();
  }

  private CheckoutPayments at(URI base, String key) {
    return at(base, key, AGES);
  }

  private CheckoutPayments at(URI base, String key, Duration timeout) {
    return new CheckoutPayments(
        http,
        new CheckoutConfig(
            new Secret(key),
            base,
            Optional.of("pc_1"),
            "NZ",
            URI.create("https://app.example.com/ok"),
            URI.create("https://app.example.com/no"),
            URI.create("https://app.example.com/back")),
        new Json(),
        timeout);
  }

  private PaymentRequest paymentRequest(boolean keep) {
    return new PaymentRequest(
        UUID.randomUUID(),
        user,
        keep ? Payments.Kind.SUBSCRIPTION : Payments.Kind.CREDITS,
        250,
        "USD",
        keep);
  }

  private Charge charge(String key) {
    return new Charge(key, UUID.randomUUID(), user, 999, "USD", "src_1", "pay_0");
  }

  @Test
  void a_payment_page_request_is_complete() throws InterruptedException {
    PaymentRequest request = paymentRequest(true);
    PageResult.HostedPage page =
        assertInstanceOf(PageResult.HostedPage.class, payments.open(request));
    assertTrue(page.url().endsWith("/checkout/pay/" + page.sessionId()));
    JsonNode body = checkout.page(page.sessionId()).orElseThrow().request();
    assertEquals(250, body.get("amount").intValue());
    assertEquals("Recurring", body.get("payment_type").stringValue());
    assertEquals(request.order().toString(), body.get("reference").stringValue());
    assertEquals("pc_1", body.get("processing_channel_id").stringValue());
    assertEquals("NZ", body.at("/billing/address/country").stringValue());
    assertEquals(user.toString(), body.at("/metadata/user_id").stringValue());
    assertEquals("https://app.example.com/ok", body.get("success_url").stringValue());
    assertTrue(body.at("/3ds/enabled").booleanValue());
    PageResult.HostedPage other =
        assertInstanceOf(PageResult.HostedPage.class, payments.open(paymentRequest(false)));
    assertEquals(
        "Regular",
        checkout.page(other.sessionId()).orElseThrow().request().get("payment_type").stringValue());
  }

  @Test
  void a_charge_is_merchant_initiated_and_idempotent() throws InterruptedException {
    Charge charge = charge("sub:2026-04-10:1");
    Outcome.Pending first = assertInstanceOf(Outcome.Pending.class, payments.charge(charge));
    assertEquals(first, payments.charge(charge));
    assertEquals(1, checkout.payments().size());
    JsonNode body = checkout.payments().getFirst().request();
    assertTrue(body.get("merchant_initiated").booleanValue());
    assertEquals("pay_0", body.get("previous_payment_id").stringValue());
    assertEquals("src_1", body.at("/source/id").stringValue());
    assertEquals(new Outcome.Captured(first.paymentId()), payments.fetch(first.paymentId()));
    checkout.turn(first.paymentId(), "Voided");
    assertInstanceOf(Outcome.Declined.class, payments.fetch(first.paymentId()));
    checkout.turn(first.paymentId(), "Something New");
    assertInstanceOf(Outcome.Unknown.class, payments.fetch(first.paymentId()));
    assertFalse(charge.toString().contains("src_1"), charge::toString);
  }

  @Test
  void a_decline_has_its_code() throws InterruptedException {
    checkout.script(List.of(new Step.Decline(), new Step.Unprocessable("source_id_invalid")));
    Outcome.Declined card = assertInstanceOf(Outcome.Declined.class, payments.charge(charge("a")));
    assertEquals("20051", card.code());
    assertTrue(card.paymentId().isPresent());
    assertEquals(
        new Outcome.Declined(Optional.empty(), "source_id_invalid"), payments.charge(charge("b")));
  }

  @Test
  void an_unclear_outcome_is_unknown() throws InterruptedException {
    checkout.script(
        List.of(
            new Step.Failure(500),
            new Step.Failure(429),
            new Step.Failure(409),
            new Step.Failure(401),
            new Step.Garbage(),
            new Step.Lost(),
            new Step.Unprocessable("amount_invalid")));
    for (int i = 0; i < 7; i++) {
      Outcome outcome = payments.charge(charge("key " + i));
      assertInstanceOf(Outcome.Unknown.class, outcome, "step " + i);
    }
    checkout.respondWith(FakeCheckout.Mode.DOWN);
    assertInstanceOf(PageResult.Unavailable.class, payments.open(paymentRequest(true)));
    assertInstanceOf(Outcome.Unknown.class, payments.fetch("pay_1"));
    CheckoutPayments wrongKey = at(checkout.baseUrl(), "sk_wrong");
    assertInstanceOf(PageResult.Unavailable.class, wrongKey.open(paymentRequest(true)));
    CheckoutPayments unreachable = at(URI.create("http://127.0.0.1:1"), "sk");
    assertInstanceOf(PageResult.Unavailable.class, unreachable.open(paymentRequest(true)));
    assertInstanceOf(Outcome.Unknown.class, unreachable.charge(charge("x")));
  }

  @ParameterizedTest
  @CsvSource({"../hosted-payments", "a/b", "'pay 1'", "''"})
  void a_payment_id_cannot_change_the_path(String id) throws InterruptedException {
    assertInstanceOf(Outcome.Unknown.class, payments.fetch(id));
  }

  /** A body that stalls, an endless body, and a response that is no page. */
  @Test
  void a_hostile_response_times_out() throws Exception {
    CountDownLatch over = new CountDownLatch(1);
    HttpServer hostile =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    hostile.setExecutor(threads);
    hostile.createContext(
        "/stalled/",
        exchange -> {
          exchange.sendResponseHeaders(201, 100);
          await(over);
          exchange.close();
        });
    hostile.createContext(
        "/endless/",
        exchange -> {
          exchange.sendResponseHeaders(201, 0);
          byte[] spaces = " ".repeat(8192).getBytes(StandardCharsets.UTF_8);
          try {
            while (over.getCount() > 0) {
              exchange.getResponseBody().write(spaces);
            }
          } catch (IOException e) {
            exchange.close();
          }
        });
    hostile.createContext(
        "/script/",
        exchange -> {
          byte[] body =
              "{\"id\":\"hpp_1\",\"_links\":{\"redirect\":{\"href\":\"javascript:alert(1)\"}}}"
                  .getBytes(StandardCharsets.UTF_8);
          exchange.sendResponseHeaders(201, body.length);
          exchange.getResponseBody().write(body);
          exchange.close();
        });
    hostile.start();
    try {
      URI base = URI.create("http://127.0.0.1:" + hostile.getAddress().getPort());
      // The server sends nothing until this returns.
      assertEquals(
          new PageResult.Unavailable("Checkout.com did not respond in time"),
          at(base.resolve("/stalled"), "sk", SOON).open(paymentRequest(true)));
      for (String path : List.of("/endless", "/script")) {
        assertInstanceOf(
            PageResult.Unavailable.class,
            at(base.resolve(path), "sk").open(paymentRequest(true)),
            path);
      }
    } finally {
      over.countDown();
      hostile.stop(0);
      threads.shutdownNow();
    }
  }

  private static void await(CountDownLatch over) {
    try {
      over.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
