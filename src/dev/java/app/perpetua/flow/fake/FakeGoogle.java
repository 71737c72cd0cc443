package app.perpetua.flow.fake;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.crypto.RSASSASigner;
import com.nimbusds.jose.jwk.JWKSet;
import com.nimbusds.jose.jwk.KeyUse;
import com.nimbusds.jose.jwk.RSAKey;
import com.nimbusds.jose.jwk.gen.RSAKeyGenerator;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.SignedJWT;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Date;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.jspecify.annotations.Nullable;

/**
 * Google's sign-in: publishes keys over HTTP on loopback and signs ID tokens with them, on the
 * given clock. Records requests to unknown paths and fails on {@link #close}. Thread-safe.
 */
public final class FakeGoogle implements FakeProvider, AutoCloseable {
  /** The default audience of ID tokens. */
  public static final String CLIENT_ID = "perpetua-flow.apps.googleusercontent.com";

  private static final String PATH = "/oauth2/v3/certs";

  /** The answer of the key endpoint. */
  public enum Mode {
    WORKING,
    /** 503 to every request. */
    DOWN,
    /** Headers, then silence until the fake is closed or works again. */
    STALLED,
    /** 200 with a body that is not a key set. */
    GARBAGE,
    /** 200 with an endless key set. */
    ENDLESS,
    /** 302 to another address that serves the keys. */
    REDIRECTING
  }

  /** Shared by all instances, because generating a key takes up to a second. */
  private static final RSAKey FIRST_KEY = newKey();

  /** Rotations alternate between two keys; each has a new id, by which verifiers know keys. */
  private static final class SecondKey {
    private static final RSAKey KEY = newKey();
  }

  /**
   * Signed tokens by key and claims, shared by all instances: most tests begin with the same people
   * at the same time, and a signature takes milliseconds.
   */
  private static final Cache<List<String>, String> SIGNED =
      Caffeine.newBuilder().maximumSize(10_000).executor(Runnable::run).build();

  private final Clock clock;
  private final HttpServer server;
  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
  private final List<String> unexpected = new ArrayList<>();
  private RSAKey signing = FIRST_KEY;
  private Mode mode = Mode.WORKING;
  private State state = State.UP;
  private CountDownLatch stalled = new CountDownLatch(1);
  private @Nullable Duration maxAge;
  private int fetches;

