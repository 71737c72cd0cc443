package app.perpetua.flow.fake;

import app.perpetua.flow.base.Json;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * Checkout.com's API over HTTP on loopback: hosted payment pages, charges to stored instruments,
 * once per idempotency key, and signed webhooks. Records violations of the protocol and requests to
 * unknown paths, and fails on {@link #close}. Thread-safe.
 */
public final class FakeCheckout implements FakeProvider, AutoCloseable {
  /** The secret key that requests must carry. */
  public static final String SECRET_KEY = "sk_test_of_the_fake";

  /** The secret with which webhooks are signed. */
  public static final String WEBHOOK_SECRET = "the-fake-signs-with-this";

  /** The outcome of a charge. */
  public sealed interface Step {
    /** Declined. */
    record Decline() implements Step {}

    /** Nothing is charged; this status is the answer. */
    record Failure(int status) implements Step {}

    /** Charged, and the answer never arrives. */
    record Lost() implements Step {}

    /** Charged, and answered late or when the fake is closed. */
    record Stall(Duration time) implements Step {}

    /** The answer is malformed. */
    record Garbage() implements Step {}

    /** The request is rejected with this error code. */
    record Unprocessable(String code) implements Step {}
  }

  /** The answer to a request for a payment page. */
  public enum Mode {
    WORKING,
    /** 503 to every request. */
    DOWN
  }

  /**
   * A hosted page.
   *
   * @param amount in the currency's minor unit
   */
  public record Page(
      String id, UUID reference, int amount, String currency, JsonNode request, Instant created) {}

  /**
   * A payment, captured or declined.
   *
   * @param idempotencyKey the charge's; null for one on a page
   * @param status as in the answer of {@code GET /payments}
   * @param acknowledged whether the service has accepted all webhooks of a successful payment
   */
  public record Payment(
      String id,
      @Nullable String idempotencyKey,
      UUID reference,
      int amount,
      String currency,
      String source,
      String status,
      JsonNode request,
      boolean acknowledged) {
    Payment in(String other) {
      return new Payment(
          id, idempotencyKey, reference, amount, currency, source, other, request, acknowledged);
    }

    Payment accepted() {
      return new Payment(
          id, idempotencyKey, reference, amount, currency, source, status, request, true);
    }
  }

  private final Clock clock;
  private final Json json = new Json();
  private final HttpServer server;
  private final CheckoutWebhooks webhooks = new CheckoutWebhooks(WEBHOOK_SECRET);
  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
  private final CountDownLatch closed = new CountDownLatch(1);
  private final Map<String, Page> pages = new LinkedHashMap<>();
  private final Map<String, Payment> payments = new LinkedHashMap<>();
  private final Map<String, String> answers = new LinkedHashMap<>();
  private final Deque<Step> steps = new ArrayDeque<>();
  private final List<String> faults = new ArrayList<>();
  private Mode mode = Mode.WORKING;
  private State state = State.UP;
  private int charges;
  private URI pagesAt;

  /**
   * Starts it on a free port. It sends no webhooks until their address is set.
   *
   * @param clock dates its events
   */
  public FakeCheckout(Clock clock) {
    this.clock = clock;
    try {
      server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    pagesAt = baseUrl();
    server.createContext("/", this::serve);
    server.setExecutor(threads);
    server.start();
  }

  /** The base URL of its API. */
  public URI baseUrl() {
    InetSocketAddress address = server.getAddress();
    return URI.create("http://" + address.getAddress().getHostAddress() + ":" + address.getPort());
  }

  /** Sends webhooks to that address from now on. */
  public void webhooksTo(@Nullable URI url) {
    webhooks.sendTo(url);
  }

  /** Signs with that secret from now on. */
  public void signWith(String other) {
    webhooks.signWith(other);
  }

  /** Sets the origin of its pages, {@code /checkout/pay/{id}}. */
  public synchronized void pagesAt(URI base) {
    pagesAt = base;
  }

  /** Sets the answer to all further requests. */
  public synchronized void respondWith(Mode next) {
    mode = next;
  }

  @Override
  public synchronized State state() {
    return state;
  }

  @Override
  public synchronized void turn(State next) {
    state = next;
  }

  /** Scripts the outcomes of the next charges; later charges succeed. */
  public synchronized void script(List<? extends Step> next) {
    steps.clear();
    steps.addAll(next);
  }

  /** Number of requests for charges, repeats included. */
  public synchronized int charges() {
    return charges;
  }

  /** All payments, oldest first. */
  public synchronized List<Payment> payments() {
    return List.copyOf(payments.values());
  }

  /** All pages, oldest first. */
  public synchronized List<Page> pages() {
    return List.copyOf(pages.values());
  }

  /** One page. */
  public synchronized Optional<Page> page(String id) {
    return Optional.ofNullable(pages.get(id));
  }

  /** The payment that was made on a page; empty if all attempts were declined, or none was made. */
  public synchronized Optional<Payment> paymentOn(Page page) {
    return payments.values().stream()
        .filter(payment -> payment.idempotencyKey() == null)
        .filter(payment -> payment.reference().equals(page.reference()))
        .filter(payment -> !payment.status().equals("Declined"))
        .findFirst();
  }

  /** Sets the state of a payment. */
  public synchronized void turn(String paymentId, String status) {
    payments.computeIfPresent(paymentId, (_, payment) -> payment.in(status));
  }

  /**
   * Pays on a page. If the webhooks' address is set, they have been sent when this returns.
   *
   * @return the payment
   */
  public Payment pay(String pageId) throws InterruptedException {
    Payment payment = onPage(pageId, "Captured");
    succeeded(payment);
    return payment;
  }

  /** Tries to pay on a page with a card that is declined. */
  public Payment decline(String pageId) throws InterruptedException {
    Payment payment = onPage(pageId, "Declined");
    deliver(event("payment_declined", payment).data("response_code", "20005"));
    return payment;
  }

  private synchronized Payment onPage(String pageId, String status) {
    Page page = pages.get(pageId);
    if (page == null) {
      throw new IllegalArgumentException("there is no page " + pageId);
    }
    Payment payment =
        new Payment(
            id("pay_"),
            null,
            page.reference(),
            page.amount(),
            page.currency(),
            id("src_"),
            status,
            page.request(),
            false);
    payments.put(payment.id(), payment);
    return payment;
  }

  private void succeeded(Payment payment) throws InterruptedException {
    boolean approved = accepts(event("payment_approved", payment).source(payment.source()));
    boolean captured = accepts(event("payment_captured", payment));
    if (approved && captured) {
      synchronized (this) {
        payments.computeIfPresent(payment.id(), (_, current) -> current.accepted());
      }
    }
  }

  private boolean accepts(CheckoutEvent event) throws InterruptedException {
    return deliver(event).filter(status -> status / 100 == 2).isPresent();
  }

  /** The event data of a payment's current state; only an approval names the instrument. */
  public CheckoutEvent event(String type, Payment payment) {
    return CheckoutEvent.of(type, clock.instant())
        .payment(payment.id())
        .reference(payment.reference())
        .amount(payment.amount())
        .data("currency", payment.currency())
        .data("metadata", payment.request().path("metadata"));
  }

  /**
   * Sends a signed event to the webhooks' address.
   *
   * @return the status of the answer; empty if there was none or no address is set
   */
  public Optional<Integer> deliver(CheckoutEvent event) throws InterruptedException {
    return webhooks.send(event);
  }

  /** Sends any body with any signature. */
  public Optional<Integer> deliver(byte[] body, String signature) throws InterruptedException {
    return webhooks.send(body, signature);
  }

  private void serve(HttpExchange exchange) throws IOException {
    try (exchange) {
      String method = exchange.getRequestMethod();
      String path = exchange.getRequestURI().getPath();
      byte[] body = exchange.getRequestBody().readAllBytes();
      if (!("Bearer " + SECRET_KEY)
          .equals(exchange.getRequestHeaders().getFirst("Authorization"))) {
        answer(exchange, 401, "{}");
        return;
      }
      synchronized (this) {
        if (mode == Mode.DOWN) {
          answer(exchange, 503, "");
          return;
        }
        boolean isScripted = path.equals("/payments") && !steps.isEmpty();
        if (state == State.FAILING && !isScripted) {
          answer(exchange, 500, "{}");
          return;
        }
      }
      if (state() == State.SLOW && closed.await(DELAY.toMillis(), TimeUnit.MILLISECONDS)) {
        return;
      }
      if (method.equals("POST") && path.equals("/hosted-payments")) {
        answer(exchange, 201, open(parsed(body)));
      } else if (method.equals("POST") && path.equals("/payments")) {
        charge(exchange, parsed(body));
      } else if (method.equals("GET") && path.startsWith("/payments/")) {
        look(exchange, path.substring("/payments/".length()));
      } else {
        fault("there is no " + method + " " + path);
        answer(exchange, 404, "{}");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private JsonNode parsed(byte[] body) {
    return json.parse(new String(body, StandardCharsets.UTF_8));
  }

  private synchronized String open(JsonNode request) {
    for (String member :
        List.of("amount", "currency", "billing", "reference", "success_url", "failure_url")) {
      if (!request.hasNonNull(member)) {
        faults.add("a page without " + member);
      }
    }
    Page page =
        new Page(
            id("hpp_"),
            UUID.fromString(request.path("reference").asString("")),
            request.path("amount").intValue(),
            request.path("currency").stringValue(),
            request,
            clock.instant());
    if (pages.values().stream().anyMatch(other -> other.reference().equals(page.reference()))) {
      faults.add("two pages for one order");
    }
    pages.put(page.id(), page);
    return json.text(
        Map.of(
            "id",
            page.id(),
            "reference",
            page.reference(),
            "_links",
            Map.of("redirect", Map.of("href", pagesAt.resolve("/checkout/pay/" + page.id())))));
  }

  private void charge(HttpExchange exchange, JsonNode request)
      throws IOException, InterruptedException {
    String key = exchange.getRequestHeaders().getFirst("Cko-Idempotency-Key");
    Step step;
    Payment payment = null;
    synchronized (this) {
      charges++;
      step = steps.poll();
      if (key == null
          || !request.path("merchant_initiated").asBoolean(false)
          || !"Recurring".equals(request.path("payment_type").asString(""))) {
        faults.add("a charge that must not be made: " + request);
      }
      String before = answers.get(String.valueOf(key));
      if (before != null) {
        answer(exchange, 201, before);
        return;
      }
      if (!(step instanceof Step.Failure
          || step instanceof Step.Garbage
          || step instanceof Step.Unprocessable)) {
        boolean declined = step instanceof Step.Decline;
        payment =
            new Payment(
                id("pay_"),
                key,
                UUID.fromString(request.path("reference").asString("")),
                request.path("amount").intValue(),
                request.path("currency").stringValue(),
                request.at("/source/id").asString(""),
                declined ? "Declined" : "Captured",
                request,
                false);
        payments.put(payment.id(), payment);
        answers.put(String.valueOf(key), shown(payment, declined ? "Declined" : "Authorized"));
      }
    }
    switch (step) {
      case Step.Failure(int status) -> answer(exchange, status, "{}");
      case Step.Garbage _ -> answer(exchange, 201, "<html>");
      case Step.Unprocessable(String code) ->
          answer(exchange, 422, json.text(Map.of("error_codes", List.of(code))));
      case null, default -> {
        if (payment != null) {
          charged(exchange, payment, step);
        }
      }
    }
  }

  private void charged(HttpExchange exchange, Payment payment, @Nullable Step step)
      throws IOException, InterruptedException {
    boolean declined = payment.status().equals("Declined");
    if (declined) {
      deliver(event("payment_declined", payment).data("response_code", "20051"));
    } else {
      succeeded(payment);
    }
    switch (step) {
      case Step.Lost _ -> exchange.close();
      case Step.Stall(Duration time) -> {
        if (!closed.await(time.toMillis(), TimeUnit.MILLISECONDS)) {
          answer(exchange, 201, shown(payment, "Authorized"));
        }
      }
      case null, default ->
          answer(exchange, 201, shown(payment, declined ? "Declined" : "Authorized"));
    }
  }

  private void look(HttpExchange exchange, String id) throws IOException {
    Payment payment;
    synchronized (this) {
      payment = payments.get(id);
    }
    if (payment == null) {
      answer(exchange, 404, "{}");
    } else {
      answer(exchange, 200, shown(payment, payment.status()));
    }
  }

  private String shown(Payment payment, String status) {
    Map<String, Object> shown = new LinkedHashMap<>();
    shown.put("id", payment.id());
    shown.put("status", status);
    shown.put("approved", !status.equals("Declined"));
    shown.put("response_code", status.equals("Declined") ? "20051" : "10000");
    shown.put("amount", payment.amount());
    shown.put("currency", payment.currency());
    shown.put("reference", payment.reference());
    shown.put("source", Map.of("id", payment.source(), "type", "card"));
    return json.text(shown);
  }

  private synchronized void fault(String what) {
    faults.add(what);
  }

  private static void answer(HttpExchange exchange, int status, String body) throws IOException {
    byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
    exchange.getResponseHeaders().add("Content-Type", "application/json");
    exchange.sendResponseHeaders(status, bytes.length == 0 ? -1 : bytes.length);
    if (bytes.length > 0) {
      exchange.getResponseBody().write(bytes);
    }
  }

  private static String id(String prefix) {
    return prefix + UUID.randomUUID().toString().replace("-", "");
  }

  @Override
  public void close() {
    closed.countDown();
    server.stop(0);
    threads.shutdownNow();
    webhooks.close();
    synchronized (this) {
      if (!faults.isEmpty()) {
        throw new AssertionError("Checkout.com rejects this request: " + faults);
      }
    }
  }
}
