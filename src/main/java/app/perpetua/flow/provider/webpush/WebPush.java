package app.perpetua.flow.provider.webpush;

import app.perpetua.flow.base.AddressGuard;
import app.perpetua.flow.base.AddressGuard.Verdict;
import app.perpetua.flow.notifications.PushService;
import app.perpetua.flow.notifications.Vapid;
import com.zerodeplibs.webpush.EncryptedPushMessage;
import com.zerodeplibs.webpush.MessageEncryption;
import com.zerodeplibs.webpush.MessageEncryptionException;
import com.zerodeplibs.webpush.MessageEncryptions;
import com.zerodeplibs.webpush.PushMessage;
import com.zerodeplibs.webpush.UserAgentMessageEncryptionKeyInfo;
import com.zerodeplibs.webpush.VAPIDKeyPair;
import com.zerodeplibs.webpush.VAPIDKeyPairs;
import com.zerodeplibs.webpush.jwt.VAPIDJWTParam;
import com.zerodeplibs.webpush.key.PrivateKeySources;
import com.zerodeplibs.webpush.key.PublicKeySources;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Clock;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.format.DateTimeFormatter;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Speaks to push services: payload encrypted by RFC 8291, ourselves identified by RFC 8292, sent by
 * RFC 8030. Asks the address guard before each message. Nothing it says or throws contains
 * endpoint, keys or payload. Thread-safe.
 */
public final class WebPush implements PushService {
  /** Connection, request and the answer's head, together; the look-up before them has 2 s. */
  private static final Duration PATIENCE = Duration.ofSeconds(3);

  /** RFC 8292 allows a day; a token that leaks is of no use for longer than this. */
  private static final Duration TOKEN_LIFE = Duration.ofHours(1);

  /** A push service that asks for more is asked again all the same. */
  private static final Duration LONGEST_WAIT = Duration.ofHours(1);

  private final HttpClient http;
  private final Duration patience;
  private final String subject;
  private final AddressGuard guard;
  private final Clock clock;
  private final VAPIDKeyPair keys;
  private final MessageEncryption encryption = MessageEncryptions.of();

  /**
   * @param http never follows redirects, and has a connect time-out
   * @param guard decides which endpoints may be connected to
   * @param clock dates our tokens
   */
  public WebPush(HttpClient http, Vapid vapid, AddressGuard guard, Clock clock) {
    this(http, vapid, guard, clock, PATIENCE);
  }

  /**
   * As above.
   *
   * @param patience for the connection, the request and the answer's head, together
   */
  WebPush(HttpClient http, Vapid vapid, AddressGuard guard, Clock clock, Duration patience) {
    this.http = http;
    this.patience = patience;
    this.subject = vapid.subject();
    this.guard = guard;
    this.clock = clock;
    this.keys =
        VAPIDKeyPairs.of(
            PrivateKeySources.ofECPrivateKey(vapid.privateKey()),
            PublicKeySources.ofECPublicKey(vapid.publicKey()));
  }

  @Override
  public Outcome send(Push push) throws InterruptedException {
    return switch (guard.check(push.endpoint())) {
      case Verdict.Refused(String why) -> new Outcome.Rejected("the endpoint " + why);
      case Verdict.Unknown _ ->
          new Outcome.TryLater(Duration.ZERO, "the push service's host cannot be found");
      case Verdict.Fine _ -> exchange(push);
    };
  }

  private Outcome exchange(Push push) throws InterruptedException {
    HttpRequest request;
    try {
      request = request(push);
    } catch (MessageEncryptionException | IllegalArgumentException e) {
      return new Outcome.Rejected("it cannot be encrypted: " + e.getClass().getSimpleName());
    }
    // The body is never read: what counts is in the head, and a body may have no end.
    CompletableFuture<HttpResponse<InputStream>> answer =
        http.sendAsync(request, HttpResponse.BodyHandlers.ofInputStream());
    try {
      HttpResponse<InputStream> response = answer.get(patience.toMillis(), TimeUnit.MILLISECONDS);
      response.body().close();
      return outcome(response);
    } catch (TimeoutException e) {
      return new Outcome.TryLater(Duration.ZERO, "the push service does not answer");
    } catch (ExecutionException e) {
      String what = e.getCause() == null ? "failure" : e.getCause().getClass().getSimpleName();
      return new Outcome.TryLater(Duration.ZERO, "the push service cannot be reached: " + what);
    } catch (IOException e) {
      return new Outcome.TryLater(Duration.ZERO, "the push service has hung up");
    } finally {
      answer.cancel(true);
    }
  }

  private HttpRequest request(Push push) {
    URI endpoint = URI.create(push.endpoint());
    EncryptedPushMessage message =
        encryption.encrypt(
            UserAgentMessageEncryptionKeyInfo.of(push.p256dh(), push.auth()),
            PushMessage.of(push.payload()));
    return HttpRequest.newBuilder(endpoint)
        .timeout(patience)
        .header("Authorization", authorization(endpoint))
        .header("Content-Encoding", message.contentEncoding())
        .header("Content-Type", message.mediaType())
        .header("TTL", Long.toString(push.timeToLive().toSeconds()))
        .header("Urgency", push.urgency().name().toLowerCase(Locale.ROOT))
        .header("Topic", push.topic())
        .POST(HttpRequest.BodyPublishers.ofByteArray(message.toBytes()))
        .build();
  }

  private String authorization(URI endpoint) {
    // A port that goes without saying is no part of an origin (RFC 6454, section 6.1).
    String port =
        endpoint.getPort() == -1 || isDefaultPort(endpoint) ? "" : ":" + endpoint.getPort();
    return keys.generateAuthorizationHeaderValue(
        VAPIDJWTParam.getBuilder()
            .resourceURLString(
                endpoint.getScheme().toLowerCase(Locale.ROOT)
                    + "://"
                    + endpoint.getHost().toLowerCase(Locale.ROOT)
                    + port)
            .expirationTime(clock.instant().plus(TOKEN_LIFE))
            .subject(subject)
            .build());
  }

  private static boolean isDefaultPort(URI url) {
    return url.getPort() == (url.getScheme().equalsIgnoreCase("https") ? 443 : 80);
  }

  private Outcome outcome(HttpResponse<?> response) {
    int status = response.statusCode();
    return switch (status) {
      case 404, 410 -> new Outcome.Gone();
      case 429 -> new Outcome.TryLater(retryAfter(response), "the push service says 429");
      default -> {
        if (status >= 200 && status < 300) {
          yield new Outcome.Sent();
        }
        yield status >= 500
            ? new Outcome.TryLater(retryAfter(response), "the push service says " + status)
            : new Outcome.Rejected("the push service says " + status);
      }
    };
  }

  /** Seconds or a date (RFC 9110, section 10.2.3); zero if it is neither. */
  private Duration retryAfter(HttpResponse<?> response) {
    String text = response.headers().firstValue("Retry-After").orElse("").strip();
    Duration asked;
    if (text.matches("[0-9]{1,9}")) {
      asked = Duration.ofSeconds(Long.parseLong(text));
    } else {
      try {
        Instant until = DateTimeFormatter.RFC_1123_DATE_TIME.parse(text, Instant::from);
        asked = Duration.between(clock.instant(), until);
      } catch (DateTimeException e) {
        asked = Duration.ZERO;
      }
    }
    if (asked.isNegative()) {
      return Duration.ZERO;
    }
    return asked.compareTo(LONGEST_WAIT) > 0 ? LONGEST_WAIT : asked;
  }
}
