package app.perpetua.flow.provider.checkout;

import app.perpetua.flow.base.Json;
import app.perpetua.flow.billing.Payments;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;

/**
 * Speaks to Checkout.com. Whatever does not clearly say that a payment was made or refused leaves
 * it unknown, to be asked again under the same idempotency key. Nothing it says contains keys,
 * instruments or addresses. Thread-safe.
 */
public final class CheckoutPayments implements Payments {
  /** A whole call, its answer's body included. */
  private static final Duration PATIENCE = Duration.ofSeconds(5);

  private static final int MAX_ANSWER = 64 * 1024;

  private static final Pattern ID = Pattern.compile("[!-~]{1,200}");
  private static final Pattern CODE = Pattern.compile("[\\w-]{1,50}");

  private final HttpClient http;
  private final CheckoutConfig config;
  private final Json json;
  private final Duration patience;

  /**
   * @param http never follows redirects, and has a connect time-out
   */
  public CheckoutPayments(HttpClient http, CheckoutConfig config, Json json) {
    this(http, config, json, PATIENCE);
  }

  /**
   * As above.
   *
   * @param patience for a whole call, its answer's body included
   */
  CheckoutPayments(HttpClient http, CheckoutConfig config, Json json, Duration patience) {
    this.http = http;
    this.config = config;
    this.json = json;
    this.patience = patience;
  }

  /** An answer that came in time; the body is what of it is a JSON object. */
  private record Answer(int status, JsonNode body) {}

  /** There was none that could be used. */
  private static final class Away extends Exception {
    private static final long serialVersionUID = 1L;

    Away(String message) {
      super(message, null, false, false);
    }
  }

  @Override
  public Opened open(Purchase purchase) throws InterruptedException {
    Map<String, Object> body = new LinkedHashMap<>();
    body.put("amount", purchase.amountCents());
    body.put("currency", purchase.currency());
    body.put("payment_type", purchase.keepInstrument() ? "Recurring" : "Regular");
    body.put("billing", Map.of("address", Map.of("country", config.billingCountry())));
    body.put("reference", purchase.order().toString());
    body.put(
        "metadata",
        Map.of("user_id", purchase.userId().toString(), "kind", purchase.kind().word()));
    config.processingChannel().ifPresent(channel -> body.put("processing_channel_id", channel));
    body.put("success_url", config.successUrl().toString());
    body.put("failure_url", config.failureUrl().toString());
    body.put("cancel_url", config.cancelUrl().toString());
    body.put("3ds", Map.of("enabled", true));
    try {
      Answer answer = exchange(post("/hosted-payments", body, null));
      String id = id(answer.body());
      String url = answer.body().at("/_links/redirect/href").asString("");
      if (answer.status() / 100 == 2 && id != null && isWeb(url)) {
        return new Opened.Page(id, url);
      }
      return new Opened.Unavailable("Checkout.com says " + answer.status());
    } catch (Away e) {
      return new Opened.Unavailable(String.valueOf(e.getMessage()));
    }
  }

  @Override
  public Outcome charge(Charge charge) throws InterruptedException {
    Map<String, Object> body = new LinkedHashMap<>();
    body.put("source", Map.of("type", "id", "id", charge.instrumentId()));
    body.put("amount", charge.amountCents());
    body.put("currency", charge.currency());
    body.put("payment_type", "Recurring");
    body.put("merchant_initiated", true);
    if (charge.previousPaymentId() != null) {
      body.put("previous_payment_id", charge.previousPaymentId());
    }
    body.put("reference", charge.order().toString());
    body.put("metadata", Map.of("user_id", charge.userId().toString(), "kind", "renewal"));
    config.processingChannel().ifPresent(channel -> body.put("processing_channel_id", channel));
    try {
      Answer answer = exchange(post("/payments", body, charge.idempotencyKey()));
      return answer.status() == 422 ? unprocessable(answer) : outcome(answer);
    } catch (Away e) {
      return new Outcome.Unknown(String.valueOf(e.getMessage()));
    }
  }

