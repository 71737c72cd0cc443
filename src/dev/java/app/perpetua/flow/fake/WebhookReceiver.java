package app.perpetua.flow.fake;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpHandler;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Base64;
import java.util.Deque;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.jspecify.annotations.Nullable;

/**
 * A receiver of webhooks as a user would write one: verifies the signature as Standard Webhooks
 * demands, refuses old messages with 400 and keeps the latest deliveries. Thread-safe.
 */
public final class WebhookReceiver implements HttpHandler, AutoCloseable {
  private static final Duration TOLERANCE = Duration.ofMinutes(5);
  private static final String PREFIX = "whsec_";

  /** How a delivery is answered. */
  public enum Mode {
    /** With the status. */
    ANSWERING,
    /** Not at all, until the next script. */
    STALLED,
    /** With the status and an endless body. */
    ENDLESS,
    /** The connection is closed. */
    CLOSING
  }

  /**
   * The answer to deliveries with a valid signature.
   *
   * @param retryAfter {@code Retry-After}, if any
   * @param times for how many deliveries; later ones are answered with 200
   */
  public record Script(Mode mode, int status, @Nullable String retryAfter, int times) {
    /** This status for all further deliveries. */
    public static Script status(int status) {
      return new Script(Mode.ANSWERING, status, null, Integer.MAX_VALUE);
    }

    /** This status for a number of deliveries. */
    public Script times(int count) {
      return new Script(mode, status, retryAfter, count);
    }

    /** This status with {@code Retry-After}. */
    public Script retryAfter(String value) {
      return new Script(mode, status, value, times);
    }

    /** This status in a mode. */
    public Script in(Mode other) {
      return new Script(other, status, retryAfter, times);
    }
  }

  /**
   * A received delivery.
   *
   * @param path of the request
   * @param at by the receiver's clock
   * @param signatures number of signatures
   * @param verified whether one of the signatures is valid
   * @param status the answer
   */
  public record Received(
      String path,
      String id,
      String timestamp,
      Instant at,
      int signatures,
      boolean verified,
      String body,
      int status) {}

  private final Clock clock;
  private final int kept;
  private final Set<String> secrets = new LinkedHashSet<>();
  private final Deque<Received> received = new ArrayDeque<>();
  private Script script = Script.status(200);
  private CountDownLatch released = new CountDownLatch(1);

  /**
   * @param kept number of the latest deliveries that are kept
   */
  public WebhookReceiver(Clock clock, int kept) {
    this.clock = clock;
    this.kept = kept;
  }

  /** Accepts signatures with this secret, too. */
  public synchronized void expect(String secret) {
    secrets.add(secret);
  }

  /** Sets the answer, and ends those that were held back. */
  public synchronized void respondWith(Script next) {
    script = next;
    released.countDown();
    released = new CountDownLatch(1);
  }

  /** The latest deliveries, oldest first. */
  public synchronized List<Received> received() {
    return List.copyOf(received);
  }

  @Override
  public void handle(HttpExchange exchange) throws IOException {
    try (exchange) {
      byte[] body = exchange.getRequestBody().readAllBytes();
      String id = header(exchange, "webhook-id");
      String timestamp = header(exchange, "webhook-timestamp");
      List<String> signatures = Arrays.asList(header(exchange, "webhook-signature").split(" "));
      boolean verified = isRecent(timestamp) && isSigned(id, timestamp, body, signatures);
      Script answer = verified ? next() : Script.status(400);
      add(
          new Received(
              exchange.getRequestURI().getPath(),
              id,
              timestamp,
              clock.instant(),
              signatures.size(),
              verified,
              new String(body, UTF_8),
              answer.status()));
      answer(exchange, answer);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void answer(HttpExchange exchange, Script answer)
      throws IOException, InterruptedException {
    if (answer.mode() == Mode.CLOSING) {
      return;
    }
    if (answer.mode() == Mode.STALLED) {
      latch().await();
      return;
    }
    if (answer.retryAfter() != null) {
      exchange.getResponseHeaders().add("Retry-After", answer.retryAfter());
    }
    if (answer.status() >= 300 && answer.status() < 400) {
      exchange.getResponseHeaders().add("Location", "/elsewhere");
    }
    if (answer.mode() == Mode.ENDLESS) {
      exchange.sendResponseHeaders(answer.status(), 0);
      try (OutputStream out = exchange.getResponseBody()) {
        byte[] block = new byte[8_192];
        Arrays.fill(block, (byte) 'x');
        while (!Thread.currentThread().isInterrupted()) {
          out.write(block);
        }
      }
      return;
    }
    byte[] text = ("answered with " + answer.status()).getBytes(US_ASCII);
    exchange.sendResponseHeaders(answer.status(), text.length);
    exchange.getResponseBody().write(text);
  }

  private synchronized CountDownLatch latch() {
    return released;
  }

  private synchronized Script next() {
    Script current = script;
    if (current.times() != Integer.MAX_VALUE) {
      script = current.times() > 1 ? current.times(current.times() - 1) : Script.status(200);
    }
    return current;
  }

  private synchronized void add(Received delivery) {
    received.add(delivery);
    if (received.size() > kept) {
      received.remove();
    }
  }

  private static String header(HttpExchange exchange, String name) {
    String value = exchange.getRequestHeaders().getFirst(name);
    return value == null ? "" : value;
  }

  private boolean isRecent(String timestamp) {
    return timestamp.matches("[0-9]{1,12}")
        && Duration.between(Instant.ofEpochSecond(Long.parseLong(timestamp)), clock.instant())
                .abs()
                .compareTo(TOLERANCE)
            <= 0;
  }

  private boolean isSigned(String id, String timestamp, byte[] body, List<String> signatures) {
    return known().stream()
        .map(secret -> signature(secret, id, timestamp, body))
        .anyMatch(
            expected ->
                signatures.stream()
                    .anyMatch(
                        given ->
                            MessageDigest.isEqual(
                                expected.getBytes(US_ASCII), given.getBytes(UTF_8))));
  }

  private synchronized List<String> known() {
    return List.copyOf(secrets);
  }

  private static String signature(String secret, String id, String timestamp, byte[] body) {
    try {
      Mac mac = Mac.getInstance("HmacSHA256");
      byte[] key = Base64.getDecoder().decode(secret.substring(PREFIX.length()));
      mac.init(new SecretKeySpec(key, "HmacSHA256"));
      ByteArrayOutputStream signed = new ByteArrayOutputStream();
      signed.writeBytes((id + "." + timestamp + ".").getBytes(UTF_8));
      signed.writeBytes(body);
      return "v1," + Base64.getEncoder().encodeToString(mac.doFinal(signed.toByteArray()));
    } catch (GeneralSecurityException e) {
      throw new AssertionError("every Java platform has HmacSHA256", e);
    }
  }

  /** Ends answers that are held back. */
  @Override
  public void close() {
    respondWith(Script.status(200));
  }
}
