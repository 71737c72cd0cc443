package app.perpetua.flow.provider.webhook;

import app.perpetua.flow.base.AddressGuard;
import app.perpetua.flow.base.AddressGuard.Verdict;
import app.perpetua.flow.provider.ProviderHttp;
import app.perpetua.flow.webhooks.WebhookSender;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.util.concurrent.TimeoutException;
import javax.net.ssl.SSLException;

/**
 * Sends webhooks with the headers of Standard Webhooks. Checks the URL's address before each
 * message and reads at most 1,024 bytes of the answer. Thread-safe.
 */
public final class HttpWebhookSender implements WebhookSender {
  /** From connecting to the end of what is read of the answer. */
  private static final Duration TIMEOUT = Duration.ofSeconds(10);

  private static final int MAX_BODY = 1_024;

  private final HttpClient http;
  private final AddressGuard guard;
  private final Clock clock;
  private final Duration timeout;

  /**
   * @param http never follows redirects, and has a connect time-out
   * @param guard decides which URLs may be connected to
   * @param clock reads dates in {@code Retry-After}
   */
  public HttpWebhookSender(HttpClient http, AddressGuard guard, Clock clock) {
    this(http, guard, clock, TIMEOUT);
  }

  HttpWebhookSender(HttpClient http, AddressGuard guard, Clock clock, Duration timeout) {
    this.http = http;
    this.guard = guard;
    this.clock = clock;
    this.timeout = timeout;
  }

  @Override
  public Outcome send(Message message) throws InterruptedException {
    return switch (guard.check(message.url())) {
      case Verdict.Allowed _ -> exchange(message);
      case Verdict.Malformed(String why) -> new Outcome.Unanswered("the URL " + why);
      case Verdict.Denied _, Verdict.Unknown _ ->
          new Outcome.Unanswered("the URL " + AddressGuard.HOST_RULE);
    };
  }

  private Outcome exchange(Message message) throws InterruptedException {
    HttpRequest request =
        HttpRequest.newBuilder(URI.create(message.url()))
            .header("Content-Type", "application/json")
            .header("User-Agent", "perpetua-flow-webhooks")
            .header("webhook-id", message.id().toString())
            .header("webhook-timestamp", Long.toString(message.timestamp()))
            .header("webhook-signature", message.signature())
            .POST(HttpRequest.BodyPublishers.ofByteArray(message.body()))
            .build();
    try {
      HttpResponse<byte[]> response =
          ProviderHttp.send(http, request, _ -> new FirstBytes(MAX_BODY), timeout);
      return new Outcome.Answered(
          response.statusCode(),
          text(response.body()),
          ProviderHttp.retryAfter(response.headers(), clock));
    } catch (TimeoutException e) {
      return new Outcome.Unanswered("the receiver did not answer in time");
    } catch (SSLException e) {
      return new Outcome.Unanswered("the TLS connection to the receiver failed");
    } catch (IOException e) {
      return new Outcome.Unanswered("the receiver cannot be reached");
    }
  }

  /** PostgreSQL's text cannot contain NUL. */
  private static String text(byte[] bytes) {
    return new String(bytes, StandardCharsets.UTF_8).replace('\0', '\uFFFD');
  }
}
