package app.perpetua.flow.dev.control;

import app.perpetua.flow.base.Json;
import app.perpetua.flow.base.Secret;
import app.perpetua.flow.fake.FakeCheckout;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.Map;
import java.util.UUID;
import tools.jackson.core.JacksonException;

/**
 * Buys as users do: orders at the service's public endpoints, pays on the fake Checkout's page,
 * which sends the signed webhooks. Thread-safe.
 */
public final class Shop {
  private static final Duration TIMEOUT = Duration.ofSeconds(30);
  private static final int CONFLICT = 409;

  private final URI service;
  private final FakeCheckout checkout;
  private final Json json;

  public Shop(URI service, FakeCheckout checkout, Json json) {
    this.service = service;
    this.checkout = checkout;
    this.json = json;
  }

  /** Buys Pro, unless the user has it. Returns the service's response. */
  Sessions.Answer pro(Secret accessToken) throws IOException, InterruptedException {
    Sessions.Answer answer = order(accessToken, "/api/v1/subscription/checkout", Map.of());
    return answer.status() == CONFLICT ? new Sessions.Answer(200, answer.body()) : answer;
  }

  /** Buys credits. Returns the service's response. */
  Sessions.Answer credits(Secret accessToken, int amount) throws IOException, InterruptedException {
    return order(accessToken, "/api/v1/credits/purchase", Map.of("amount", amount));
  }

  private Sessions.Answer order(Secret accessToken, String path, Map<String, Object> body)
      throws IOException, InterruptedException {
    HttpRequest request =
        HttpRequest.newBuilder(service.resolve(path))
            .timeout(TIMEOUT)
            .header("Authorization", "Bearer " + accessToken.value())
            .header("Idempotency-Key", UUID.randomUUID().toString())
            .header("Content-Type", "application/json")
            .POST(BodyPublishers.ofByteArray(json.bytes(body)))
            .build();
    try (HttpClient http = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build()) {
      HttpResponse<String> response = http.send(request, BodyHandlers.ofString());
      Sessions.Answer answer =
          new Sessions.Answer(response.statusCode(), json.parse(response.body()));
      if (answer.status() == 200) {
        checkout.pay(answer.body().at("/data/session_id").asString(""));
      }
      return answer;
    } catch (JacksonException e) {
      throw new IOException("the service's answer is not JSON", e);
    } catch (IllegalArgumentException e) {
      throw new IOException("the service does not use the fake Checkout", e);
    }
  }
}
