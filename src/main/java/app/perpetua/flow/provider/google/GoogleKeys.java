package app.perpetua.flow.provider.google;

import app.perpetua.flow.base.ErrorCode;
import app.perpetua.flow.base.Refusal;
import app.perpetua.flow.provider.ProviderHttp;
import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSVerifier;
import com.nimbusds.jose.crypto.RSASSAVerifier;
import com.nimbusds.jose.jwk.JWK;
import com.nimbusds.jose.jwk.JWKSet;
import com.nimbusds.jose.jwk.KeyUse;
import com.nimbusds.jose.jwk.RSAKey;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.text.ParseException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A cache of Google's signing keys (RFC 7517). Keys expire after the response's {@code max-age}, at
 * most a day, are refreshed before they expire, and stay usable for another day while Google is
 * unreachable. An unknown key id triggers a fetch, because keys rotate; a fetch that fails or lacks
 * the id starts a cool-down, during which nothing is fetched while there are usable keys. Without
 * usable keys, every call fetches them or shares the fetch that is running.
 * docs/decisions/google-keys.md explains why this is not Nimbus' {@code JWKSourceBuilder}.
 * Thread-safe.
 */
public final class GoogleKeys {
  private static final System.Logger LOG = System.getLogger(GoogleKeys.class.getName());

  private static final Duration MAX_LIFETIME = Duration.ofHours(24);

  /** Google sends five to six hours; zero would cause a fetch per sign-in. */
  private static final Duration MIN_LIFETIME = Duration.ofMinutes(5);

  private static final Duration MAX_STALENESS = Duration.ofHours(24);
  private static final Duration COOL_DOWN = Duration.ofSeconds(10);

  private static final Duration FETCH_TIMEOUT = Duration.ofSeconds(3);

  /** Google's key set has about 2 KB. */
  private static final int MAX_BODY_BYTES = 64 * 1024;

  private static final int MIN_KEY_BITS = 2048;
  private static final Pattern MAX_AGE = Pattern.compile("\\bmax-age=([0-9]{1,9})\\b");

  private record Keys(Map<String, JWSVerifier> byId, Instant fetchedAt, Duration lifetime) {
    /** Keys expire also if the clock is set back, instead of staying valid until it catches up. */
    Duration age(Instant now) {
      return Duration.between(fetchedAt, now).abs();
    }

    boolean isExpired(Instant now) {
      return age(now).compareTo(lifetime) >= 0;
    }

    boolean isDueForRefresh(Instant now) {
      return age(now).compareTo(lifetime.multipliedBy(3).dividedBy(4)) >= 0;
    }

    boolean isUsable(Instant now) {
      return age(now).compareTo(lifetime.plus(MAX_STALENESS)) < 0;
    }
  }

  private final HttpClient http;
  private final URI uri;
  private final Clock clock;
  private final LongSupplier nanoTime;
  private final Supplier<Duration> timeout;
  private final ReentrantLock fetching = new ReentrantLock();
  private final AtomicBoolean isRefreshing = new AtomicBoolean();
  private volatile @Nullable Keys keys;

  /** Completed fetches, successful or not; a caller that waited for one uses its result. */
  private volatile long fetches;

  private volatile long coolDownEnd;

  /**
   * @param http never follows redirects; its connect time-out is 2 to 3 s
   * @param clock ages the keys
   * @param nanoTime times the cool-down: {@code System::nanoTime}
   */
  public GoogleKeys(HttpClient http, URI uri, Clock clock, LongSupplier nanoTime) {
    this(http, uri, clock, nanoTime, () -> FETCH_TIMEOUT);
  }

  GoogleKeys(
      HttpClient http, URI uri, Clock clock, LongSupplier nanoTime, Supplier<Duration> timeout) {
    this.http = http;
    this.timeout = timeout;
    this.uri = uri;
    this.clock = clock;
    this.nanoTime = nanoTime;
    this.coolDownEnd = nanoTime.getAsLong();
  }

