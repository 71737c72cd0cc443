package app.perpetua.flow.provider.google;

import app.perpetua.flow.base.Code;
import app.perpetua.flow.base.Refusal;
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
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.text.ParseException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Google's published keys (RFC 7517), kept for as long as Google says and a day at most, refreshed
 * before they age, and kept on for another day while Google cannot be reached. An unknown key id
 * asks again, because keys rotate; after an answer that did not know it either, nobody asks until a
 * cool-down has passed, however many unknown ids come in.
 *
 * <p>Not Nimbus' own {@code JWKSourceBuilder}: its rate limit lets two requests through per
 * interval, counts the routine refresh as one of them, and cannot tell an answer that helped from
 * one that did not.
 *
 * <p>Thread-safe. The time of the keys is the injected clock's, the cool-down's is real.
 */
public final class GoogleKeys {
  private static final System.Logger LOG = System.getLogger(GoogleKeys.class.getName());

  private static final Duration LONGEST_LIFETIME = Duration.ofHours(24);

  /** Google's own headers say five to six hours; a zero would mean a fetch per sign-in. */
  private static final Duration SHORTEST_LIFETIME = Duration.ofMinutes(5);

  private static final Duration OUTAGE = Duration.ofHours(24);
  private static final Duration COOL_DOWN = Duration.ofSeconds(10);

  /** For the whole exchange: a request's own time-out does not bound a body that stalls. */
  private static final Duration PATIENCE = Duration.ofSeconds(3);

  /** Google's document has about 2 KB. */
  private static final int MAX_BODY = 64 * 1024;

  private static final int MIN_KEY_BITS = 2048;
  private static final Pattern MAX_AGE = Pattern.compile("\\bmax-age=([0-9]{1,9})\\b");

  private record Keys(Map<String, JWSVerifier> byId, Instant fetchedAt, Duration lifetime) {
    Duration age(Instant now) {
      return Duration.between(fetchedAt, now);
    }

    boolean isOld(Instant now) {
      return age(now).compareTo(lifetime) >= 0;
    }

    boolean isAgeing(Instant now) {
      return age(now).compareTo(lifetime.multipliedBy(3).dividedBy(4)) >= 0;
    }

    boolean isUsable(Instant now) {
      return age(now).compareTo(lifetime.plus(OUTAGE)) < 0;
    }
  }

  private final HttpClient http;
  private final URI uri;
  private final Clock clock;
  private final LongSupplier nanoTime;
  private final Supplier<Duration> patience;
  private final ReentrantLock fetching = new ReentrantLock();
  private final AtomicBoolean ahead = new AtomicBoolean();
  private volatile @Nullable Keys keys;

  /** Finished fetches, good or bad: whoever waited for one takes its outcome. */
  private volatile long fetches;

  private volatile long quietUntil;

  /**
   * @param http never follows redirects; its connect time-out is 2 to 3 s
   * @param uri where the keys are published
   * @param clock ages the keys
   * @param nanoTime times the cool-down: {@code System::nanoTime}
   */
  public GoogleKeys(HttpClient http, URI uri, Clock clock, LongSupplier nanoTime) {
    this(http, uri, clock, nanoTime, () -> PATIENCE);
  }

  /**
   * As above.
   *
   * @param patience for each exchange
   */
  GoogleKeys(
      HttpClient http, URI uri, Clock clock, LongSupplier nanoTime, Supplier<Duration> patience) {
    this.http = http;
    this.patience = patience;
    this.uri = uri;
    this.clock = clock;
    this.nanoTime = nanoTime;
    this.quietUntil = nanoTime.getAsLong();
  }