  /** Starts it on a free port. */
  public FakeGoogle(Clock clock) {
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

  /** The URL of its key set. */
  public URI jwksUrl() {
    InetSocketAddress address = server.getAddress();
    return URI.create(
        "http://" + address.getAddress().getHostAddress() + ":" + address.getPort() + PATH);
  }

  /** Number of requests for its keys, answered or not. */
  public synchronized int fetches() {
    return fetches;
  }

  /**
   * Waits until that many requests for its keys have arrived in all.
   *
   * @throws AssertionError after 30 s
   */
  public synchronized void awaitFetches(int count) throws InterruptedException {
    long deadline = System.nanoTime() + Duration.ofSeconds(30).toNanos();
    while (fetches < count) {
      long left = Duration.ofNanos(deadline - System.nanoTime()).toMillis();
      if (left <= 0) {
        throw new AssertionError("keys were fetched " + fetches + " times, not " + count);
      }
      wait(left);
    }
  }

  /** Sets the answer to all further requests. */
  public synchronized void respondWith(Mode next) {
    mode = next;
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

  /** Sets how long its keys may be cached; null omits the header. */
  public synchronized void cacheFor(@Nullable Duration duration) {
    maxAge = duration;
  }

  /** Rotates the signing key; the old one is no longer published. */
  public synchronized void rotateKeys() {
    RSAKey next = signing.getModulus().equals(FIRST_KEY.getModulus()) ? SecondKey.KEY : FIRST_KEY;
    signing = new RSAKey.Builder(next).keyID(UUID.randomUUID().toString()).build();
  }

  /** The signing key with its private half: for tokens that Google would never sign. */
  public synchronized RSAKey signingKey() {
    return signing;
  }

  /** A token of a person with this subject, valid unless changed. */
  public IdToken idToken(String subject) {
    return new IdToken(subject);
  }

  /** Builder of an ID token; the defaults describe an ordinary account. */
  public final class IdToken {
    private final Map<String, @Nullable Object> claims = new LinkedHashMap<>();

    private IdToken(String subject) {
      claims.put("iss", "https://accounts.google.com");
      claims.put("azp", CLIENT_ID);
      claims.put("aud", CLIENT_ID);
      claims.put("sub", subject);
      claims.put("email", subject + "@example.com");
      claims.put("email_verified", true);
      claims.put("name", "Ada Example");
      claims.put("picture", "https://lh3.googleusercontent.com/a/" + subject);
      claims.put("iat", Date.from(clock.instant()));
      claims.put("exp", Date.from(clock.instant().plus(Duration.ofHours(1))));
    }

    /** Sets a claim; null omits it. */
    public IdToken with(String claim, @Nullable Object value) {
      claims.put(claim, value);
      return this;
    }

    /** Sets the time until expiry; negative if it has expired. */
    public IdToken expiringIn(Duration duration) {
      return with("exp", Date.from(clock.instant().plus(duration)));
    }

    /** Signs the token as Google does. */
    public String sign() {
      RSAKey key = signingKey();
      JWSHeader header = new JWSHeader.Builder(JWSAlgorithm.RS256).keyID(key.getKeyID()).build();
      return SIGNED.get(List.of(key.getKeyID(), claims().toString()), _ -> sign(header, key));
    }

    /** Signs the token with any key under any header. */
    public String sign(JWSHeader header, RSAKey key) {
      SignedJWT jwt = new SignedJWT(header, claims());
      try {
        jwt.sign(new RSASSASigner(key));
      } catch (JOSEException e) {
        throw new IllegalStateException(e);
      }
      return jwt.serialize();
    }

    /** The claims. */
    public JWTClaimsSet claims() {
      JWTClaimsSet.Builder set = new JWTClaimsSet.Builder();
      claims.forEach(
          (name, value) -> {
            if (value != null) {
              set.claim(name, value);
            }
          });
      return set.build();
    }
  }

  @Override
  public void close() {
    respondWith(Mode.DOWN);
    server.stop(0);
    threads.shutdownNow();
    synchronized (this) {
      if (!unexpected.isEmpty()) {
        throw new AssertionError("Google has no " + unexpected);
      }
    }
  }

  private void answer(HttpExchange exchange) throws IOException {
    String request = exchange.getRequestMethod() + " " + exchange.getRequestURI();
    Mode now;
    boolean isSlow;
    CountDownLatch released;
    byte[] body;
    synchronized (this) {
      if (!request.equals("GET " + PATH)) {
        unexpected.add(request);
        exchange.sendResponseHeaders(404, -1);
        exchange.close();
        return;
      }
      fetches++;
      notifyAll();
      now = mode == Mode.WORKING && state == State.FAILING ? Mode.DOWN : mode;
      isSlow = state == State.SLOW;
      released = stalled;
      body = new JWKSet(signing).toString().getBytes(StandardCharsets.UTF_8);
      if (maxAge != null) {
        exchange
            .getResponseHeaders()
            .add("Cache-Control", "public, max-age=" + maxAge.toSeconds() + ", must-revalidate");
      }
    }
    try (exchange) {
      if (isSlow) {
        Thread.sleep(DELAY);
      }
      switch (now) {
        case WORKING -> send(exchange, 200, body);
        case DOWN -> exchange.sendResponseHeaders(503, -1);
        case GARBAGE -> send(exchange, 200, "<html>".getBytes(StandardCharsets.UTF_8));
        case REDIRECTING -> {
          exchange.getResponseHeaders().add("Location", "/elsewhere");
          exchange.sendResponseHeaders(302, -1);
        }
        case STALLED -> {
          exchange.sendResponseHeaders(200, body.length);
          released.await();
        }
        case ENDLESS -> {
          exchange.sendResponseHeaders(200, 0);
          OutputStream out = exchange.getResponseBody();
          out.write("{\"keys\":[".getBytes(StandardCharsets.UTF_8));
          byte[] spaces = " ".repeat(8192).getBytes(StandardCharsets.UTF_8);
          while (released.getCount() > 0) {
            out.write(spaces);
          }
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static void send(HttpExchange exchange, int status, byte[] body) throws IOException {
    exchange.getResponseHeaders().add("Content-Type", "application/json; charset=UTF-8");
    exchange.sendResponseHeaders(status, body.length);
    exchange.getResponseBody().write(body);
  }

  private static RSAKey newKey() {
    try {
      return new RSAKeyGenerator(2048)
          .keyID(UUID.randomUUID().toString())
          .keyUse(KeyUse.SIGNATURE)
          .algorithm(JWSAlgorithm.RS256)
          .generate();
    } catch (JOSEException e) {
      throw new IllegalStateException(e);
    }
  }
}