  /**
   * The verifier for a key id; empty if Google publishes no such key.
   *
   * @throws Refusal {@code SERVICE_UNAVAILABLE} if there are no usable keys
   */
  Optional<JWSVerifier> verifier(String kid) {
    Instant now = clock.instant();
    long seenFetches = fetches;
    Keys cached = keys;
    if (cached == null || !cached.isUsable(now) || (cached.isExpired(now) && !isCoolingDown())) {
      cached = fetched(seenFetches, kid);
    } else if (cached.isDueForRefresh(now) && !isCoolingDown()) {
      fetchAhead();
    }
    if (cached == null || !cached.isUsable(now)) {
      throw Refusal.of(ErrorCode.SERVICE_UNAVAILABLE, "sign-in is temporarily unavailable")
          .retryAfter(COOL_DOWN);
    }
    JWSVerifier verifier = cached.byId().get(kid);
    if (verifier == null && !isCoolingDown()) {
      cached = fetched(seenFetches, kid);
      verifier = cached == null ? null : cached.byId().get(kid);
    }
    return Optional.ofNullable(verifier);
  }

  private boolean isCoolingDown() {
    return coolDownEnd - nanoTime.getAsLong() > 0;
  }

  private void fetchAhead() {
    if (isRefreshing.compareAndSet(false, true)) {
      long seenFetches = fetches;
      Thread.ofVirtual()
          .name("google-keys")
          .start(
              () -> {
                try {
                  fetched(seenFetches, null);
                } finally {
                  isRefreshing.set(false);
                }
              });
    }
  }

  /** Fetches the keys, unless another fetch has completed since {@code seenFetches}. */
  private @Nullable Keys fetched(long seenFetches, @Nullable String kid) {
    fetching.lock();
    try {
      Keys cached = keys;
      boolean isUsable = cached != null && cached.isUsable(clock.instant());
      if (fetches != seenFetches || (isUsable && isCoolingDown())) {
        return cached;
      }
      Optional<Keys> latest = fetch();
      if (latest.isPresent()) {
        keys = latest.get();
      }
      Keys newest = keys;
      boolean isUseless =
          latest.isEmpty() || (kid != null && !latest.get().byId().containsKey(kid));
      if (newest != null && isUseless) {
        coolDownEnd = nanoTime.getAsLong() + COOL_DOWN.toNanos();
      }
      fetches = seenFetches + 1;
      return newest;
    } finally {
      fetching.unlock();
    }
  }

  private Optional<Keys> fetch() {
    try {
      HttpResponse<byte[]> response =
          ProviderHttp.send(
              http,
              HttpRequest.newBuilder(uri).build(),
              ProviderHttp.atMost(MAX_BODY_BYTES),
              timeout.get());
      if (response.statusCode() != 200) {
        throw new IOException("status " + response.statusCode());
      }
      Map<String, JWSVerifier> byId =
          verifiers(new String(response.body(), StandardCharsets.UTF_8));
      if (byId.isEmpty()) {
        throw new IOException("no usable key in the response");
      }
      return Optional.of(new Keys(byId, clock.instant(), lifetime(response)));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return failed(e);
    } catch (TimeoutException
        | IOException
        | ParseException
        | JOSEException
        | IllegalArgumentException e) {
      return failed(e);
    }
  }

  private static Optional<Keys> failed(Exception e) {
    LOG.log(System.Logger.Level.WARNING, "cannot fetch Google''s signing keys: {0}", e.toString());
    return Optional.empty();
  }

  /** The usable keys of a key set, by id. */
  static Map<String, JWSVerifier> verifiers(String keySet) throws ParseException, JOSEException {
    Map<String, JWSVerifier> byId = new HashMap<>();
    for (JWK key : JWKSet.parse(keySet).getKeys()) {
      if (key instanceof RSAKey rsa
          && rsa.getKeyID() != null
          && rsa.size() >= MIN_KEY_BITS
          && (rsa.getKeyUse() == null || rsa.getKeyUse().equals(KeyUse.SIGNATURE))
          && (rsa.getAlgorithm() == null || rsa.getAlgorithm().equals(JWSAlgorithm.RS256))) {
        byId.put(rsa.getKeyID(), new RSASSAVerifier(rsa.toRSAPublicKey()));
      }
    }
    return Map.copyOf(byId);
  }

  private static Duration lifetime(HttpResponse<?> response) {
    Matcher maxAge = MAX_AGE.matcher(response.headers().firstValue("Cache-Control").orElse(""));
    if (!maxAge.find()) {
      return MAX_LIFETIME;
    }
    return Duration.ofSeconds(
        Math.clamp(
            Long.parseLong(maxAge.group(1)), MIN_LIFETIME.toSeconds(), MAX_LIFETIME.toSeconds()));
  }
}