  @Override
  public Outcome look(String paymentId) throws InterruptedException {
    if (!ID.matcher(paymentId).matches() || paymentId.contains("/")) {
      return new Outcome.Unknown("no id of a payment");
    }
    try {
      return outcome(exchange(request("/payments/" + paymentId).GET().build()));
    } catch (Away | IllegalArgumentException e) {
      return new Outcome.Unknown(String.valueOf(e.getMessage()));
    }
  }

  private static Outcome outcome(Answer answer) {
    if (answer.status() / 100 != 2) {
      return new Outcome.Unknown("Checkout.com says " + answer.status());
    }
    String id = id(answer.body());
    if (id == null) {
      return new Outcome.Unknown("Checkout.com names no payment");
    }
    return switch (answer.body().path("status").asString("")) {
      case "Captured" -> new Outcome.Captured(id);
      case "Authorized", "Pending", "Partially Captured", "Retry Scheduled" ->
          new Outcome.Pending(id);
      case "Declined", "Canceled", "Expired", "Voided" ->
          new Outcome.Declined(Optional.of(id), code(answer.body().path("response_code")));
      default -> new Outcome.Unknown("Checkout.com says neither paid nor declined");
    };
  }

  /** A card that is gone is refused as a request; any other such answer is a mistake of ours. */
  private static Outcome unprocessable(Answer answer) {
    for (JsonNode error : answer.body().path("error_codes").values()) {
      String code = code(error);
      if (code.startsWith("source_")
          || code.startsWith("instrument_")
          || code.startsWith("card_")
          || code.startsWith("previous_payment_")) {
        return new Outcome.Declined(Optional.empty(), code);
      }
    }
    return new Outcome.Unknown("Checkout.com says 422");
  }

  private HttpRequest post(String path, Map<String, Object> body, @Nullable String key) {
    HttpRequest.Builder request =
        request(path)
            .header("Content-Type", "application/json")
            .POST(HttpRequest.BodyPublishers.ofByteArray(json.bytes(body)));
    if (key != null) {
      request.header("Cko-Idempotency-Key", key);
    }
    return request.build();
  }

  private HttpRequest.Builder request(String path) {
    String base = config.baseUrl().toString().replaceAll("/+$", "");
    return HttpRequest.newBuilder(URI.create(base + path))
        .timeout(patience)
        .header("Accept", "application/json")
        .header("Authorization", "Bearer " + config.secretKey().value());
  }

  private Answer exchange(HttpRequest request) throws Away, InterruptedException {
    CompletableFuture<HttpResponse<byte[]>> exchange =
        http.sendAsync(
            request,
            HttpResponse.BodyHandlers.limiting(
                HttpResponse.BodyHandlers.ofByteArray(), MAX_ANSWER));
    try {
      // The request's own time-out does not cover a body that stalls.
      HttpResponse<byte[]> answer = exchange.get(patience.toMillis(), TimeUnit.MILLISECONDS);
      return new Answer(answer.statusCode(), parsed(answer.body()));
    } catch (TimeoutException e) {
      throw new Away("Checkout.com does not answer");
    } catch (ExecutionException e) {
      Throwable cause = e.getCause() == null ? e : e.getCause();
      throw new Away("Checkout.com cannot be reached: " + cause.getClass().getSimpleName());
    } finally {
      exchange.cancel(true);
    }
  }

  private JsonNode parsed(byte[] body) {
    try {
      return json.parse(new String(body, StandardCharsets.UTF_8));
    } catch (JacksonException e) {
      return json.parse("{}");
    }
  }

  private static @Nullable String id(JsonNode body) {
    String id = body.path("id").asString("");
    return ID.matcher(id).matches() ? id : null;
  }

  private static String code(JsonNode code) {
    String text = code.asString("");
    return CODE.matcher(text).matches() ? text : "none";
  }

  private static boolean isWeb(String url) {
    try {
      URI uri = URI.create(url);
      return uri.getHost() != null
          && uri.getScheme() != null
          && uri.getScheme().toLowerCase(Locale.ROOT).startsWith("http");
    } catch (IllegalArgumentException e) {
      return false;
    }
  }
}
