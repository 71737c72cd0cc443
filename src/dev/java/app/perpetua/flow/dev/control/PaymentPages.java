package app.perpetua.flow.dev.control;

import static java.nio.charset.StandardCharsets.UTF_8;

import app.perpetua.flow.fake.FakeCheckout;
import app.perpetua.flow.fake.FakeCheckout.Page;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpHandler;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.URI;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReentrantLock;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The fake Checkout.com's hosted payment pages, for browsers. Thread-safe. */
public final class PaymentPages implements HttpHandler {
  /** Path prefix of the pages; the id of the payment session follows. */
  public static final String PATH = "/checkout/pay/";

  /** Path of the pages' stylesheet. */
  public static final String STYLE = "/checkout/pay.css";

  private static final String STYLE_RESOURCE = "/payment/payment.css";

  /** As long as the service answers a repeated purchase with the same page. */
  private static final Duration VALID = Duration.ofHours(24);

  /** Long enough to read the result. */
  private static final Duration BEFORE_RETURN = Duration.ofSeconds(5);

  private final FakeCheckout checkout;
  private final int creditCents;
  private final Clock clock;
  private final byte[] style;

  /** By page, so that two clicks pay once. */
  private final Map<String, ReentrantLock> locks = new ConcurrentHashMap<>();

