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
  private record Answer(int status, JsonNode body) {}

  /** No complete response arrived; the message tells why. */
  private static final class Unreachable extends Exception {
    private static final long serialVersionUID = 1L;

    Unreachable(String message) {
      super(message, null, false, false);
    }
  }

  @Override
  public PageResult open(PaymentRequest request) throws InterruptedException {
    Map<String, Object> body = new LinkedHashMap<>();
    body.put("amount", request.amountCents());
    body.put("currency", request.currency());
    body.put("payment_type", request.keepInstrument() ? "Recurring" : "Regular");
    body.put("billing", Map.of("address", Map.of("country", config.billingCountry())));
    body.put("reference", request.order().toString());
    body.put(
        "metadata",
        Map.of("user_id", request.userId().toString(), "kind", request.kind().wireName()));
    config.processingChannel().ifPresent(channel -> body.put("processing_channel_id", channel));
    body.put("success_url", config.successUrl().toString());
    body.put("failure_url", config.failureUrl().toString());
    body.put("cancel_url", config.cancelUrl().toString());
    body.put("3ds", Map.of("enabled", true));
    try {
      Answer answer = exchange(post("/hosted-payments", body));
      String id = id(answer.body());
      String url = answer.body().at("/_links/redirect/href").asString("");
      if (answer.status() / 100 == 2 && id != null && isWeb(url)) {
        return new PageResult.HostedPage(id, url);
      }
      return new PageResult.Unavailable("Checkout.com responded with " + answer.status());
    } catch (Unreachable e) {
      return new PageResult.Unavailable(String.valueOf(e.getMessage()));
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
      Answer answer =
          exchange(post("/payments", body).header("Cko-Idempotency-Key", charge.idempotencyKey()));
      return answer.status() == 422 ? unprocessable(answer) : outcome(answer);
    } catch (Unreachable e) {
      return new Outcome.Unknown(String.valueOf(e.getMessage()));
    }
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

  private static Outcome outcome(Answer answer) {
    if (answer.status() / 100 != 2) {
      return new Outcome.Unknown("Checkout.com responded with " + answer.status());
    }
    String id = id(answer.body());
    if (id == null) {
      return new Outcome.Unknown("the response contains no payment id");
    }
    return switch (answer.body().path("status").asString("")) {
      case "Captured" -> new Outcome.Captured(id);
      case "Authorized", "Pending", "Partially Captured", "Retry Scheduled" ->
          new Outcome.Pending(id);
      case "Declined", "Canceled", "Expired", "Voided" ->
          new Outcome.Declined(Optional.of(id), code(answer.body().path("response_code")));
      default -> new Outcome.Unknown("the payment status is unknown to this version");
    };
  }

  /**
   * An unusable card is a validation error too; other validation errors are bugs of this service.
   */
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
    return new Outcome.Unknown("Checkout.com responded with 422");
  }

  private HttpRequest.Builder post(String path, Map<String, Object> body) {
    return ProviderHttp.post(uri(path), json.bytes(body));
  }

  private URI uri(String path) {
    return ProviderHttp.uri(config.baseUrl(), path);
  }

  private Answer exchange(HttpRequest.Builder request) throws Unreachable, InterruptedException {
    request.header("Accept", "application/json");
    request.header("Authorization", "Bearer " + config.secretKey().value());
    try {
      HttpResponse<byte[]> response =
          ProviderHttp.send(http, request.build(), ProviderHttp.atMost(MAX_BODY_BYTES), timeout);
      return new Answer(response.statusCode(), parsed(response.body()));
    } catch (TimeoutException e) {
      throw new Unreachable("Checkout.com does not answer");
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
