package app.perpetua.flow.dev.control;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import app.perpetua.flow.base.Json;
import app.perpetua.flow.fake.FakeCheckout;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PaymentPagesTest {
  private static final int CREDIT_CENTS = 5;
  private static final String SUCCESS = "http://localhost:8001/?checkout=success";
  private static final String FAILURE = "http://localhost:3000/failed?a=1&b='2'";
  private static final String CANCELLED = "https://app.example.com/cancelled";

  private final Json json = new Json();
  private final HttpClient http = HttpClient.newHttpClient();
  private OffsetClock clock;
  private FakeCheckout checkout;
  private ControlPort control;
  private HttpServer service;
  private volatile int webhookStatus = 200;
  private volatile CountDownLatch webhookAnswers = new CountDownLatch(0);

  @BeforeEach
  void start(@TempDir Path directory) throws IOException {
    clock = OffsetClock.movable(directory.resolve("clock"));
    checkout = new FakeCheckout(clock);
    service = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    service.createContext("/", this::webhook);
    service.start();
    checkout.webhooksTo(URI.create("http://127.0.0.1:" + service.getAddress().getPort()));
    control = new ControlPort(0, List.of(), Map::of, json);
    PaymentPages pages = new PaymentPages(checkout, CREDIT_CENTS, clock);
    control.serve(PaymentPages.PATH, pages);
    control.serve(PaymentPages.STYLE, pages::style);
  }

  @AfterEach
  void stop() {
    webhookAnswers.countDown();
    control.close();
    service.stop(0);
    checkout.close();
    http.close();
  }

  private void webhook(HttpExchange exchange) throws IOException {
    try (exchange) {
      exchange.getRequestBody().readAllBytes();
      webhookAnswers.await();
      exchange.sendResponseHeaders(webhookStatus, -1);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Returns the path of a new page. */
  private String open(String kind, int amount, Map<String, String> changes) throws Exception {
    Map<String, Object> body = new HashMap<>();
    body.put("amount", amount);
    body.put("currency", "USD");
    body.put("billing", Map.of());
    body.put("reference", UUID.randomUUID());
    body.put("metadata", Map.of("kind", kind));
    body.put("success_url", SUCCESS);
    body.put("failure_url", FAILURE);
    body.put("cancel_url", CANCELLED);
    body.putAll(changes);
    HttpResponse<String> opened =
        http.send(
            HttpRequest.newBuilder(checkout.baseUrl().resolve("/hosted-payments"))
                .header("Authorization", "Bearer " + FakeCheckout.SECRET_KEY)
                .POST(BodyPublishers.ofString(json.text(body)))
                .build(),
            BodyHandlers.ofString());
    return URI.create(
            json.parse(opened.body()).at("/_links/redirect/href").asString("nothing opened"))
        .getPath();
  }

  private String open(String kind, int amount) throws Exception {
    return open(kind, amount, Map.of());
  }

  private HttpRequest request(String method, String path) {
    return HttpRequest.newBuilder(
            URI.create("http://127.0.0.1:" + control.address().getPort() + path))
        .method(method, BodyPublishers.noBody())
        .build();
  }

  private HttpResponse<String> send(String method, String path) throws Exception {
    return http.send(request(method, path), BodyHandlers.ofString());
  }

  private static String header(HttpResponse<?> response, String name) {
    return response.headers().firstValue(name).orElse("");
  }

  private static void assertHas(String part, HttpResponse<String> page) {
    assertTrue(page.body().contains(part), () -> part + " in\n" + page.body());
  }

  @Test
  void the_page_names_the_item_and_the_amount_and_has_three_buttons() throws Exception {
    HttpResponse<String> credits = send("GET", open("credits", 50));
    assertEquals(200, credits.statusCode());
    assertHas("<dd>10 credits</dd>", credits);
    assertHas("<h1>Pay 0.50 USD</h1>", credits);
    assertHas("<button class=\"main\">Pay 0.50 USD</button>", credits);
    assertHas("<button>Decline the card</button>", credits);
    assertHas("<button>Cancel</button>", credits);
    HttpResponse<String> month = send("GET", open("subscription", 999));
    assertHas("<dd>Pro for a month</dd>", month);
    assertHas("<h1>Pay 9.99 USD</h1>", month);
  }

  @Test
  void the_policy_permits_its_stylesheet_and_the_merchants_pages_only() throws Exception {
    HttpResponse<String> page = send("GET", open("credits", 50));
    assertEquals(
        "default-src 'none'; style-src 'self'; img-src data:;"
            + " form-action 'self' http://localhost:3000 https://app.example.com;"
            + " base-uri 'none'; frame-ancestors 'none'",
        header(page, "Content-Security-Policy"));
    assertEquals("same-origin", header(page, "Referrer-Policy"));
    for (String inline : List.of("<script", "<style", " style=", " onclick=")) {
      assertFalse(page.body().contains(inline), inline);
    }
    assertHas("<link rel=\"stylesheet\" href=\"/checkout/pay.css\">", page);
    HttpResponse<String> style = send("GET", "/checkout/pay.css");
    assertEquals("text/css; charset=utf-8", header(style, "Content-Type"));
    assertTrue(style.body().contains("prefers-color-scheme: dark"));
    assertTrue(style.body().contains(":focus-visible"));
  }

  @Test
  void paying_says_so_and_returns_to_the_merchants_page() throws Exception {
    String path = open("credits", 50);
    HttpResponse<String> paid = send("POST", path + "/pay");
    assertEquals(303, paid.statusCode());
    assertEquals(path + "/paid", header(paid, "Location"));
    assertEquals(1, checkout.payments().size());
    HttpResponse<String> result = send("GET", path + "/paid");
    assertHas("<h1>Paid</h1>", result);
    assertHas("The service has accepted the webhooks", result);
    assertHas("<a href=\"" + SUCCESS + "\">", result);
    assertEquals("5; url=" + SUCCESS, header(result, "Refresh"));
  }

  @Test
  void a_refused_webhook_is_shown() throws Exception {
    webhookStatus = 503;
    String path = open("subscription", 999);
    send("POST", path + "/pay");
    assertHas("has not accepted the webhooks", send("GET", path + "/paid"));
  }

  @Test
  void a_declined_card_leads_to_the_failure_page_and_can_be_followed_by_a_payment()
      throws Exception {
    String path = open("credits", 50);
    HttpResponse<String> declined = send("POST", path + "/decline");
    assertEquals(303, declined.statusCode());
    assertEquals(FAILURE, header(declined, "Location"));
    assertEquals("Declined", checkout.payments().getFirst().status());
    assertHas("<h1>Pay 0.50 USD</h1>", send("GET", path));
    assertEquals(path + "/paid", header(send("POST", path + "/pay"), "Location"));
  }

  @Test
  void cancelling_pays_nothing_and_leads_to_the_cancel_page() throws Exception {
    String path = open("credits", 50);
    HttpResponse<String> cancelled = send("POST", path + "/cancel");
    assertEquals(303, cancelled.statusCode());
    assertEquals(CANCELLED, header(cancelled, "Location"));
    assertEquals(List.of(), checkout.payments());
  }

  @Test
  void a_paid_page_cannot_be_paid_or_declined() throws Exception {
    String path = open("credits", 50);
    HttpResponse<String> early = send("GET", path + "/paid");
    assertEquals(303, early.statusCode());
    assertEquals(path, header(early, "Location"));
    send("POST", path + "/pay");
    for (String action : List.of("/pay", "/decline")) {
      HttpResponse<String> again = send("POST", path + action);
      assertEquals(409, again.statusCode());
      assertHas("<h1>Already paid</h1>", again);
    }
    HttpResponse<String> page = send("GET", path);
    assertEquals(200, page.statusCode());
    assertHas("<h1>Already paid</h1>", page);
    assertHas("<a href=\"" + SUCCESS + "\">", page);
    assertFalse(page.body().contains("<button"));
    assertEquals(1, checkout.payments().size());
  }

  @Test
  void two_clicks_pay_once() throws Exception {
    webhookAnswers = new CountDownLatch(1);
    String path = open("credits", 50);
    List<CompletableFuture<HttpResponse<String>>> clicks =
        Stream.of("/pay", "/pay", "/decline")
            .map(action -> http.sendAsync(request("POST", path + action), BodyHandlers.ofString()))
            .toList();
    webhookAnswers.countDown();
    CompletableFuture.allOf(clicks.toArray(CompletableFuture[]::new)).get();
    assertEquals(
        1,
        checkout.payments().stream()
            .filter(payment -> payment.status().equals("Captured"))
            .count());
  }

  @Test
  void an_expired_page_says_so_and_pays_nothing() throws Exception {
    String path = open("credits", 50);
    clock.setOffset(Duration.ofHours(25));
    for (String method : List.of("GET", "POST")) {
      HttpResponse<String> expired = send(method, path + (method.equals("GET") ? "" : "/pay"));
      assertEquals(410, expired.statusCode());
      assertHas("<h1>This payment page has expired</h1>", expired);
      assertHas("<a href=\"" + CANCELLED + "\">", expired);
    }
    assertEquals(List.of(), checkout.payments());
  }

  @Test
  void text_of_the_request_is_escaped() throws Exception {
    String path =
        open(
            "<b>\"'&",
            50,
            Map.of("currency", "<i>", "success_url", "http://localhost/?q='<\"&x=1"));
    HttpResponse<String> page = send("GET", path);
    assertHas("<dd>&lt;b&gt;&quot;&#39;&amp;</dd>", page);
    assertHas("<h1>Pay 0.50 &lt;i&gt;</h1>", page);
    String quoted = open("credits", 50, Map.of("success_url", "http://localhost/?q='&x=1"));
    send("POST", quoted + "/pay");
    assertHas("<a href=\"http://localhost/?q=&#39;&amp;x=1\">", send("GET", quoted + "/paid"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"javascript:alert(1)", "no url", "http://h/\"><b>", "http://h/\r\nX: y"})
  void an_address_that_is_no_web_page_is_replaced(String url) throws Exception {
    String path = open("credits", 50, Map.of("success_url", url, "failure_url", url));
    assertEquals("/", header(send("POST", path + "/decline"), "Location"));
    send("POST", path + "/pay");
    assertHas("<a href=\"/\">", send("GET", path + "/paid"));
  }

  @Test
  void unknown_pages_and_methods_are_404_and_405() throws Exception {
    HttpResponse<String> unknown = send("GET", "/checkout/pay/hpp_none");
    assertEquals(404, unknown.statusCode());
    assertHas("<h1>No such payment page</h1>", unknown);
    String path = open("credits", 50);
    assertEquals(404, send("GET", path + "/pay/twice").statusCode());
    for (HttpRequest wrong :
        List.of(request("GET", path + "/pay"), request("POST", path), request("DELETE", path))) {
      HttpResponse<String> refused = http.send(wrong, BodyHandlers.ofString());
      assertEquals(405, refused.statusCode());
      assertEquals("GET, HEAD, POST", header(refused, "Allow"));
    }
    HttpResponse<String> head = send("HEAD", path);
    assertEquals(200, head.statusCode());
    assertEquals("", head.body());
    assertEquals(List.of(), checkout.payments());
  }
}