  /**
   * @param creditCents price of a credit
   * @param clock decides when a page expires
   */
  public PaymentPages(FakeCheckout checkout, int creditCents, Clock clock) {
    this.checkout = checkout;
    this.creditCents = creditCents;
    this.clock = clock;
    try (InputStream stream = PaymentPages.class.getResourceAsStream(STYLE_RESOURCE)) {
      style = Objects.requireNonNull(stream).readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Serves the stylesheet. */
  public void style(HttpExchange exchange) throws IOException {
    try (exchange) {
      send(exchange, 200, "text/css; charset=utf-8", style);
    }
  }

  @Override
  public void handle(HttpExchange exchange) throws IOException {
    try (exchange) {
      String[] parts = exchange.getRequestURI().getPath().substring(PATH.length()).split("/", -1);
      Optional<Page> page = checkout.page(parts[0]);
      if (page.isEmpty() || parts.length > 2) {
        message(
            exchange,
            404,
            "No such payment page",
            "The address is wrong, or the dev server was restarted, which forgets payment pages.",
            Optional.empty());
        return;
      }
      boolean isRead = List.of("GET", "HEAD").contains(exchange.getRequestMethod());
      if (isRead || exchange.getRequestMethod().equals("POST")) {
        route(exchange, page.get(), (isRead ? "" : "POST ") + (parts.length > 1 ? parts[1] : ""));
      } else {
        notAllowed(exchange);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void route(HttpExchange exchange, Page page, String action)
      throws IOException, InterruptedException {
    switch (action) {
      case "" -> show(exchange, page);
      case "paid" -> showPaid(exchange, page);
      case "POST pay" -> submit(exchange, page, true);
      case "POST decline" -> submit(exchange, page, false);
      case "POST cancel" -> redirect(exchange, back(page, "cancel_url"));
      default -> notAllowed(exchange);
    }
  }

  private void submit(HttpExchange exchange, Page page, boolean pays)
      throws IOException, InterruptedException {
    ReentrantLock lock = locks.computeIfAbsent(page.id(), _ -> new ReentrantLock());
    lock.lock();
    try {
      if (isOver(exchange, page, 409)) {
        return;
      }
      if (pays) {
        checkout.pay(page.id());
        redirect(exchange, PATH + page.id() + "/paid");
      } else {
        checkout.decline(page.id());
        redirect(exchange, back(page, "failure_url"));
      }
    } finally {
      lock.unlock();
    }
  }

  /** Answers that the page is paid or expired, if it is. */
  private boolean isOver(HttpExchange exchange, Page page, int ifPaid) throws IOException {
    if (checkout.paymentOn(page).isPresent()) {
      message(
          exchange,
          ifPaid,
          "Already paid",
          sum(page) + " for " + item(page) + " was paid on this page. It cannot be paid again.",
          Optional.of(back(page, "success_url")));
      return true;
    }
    if (page.created().plus(VALID).isBefore(clock.instant())) {
      message(
          exchange,
          410,
          "This payment page has expired",
          "It could be used for 24 hours. Nothing was paid; start the purchase again.",
          Optional.of(back(page, "cancel_url")));
      return true;
    }
    return false;
  }

  private void show(HttpExchange exchange, Page page) throws IOException {
    if (isOver(exchange, page, 200)) {
      return;
    }
    String body =
        """
        <h1>Pay %s</h1>
        <dl>
        <dt>Item</dt><dd>%s</dd>
        <dt>Amount</dt><dd>%s</dd>
        <dt>Order</dt><dd>%s</dd>
        </dl>
        <form method="post" action="%s"><button class="main">Pay %s</button></form>
        <form method="post" action="%s"><button>Decline the card</button></form>
        <form method="post" action="%s"><button>Cancel</button></form>
        """
            .formatted(
                escaped(sum(page)),
                escaped(item(page)),
                escaped(sum(page)),
                page.reference(),
                PATH + page.id() + "/pay",
                escaped(sum(page)),
                PATH + page.id() + "/decline",
                PATH + page.id() + "/cancel");
    // Browsers apply form-action to the redirect after a form as well.
    String targets =
        Stream.of("failure_url", "cancel_url")
            .map(name -> origin(back(page, name)))
            .distinct()
            .collect(Collectors.joining(" "));
    html(exchange, 200, "Pay " + sum(page), body, targets);
  }

  private void showPaid(HttpExchange exchange, Page page) throws IOException {
    Optional<FakeCheckout.Payment> payment = checkout.paymentOn(page);
    if (payment.isEmpty()) {
      redirect(exchange, PATH + page.id());
      return;
    }
    String target = escaped(back(page, "success_url"));
    String body =
        """
        <h1>Paid</h1>
        <p>%s for %s.</p>
        <p>%s</p>
        <p><a href="%s">Return to the application</a>; this happens by itself after %d seconds.</p>
        """
            .formatted(
                escaped(sum(page)),
                escaped(item(page)),
                payment.get().acknowledged()
                    ? "The service has accepted the webhooks of this payment."
                    : "The service has not accepted the webhooks of this payment, and does not know"
                        + " of it. POST /checkout/event sends further ones.",
                target,
                BEFORE_RETURN.toSeconds());
    exchange
        .getResponseHeaders()
        .add("Refresh", BEFORE_RETURN.toSeconds() + "; url=" + back(page, "success_url"));
    html(exchange, 200, "Paid", body, "");
  }

  /** What the page sells; the request has the kind and the amount only. */
  private String item(Page page) {
    String kind = page.request().at("/metadata/kind").asString("an unknown item");
    return switch (kind) {
      case "subscription" -> "Pro for a month";
      case "credits" -> page.amount() / creditCents + " credits";
      default -> kind;
    };
  }

  private static String sum(Page page) {
    return String.format(Locale.ROOT, "%.2f %s", page.amount() / 100.0, page.currency());
  }

  /** The merchant's page of that name; the control port's own page if it is not an HTTP URL. */
  private static String back(Page page, String name) {
    String url = page.request().path(name).asString("");
    try {
      String scheme = String.valueOf(URI.create(url).getScheme());
      return List.of("http", "https").contains(scheme.toLowerCase(Locale.ROOT)) ? url : "/";
    } catch (IllegalArgumentException e) {
      return "/";
    }
  }

  private static String origin(String url) {
    URI uri = URI.create(url);
    return uri.getRawAuthority() == null ? "'self'" : uri.getScheme() + "://" + uri.getAuthority();
  }

  private static void notAllowed(HttpExchange exchange) throws IOException {
    exchange.getResponseHeaders().add("Allow", "GET, HEAD, POST");
    message(
        exchange,
        405,
        "Not possible",
        "GET shows the page; POST to .../pay, .../decline or .../cancel submits it.",
        Optional.empty());
  }

  private static void redirect(HttpExchange exchange, String url) throws IOException {
    exchange.getResponseHeaders().add("Location", url);
    exchange.sendResponseHeaders(303, -1);
  }

  private static void message(
      HttpExchange exchange, int status, String title, String text, Optional<String> next)
      throws IOException {
    String link =
        next.map(
                url ->
                    "<p><a href=\"%s\">Return to the application</a></p>\n".formatted(escaped(url)))
            .orElse("");
    String body = "<h1>%s</h1>\n<p>%s</p>\n%s".formatted(escaped(title), escaped(text), link);
    html(exchange, status, title, body, "");
  }

  /**
   * @param formTargets origins to which a form may lead, separated by spaces
   */
  private static void html(
      HttpExchange exchange, int status, String title, String body, String formTargets)
      throws IOException {
    String page =
        """
        <!doctype html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <title>%s</title>
        <link rel="icon" href="data:,">
        <link rel="stylesheet" href="%s">
        </head>
        <body>
        <main>
        %s<footer>This page is the dev server's fake of Checkout.com. No money is charged.</footer>
        </main>
        </body>
        </html>
        """
            .formatted(escaped(title), STYLE, body);
    exchange
        .getResponseHeaders()
        .add(
            "Content-Security-Policy",
            "default-src 'none'; style-src 'self'; img-src data:; form-action 'self'"
                + (formTargets.isEmpty() ? "" : " " + formTargets)
                + "; base-uri 'none'; frame-ancestors 'none'");
    send(exchange, status, "text/html; charset=utf-8", page.getBytes(UTF_8));
  }

  private static void send(HttpExchange exchange, int status, String type, byte[] content)
      throws IOException {
    var headers = exchange.getResponseHeaders();
    headers.add("Content-Type", type);
    headers.add("Cache-Control", "no-store");
    headers.add("X-Content-Type-Options", "nosniff");
    // With no-referrer, browsers send "Origin: null" with a form, which the control port refuses.
    headers.add("Referrer-Policy", "same-origin");
    boolean head = exchange.getRequestMethod().equals("HEAD");
    exchange.sendResponseHeaders(status, head ? -1 : content.length);
    if (!head) {
      exchange.getResponseBody().write(content);
    }
  }

  private static String escaped(String text) {
    return text.replace("&", "&amp;")
        .replace("<", "&lt;")
        .replace(">", "&gt;")
        .replace("\"", "&quot;")
        .replace("'", "&#39;");
  }
}
