package app.perpetua.flow.fake;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.crypto.ECDSAVerifier;
import com.nimbusds.jose.jwk.Curve;
import com.nimbusds.jose.jwk.ECKey;
import com.nimbusds.jose.util.Base64URL;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.SignedJWT;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.security.GeneralSecurityException;
import java.text.ParseException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A push service and its browsers over HTTP on loopback: rejects what a real one rejects (RFC 8030,
 * RFC 8292) and delivers the rest to a browser, which decrypts it (RFC 8291). Records violations of
 * the protocol and requests to unknown paths, and fails on {@link #close}. Thread-safe.
 */
public final class FakePushService implements FakeProvider, AutoCloseable {
  private static final Pattern AUTHORIZATION =
      Pattern.compile("vapid t=([\\w.-]+), ?k=([\\w-]{87})");
  private static final Duration LONGEST_TOKEN = Duration.ofHours(12);
  private static final int MAX_BODY = 4096;

  /** How a message is answered. */
  public enum Mode {
    /** With the status. */
    ANSWERING,
    /** Not at all, until the next script. */
    STALLED,
    /** With the status and an endless body. */
    ENDLESS
  }

  /**
   * The answer to messages.
   *
   * @param status 201 delivers; 3xx points elsewhere
   * @param retryAfter {@code Retry-After}, if any
   * @param times for how many messages; later messages are delivered
   */
  public record Script(Mode mode, int status, @Nullable String retryAfter, int times) {
    /** This status for all further messages. */
    public static Script status(int status) {
      return new Script(Mode.ANSWERING, status, null, Integer.MAX_VALUE);
    }

    /** This status for a number of messages. */
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
   * A browser's subscription.
   *
   * @param inbox the browser
   */
  public record Subscription(String endpoint, PushInbox inbox) {
    /** The JSON of {@code PushSubscription.toJSON()}. */
    public Map<String, Object> json() {
      return Map.of(
          "endpoint", endpoint, "keys", Map.of("p256dh", inbox.p256dh(), "auth", inbox.auth()));
    }
  }

  /**
   * A message that has reached its browser.
   *
   * @param text what the browser decrypted
   * @param body as it was sent
   * @param authorization as it was sent
   * @param claims claims of the sender's token
   */
  public record Message(
      String endpoint,
      String ttl,
      String urgency,
      String topic,
      String text,
      byte[] body,
      String authorization,
      JWTClaimsSet claims) {}

  private static final Script DELIVERING = Script.status(201);
  private static final Script FAILED = Script.status(503);

  private final Clock clock;
  private final HttpServer server;
  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
  private final Map<String, PushInbox> browsers = new HashMap<>();
  private final List<Message> inbox = new ArrayList<>();
  private final List<String> faults = new ArrayList<>();
  private Script script = DELIVERING;
  private State state = State.UP;
  private CountDownLatch stalled = new CountDownLatch(1);
  private int received;

  /**
   * Starts it on a free port.
   *
   * @param clock checks the expiry of tokens
   */
  public FakePushService(Clock clock) {
    this.clock = clock;
    try {
      server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    server.createContext("/", this::answer);
    server.setExecutor(threads);
    server.start();
  }

  /** Its origin, for {@code PUSH_HOSTS}. */
  public String origin() {
    InetSocketAddress address = server.getAddress();
    return "http://" + address.getAddress().getHostAddress() + ":" + address.getPort();
  }

  /** Subscribes a new browser. */
  public synchronized Subscription subscribe() {
    PushInbox browser = new PushInbox();
    String path = "/push/" + UUID.randomUUID();
    browsers.put(path, browser);
    return new Subscription(origin() + path, browser);
  }

  /** Sets the answer to all further messages. */
  public synchronized void respondWith(Script next) {
    script = next;
    stalled.countDown();
    stalled = new CountDownLatch(1);
  }

  @Override
  public synchronized State state() {
    return state;
  }

  @Override
  public synchronized void turn(State next) {
    state = next;
  }

  /** Messages that reached their browser, oldest first. */
  public synchronized List<Message> inbox() {
    return List.copyOf(inbox);
  }

  /** Number of messages received, delivered or not. */
  public synchronized int received() {
    return received;
  }

  private void answer(HttpExchange exchange) throws IOException {
    byte[] body = exchange.getRequestBody().readNBytes(MAX_BODY + 1);
    Script now;
    CountDownLatch released;
    boolean isSlow;
    int status;
    synchronized (this) {
      received++;
      now = state == State.FAILING && script.equals(DELIVERING) ? FAILED : script;
      isSlow = state == State.SLOW;
      released = stalled;
      if (now.times() != Integer.MAX_VALUE) {
        script = now.times() > 1 ? now.times(now.times() - 1) : DELIVERING;
      }
      status = status(exchange, body, now.status());
    }
    try (exchange) {
      if (isSlow) {
        Thread.sleep(DELAY);
      }
      if (now.mode() == Mode.STALLED) {
        released.await();
        return;
      }
      if (now.retryAfter() != null) {
        exchange.getResponseHeaders().add("Retry-After", now.retryAfter());
      }
      if (status == 201 || status / 100 == 3) {
        exchange.getResponseHeaders().add("Location", "/elsewhere/" + UUID.randomUUID());
      }
      if (now.mode() == Mode.ANSWERING) {
        exchange.sendResponseHeaders(status, -1);
        return;
      }
      exchange.sendResponseHeaders(status, 0);
      OutputStream out = exchange.getResponseBody();
      while (released.getCount() > 0) {
        out.write(new byte[8192]);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** The scripted status, or an error if the request is invalid. */
  private int status(HttpExchange exchange, byte[] body, int scripted) {
    String path = exchange.getRequestURI().toString();
    PushInbox browser = browsers.get(path);
    if (!exchange.getRequestMethod().equals("POST") || !path.startsWith("/push/")) {
      faults.add("there is no " + exchange.getRequestMethod() + " " + path);
      return 404;
    }
    if (browser == null) {
      return 404;
    }
    if (body.length > MAX_BODY) {
      faults.add("a body of more than " + MAX_BODY + " bytes");
      return 413;
    }
    try {
      String authorization = header(exchange, "Authorization", ".+");
      Message message =
          new Message(
              origin() + path,
              header(exchange, "TTL", "[0-9]+"),
              header(exchange, "Urgency", "very-low|low|normal|high"),
              header(exchange, "Topic", "[A-Za-z0-9_-]{1,32}"),
              decrypted(exchange, browser, body),
              body,
              authorization,
              claims(authorization));
      if (scripted / 100 == 2) {
        inbox.add(message);
      }
      return scripted;
    } catch (GeneralSecurityException | ParseException | JOSEException e) {
      faults.add(String.valueOf(e.getMessage()));
      return 400;
    }
  }

  private static String header(HttpExchange exchange, String name, String form)
      throws GeneralSecurityException {
    String value = exchange.getRequestHeaders().getFirst(name);
    if (value == null || !value.matches(form)) {
      throw new GeneralSecurityException(name + ": " + value);
    }
    return value;
  }

  private static String decrypted(HttpExchange exchange, PushInbox browser, byte[] body)
      throws GeneralSecurityException {
    header(exchange, "Content-Encoding", "aes128gcm");
    return browser.decrypt(body);
  }

  private JWTClaimsSet claims(String authorization)
      throws GeneralSecurityException, ParseException, JOSEException {
    Matcher parts = AUTHORIZATION.matcher(authorization);
    if (!parts.matches()) {
      throw new GeneralSecurityException("Authorization: " + authorization);
    }
    byte[] key = Base64URL.from(parts.group(2)).decode();
    ECKey publicKey =
        new ECKey.Builder(
                Curve.P_256,
                Base64URL.encode(Arrays.copyOfRange(key, 1, 33)),
                Base64URL.encode(Arrays.copyOfRange(key, 33, 65)))
            .build();
    SignedJWT token = SignedJWT.parse(parts.group(1));
    JWTClaimsSet claims = token.getJWTClaimsSet();
    Instant now = clock.instant();
    Instant end = claims.getExpirationTime() == null ? now : claims.getExpirationTime().toInstant();
    if (!token.getHeader().getAlgorithm().equals(JWSAlgorithm.ES256)
        || !token.verify(new ECDSAVerifier(publicKey))
        || !claims.getAudience().equals(List.of(origin()))
        || !end.isAfter(now)
        || end.isAfter(now.plus(LONGEST_TOKEN))
        || !String.valueOf(claims.getSubject()).matches("(mailto|https):.+")) {
      throw new GeneralSecurityException("a token that a push service rejects: " + claims);
    }
    return claims;
  }

  @Override
  public void close() {
    respondWith(DELIVERING);
    server.stop(0);
    threads.shutdownNow();
    synchronized (this) {
      if (!faults.isEmpty()) {
        throw new AssertionError("a push service rejects this: " + faults);
      }
    }
  }
}
