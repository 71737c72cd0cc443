package app.perpetua.flow.provider.webpush;

import app.perpetua.flow.base.AddressGuard;
import app.perpetua.flow.base.AddressGuard.Verdict;
import app.perpetua.flow.notifications.PushService;
import app.perpetua.flow.notifications.Vapid;
import app.perpetua.flow.provider.ProviderHttp;
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
import java.time.Duration;
import java.util.Locale;
import java.util.concurrent.TimeoutException;

/**
 * Sends push messages (RFC 8030) with an encrypted payload (RFC 8291) and a VAPID token (RFC 8292).
 * Checks the endpoint's address before each message. Outcomes contain neither endpoint, keys nor
 * payload. Thread-safe.
 */
public final class WebPush implements PushService {
  /** From connecting to the response headers. */
  private static final Duration TIMEOUT = Duration.ofSeconds(3);

  /** RFC 8292 allows a day; a shorter life limits the use of a leaked token. */
  private static final Duration TOKEN_LIFE = Duration.ofHours(1);

  private final HttpClient http;
  private final Duration timeout;
  private final String subject;
  private final AddressGuard guard;
  private final Clock clock;
  private final VAPIDKeyPair keys;
  private final MessageEncryption encryption = MessageEncryptions.of();

  /**
   * @param http never follows redirects, and has a connect time-out
   * @param guard decides which endpoints may be connected to
   * @param clock dates the VAPID tokens
   */
  public WebPush(HttpClient http, Vapid vapid, AddressGuard guard, Clock clock) {
    this(http, vapid, guard, clock, TIMEOUT);
  }

  WebPush(HttpClient http, Vapid vapid, AddressGuard guard, Clock clock, Duration timeout) {
    this.http = http;
    this.timeout = timeout;
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
      case Verdict.Malformed(String why) -> new Outcome.Rejected("the endpoint " + why);
      case Verdict.Denied(String why) -> new Outcome.Rejected("the endpoint " + why);
      case Verdict.Unknown _ ->
          new Outcome.Unavailable(Duration.ZERO, "the push service's host cannot be resolved");
      case Verdict.Allowed _ -> exchange(push);
    };
  }

  private Outcome exchange(Push push) throws InterruptedException {
    HttpRequest request;
    try {
      request = request(push);
    } catch (MessageEncryptionException | IllegalArgumentException e) {
      return new Outcome.Rejected(
          "the message cannot be encrypted: " + e.getClass().getSimpleName());
    }
    try {
      HttpResponse<InputStream> response =
          ProviderHttp.send(http, request, HttpResponse.BodyHandlers.ofInputStream(), timeout);
      // Not read, because it may be endless.
      response.body().close();
      return outcome(response);
    } catch (TimeoutException e) {
      return new Outcome.Unavailable(Duration.ZERO, "the push service did not respond in time");
    } catch (IOException e) {
      return new Outcome.Unavailable(
          Duration.ZERO, "the push service cannot be reached: " + e.getClass().getSimpleName());
    }
  }

  private HttpRequest request(Push push) {
    URI endpoint = URI.create(push.endpoint());
    EncryptedPushMessage message =
        encryption.encrypt(
            UserAgentMessageEncryptionKeyInfo.of(push.p256dh(), push.auth()),
            PushMessage.of(push.payload()));
    return HttpRequest.newBuilder(endpoint)
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
    String scheme = endpoint.getScheme().toLowerCase(Locale.ROOT);
    // An origin omits its scheme's default port (RFC 6454, section 6.1).
    boolean isDefaultPort =
        endpoint.getPort() == -1 || endpoint.getPort() == (scheme.equals("https") ? 443 : 80);
    String port = isDefaultPort ? "" : ":" + endpoint.getPort();
    return keys.generateAuthorizationHeaderValue(
        VAPIDJWTParam.getBuilder()
            .resourceURLString(scheme + "://" + endpoint.getHost().toLowerCase(Locale.ROOT) + port)
            .expirationTime(clock.instant().plus(TOKEN_LIFE))
            .subject(subject)
            .build());
  }

  private Outcome outcome(HttpResponse<?> response) {
    int status = response.statusCode();
    if (status >= 200 && status < 300) {
      return new Outcome.Sent();
    }
    if (status == 404 || status == 410) {
      return new Outcome.Gone();
    }
    String reason = "the push service responded with " + status;
    return status == 429 || status >= 500
        ? new Outcome.Unavailable(ProviderHttp.retryAfter(response.headers(), clock), reason)
        : new Outcome.Rejected(reason);
  }
}
