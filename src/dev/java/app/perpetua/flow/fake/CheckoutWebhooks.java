package app.perpetua.flow.fake;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Sends the fake Checkout.com's webhooks, each once. Thread-safe. */
final class CheckoutWebhooks implements AutoCloseable {
  private static final Duration TIMEOUT = Duration.ofSeconds(30);

  private final HttpClient http =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
  private @Nullable URI address;
  private String secret;

  /**
   * Sends nothing until the address is set.
   *
   * @param secret signs the events
   */
  CheckoutWebhooks(String secret) {
    this.secret = secret;
  }

  synchronized void sendTo(@Nullable URI url) {
    address = url;
  }

  synchronized void signWith(String other) {
    secret = other;
  }

  /** Sends a signed event; returns as {@link #send(byte[], String)}. */
  Optional<Integer> send(CheckoutEvent event) throws InterruptedException {
    byte[] body = event.body();
    String key;
    synchronized (this) {
      key = secret;
    }
    return send(body, CheckoutEvent.signature(key, body));
  }

  /**
   * Sends any body with any signature.
   *
   * @return the status of the answer; empty if there was none or no address is set
   */
  Optional<Integer> send(byte[] body, String signature) throws InterruptedException {
    URI url;
    synchronized (this) {
      url = address;
    }
    if (url == null) {
      return Optional.empty();
    }
    HttpRequest request =
        HttpRequest.newBuilder(url)
            .timeout(TIMEOUT)
            .header("Content-Type", "application/json")
            .header("Cko-Signature", signature)
            .POST(HttpRequest.BodyPublishers.ofByteArray(body))
            .build();
    try {
      return Optional.of(http.send(request, HttpResponse.BodyHandlers.discarding()).statusCode());
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  @Override
  public void close() {
    http.shutdownNow();
  }
}