  /**
   * The verifier of that key; empty if Google publishes no such key.
   *
   * @throws Refusal {@code SERVICE_UNAVAILABLE} if there are no keys at all
   */
  Optional<JWSVerifier> verifier(String kid) {
    Instant now = clock.instant();
    long seen = fetches;
    Keys known = keys;
    if (known == null || (known.isOld(now) && !isQuiet())) {
      known = fetched(seen, kid);
    } else if (known.isAgeing(now) && !isQuiet()) {
      fetchAhead();
    }
    if (known == null || !known.isUsable(now)) {
      throw Refusal.of(Code.SERVICE_UNAVAILABLE, "sign-in is not available at the moment")
          .retryAfter(COOL_DOWN);
    }
    JWSVerifier verifier = known.byId().get(kid);
    if (verifier == null && !isQuiet()) {
      known = fetched(seen, kid);
      verifier = known == null ? null : known.byId().get(kid);
    }
    return Optional.ofNullable(verifier);
  }

  private boolean isQuiet() {
    return quietUntil - nanoTime.getAsLong() > 0;
  }

  private void fetchAhead() {
    if (ahead.compareAndSet(false, true)) {
      long seen = fetches;
      Thread.ofVirtual()
          .name("google-keys")
          .start(
              () -> {
                try {
                  fetched(seen, null);
                } finally {
                  ahead.set(false);
                }
              });
    }
  }

  /** The newest keys, after a fetch unless another has finished since {@code seen}. */
  private @Nullable Keys fetched(long seen, @Nullable String wanted) {
    fetching.lock();
    try {
      if (fetches != seen || (keys != null && isQuiet())) {
        return keys;
      }
      Optional<Keys> answer = fetch();
      if (answer.isPresent()) {
        keys = answer.get();
      }
      Keys newest = keys;
      boolean futile =
          answer.isEmpty() || (wanted != null && !answer.get().byId().containsKey(wanted));
      if (newest != null && futile) {
        quietUntil = nanoTime.getAsLong() + COOL_DOWN.toNanos();
      }
      fetches = seen + 1;
      return newest;
    } finally {
      fetching.unlock();
    }
  }

  private Optional<Keys> fetch() {
    Duration limit = patience.get();
    HttpRequest request = HttpRequest.newBuilder(uri).timeout(limit).build();
    CompletableFuture<HttpResponse<byte[]>> exchange =
        http.sendAsync(request, BodyHandlers.limiting(BodyHandlers.ofByteArray(), MAX_BODY));
    try {
      HttpResponse<byte[]> answer = exchange.get(limit.toMillis(), TimeUnit.MILLISECONDS);
      if (answer.statusCode() != 200) {
        throw new IOException("status " + answer.statusCode());
      }
      Map<String, JWSVerifier> byId = verifiers(answer.body());
      if (byId.isEmpty()) {
        throw new IOException("no usable key in the answer");
      }
      return Optional.of(new Keys(byId, clock.instant(), lifetime(answer)));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return failed(e);
    } catch (TimeoutException
        | ExecutionException
        | IOException
        | ParseException
        | JOSEException
        | IllegalArgumentException e) {
      return failed(e);
    } finally {
      exchange.cancel(true);
    }
  }

  private static Optional<Keys> failed(Exception e) {
    LOG.log(System.Logger.Level.WARNING, "Google''s keys were not to be had: {0}", e.toString());
    return Optional.empty();
  }

  private static Map<String, JWSVerifier> verifiers(byte[] body)
      throws ParseException, JOSEException {
    Map<String, JWSVerifier> byId = new HashMap<>();
    for (JWK key : JWKSet.parse(new String(body, StandardCharsets.UTF_8)).getKeys()) {
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

  private static Duration lifetime(HttpResponse<?> answer) {
    Matcher maxAge = MAX_AGE.matcher(answer.headers().firstValue("Cache-Control").orElse(""));
    if (!maxAge.find()) {
      return LONGEST_LIFETIME;
    }
    Duration said = Duration.ofSeconds(Long.parseLong(maxAge.group(1)));
    if (said.compareTo(SHORTEST_LIFETIME) < 0) {
      return SHORTEST_LIFETIME;
    }
    return said.compareTo(LONGEST_LIFETIME) > 0 ? LONGEST_LIFETIME : said;
  }
}
