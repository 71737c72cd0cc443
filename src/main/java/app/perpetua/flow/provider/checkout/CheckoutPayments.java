package app.perpetua.flow.provider.checkout;

import app.perpetua.flow.base.Json;
import app.perpetua.flow.billing.Payments;
import app.perpetua.flow.provider.ProviderHttp;
import java.io.IOException;
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
import java.util.UUID;
import java.util.concurrent.TimeoutException;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;

/**
 * Checkout.com's API. An outcome that is neither clearly paid nor clearly declined is unknown; the
 * caller retries it with the same idempotency key. Results and their reasons contain no keys,
 * instruments or addresses. Thread-safe.
 */
public final class CheckoutPayments implements Payments {
  private static final Duration TIMEOUT = Duration.ofSeconds(5);
  private static final int MAX_BODY_BYTES = 64 * 1024;
  private static final Pattern ID = Pattern.compile("[!-~]{1,200}");
  private static final Pattern CODE = Pattern.compile("[\\w-]{1,50}");

  private final HttpClient http;
  private final CheckoutConfig config;
  private final Json json;
  private final Duration timeout;

  /**
   * @param http never follows redirects, and has a connect time-out
   */
  public CheckoutPayments(HttpClient http, CheckoutConfig config, Json json) {
    this(http, config, json, TIMEOUT);
  }

  CheckoutPayments(HttpClient http, CheckoutConfig config, Json json, Duration timeout) {
    this.http = http;
    this.config = config;
    this.json = json;
    this.timeout = timeout;
  }

  /**
   * @param body an empty object if the response is not JSON
   */
  private record Response(int status, JsonNode body) {}

  /** No complete response arrived; the message is the reason. */
  private static final class Unreachable extends Exception {
    private static final long serialVersionUID = 1L;

    Unreachable(String message) {
      super(message, null, false, false);
    }
  }

  @Override
  public PageResult open(PaymentRequest request) throws InterruptedException {
    Map<String, Object> body =
        payment(
            request.order(),
            request.userId(),
            request.kind(),
            request.amountCents(),
            request.currency());
    body.put("payment_type", request.keepInstrument() ? "Recurring" : "Regular");
    body.put("billing", Map.of("address", Map.of("country", config.billingCountry())));
    body.put("success_url", config.successUrl().toString());
    body.put("failure_url", config.failureUrl().toString());
    body.put("cancel_url", config.cancelUrl().toString());
    body.put("3ds", Map.of("enabled", true));
    try {
      Response response = exchange(post("/hosted-payments", body));
      String id = id(response.body());
      String url = response.body().at("/_links/redirect/href").asString("");
      if (response.status() / 100 == 2 && id != null && isWeb(url)) {
        return new PageResult.HostedPage(id, url);
      }
      return new PageResult.Unavailable("Checkout.com responded with " + response.status());
    } catch (Unreachable e) {
      return new PageResult.Unavailable(String.valueOf(e.getMessage()));
    }
  }

  @Override
  public Outcome charge(Charge charge) throws InterruptedException {
    Map<String, Object> body =
        payment(
            charge.order(), charge.userId(), Kind.RENEWAL, charge.amountCents(), charge.currency());
    body.put("payment_type", "Recurring");
    body.put("source", Map.of("type", "id", "id", charge.instrumentId()));
    body.put("merchant_initiated", true);
    if (charge.previousPaymentId() != null) {
      body.put("previous_payment_id", charge.previousPaymentId());
    }
    try {
      Response response =
          exchange(post("/payments", body).header("Cko-Idempotency-Key", charge.idempotencyKey()));
      return response.status() == 422 ? unprocessable(response) : outcome(response);
    } catch (Unreachable e) {
      return new Outcome.Unknown(String.valueOf(e.getMessage()));
    }
  }

  private Map<String, Object> payment(
      UUID order, UUID userId, Kind kind, int amountCents, String currency) {
    Map<String, Object> body = new LinkedHashMap<>();
    body.put("amount", amountCents);
    body.put("currency", currency);
    body.put("reference", order.toString());
    body.put("metadata", Map.of("user_id", userId.toString(), "kind", kind.wireName()));
    config.processingChannel().ifPresent(channel -> body.put("processing_channel_id", channel));
    return body;
  }

  @Override
  public Outcome fetch(String paymentId) throws InterruptedException {
    if (!ID.matcher(paymentId).matches() || paymentId.contains("/")) {
      return new Outcome.Unknown("not a payment id");
    }
    try {
      return outcome(exchange(HttpRequest.newBuilder(uri("/payments/" + paymentId))));
    } catch (Unreachable | IllegalArgumentException e) {
      return new Outcome.Unknown(String.valueOf(e.getMessage()));
    }
  }

  private static Outcome outcome(Response response) {
    if (response.status() / 100 != 2) {
      return new Outcome.Unknown("Checkout.com responded with " + response.status());
    }
    String id = id(response.body());
    if (id == null) {
      return new Outcome.Unknown("the response contains no payment id");
    }
    return switch (response.body().path("status").asString("")) {
      case "Captured" -> new Outcome.Captured(id);
      case "Authorized", "Pending", "Partially Captured", "Retry Scheduled" ->
          new Outcome.Pending(id);
      case "Declined", "Canceled", "Expired", "Voided" ->
          new Outcome.Declined(Optional.of(id), code(response.body().path("response_code")));
      default -> new Outcome.Unknown("unknown payment status");
    };
  }

  /** An unusable card is a validation error too; all other validation errors are bugs. */
  private static Outcome unprocessable(Response response) {
    for (JsonNode error : response.body().path("error_codes").values()) {
      String code = code(error);
      if (code.startsWith("source_")
          || code.startsWith("instrument_")
          || code.startsWith("card_")
          || code.startsWith("previous_payment_")) {
        return new Outcome.Declined(Optional.empty(), code);
      }
    }
    return new Outcome.Unknown("Checkout.com responded with 422");
  }

  private HttpRequest.Builder post(String path, Map<String, Object> body) {
    return ProviderHttp.post(uri(path), json.bytes(body));
  }

  private URI uri(String path) {
    return ProviderHttp.uri(config.baseUrl(), path);
  }

  private Response exchange(HttpRequest.Builder request) throws Unreachable, InterruptedException {
    request.header("Accept", "application/json");
    request.header("Authorization", "Bearer " + config.secretKey().value());
    try {
      HttpResponse<byte[]> response =
          ProviderHttp.send(http, request.build(), ProviderHttp.atMost(MAX_BODY_BYTES), timeout);
      return new Response(response.statusCode(), parsed(response.body()));
    } catch (TimeoutException e) {
      throw new Unreachable("Checkout.com did not respond in time");
    } catch (IOException e) {
      throw new Unreachable("Checkout.com cannot be reached: " + e.getClass().getSimpleName());
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
