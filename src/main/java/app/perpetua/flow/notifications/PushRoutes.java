package app.perpetua.flow.notifications;

import app.perpetua.flow.base.AddressGuard;
import app.perpetua.flow.base.AddressGuard.Verdict;
import app.perpetua.flow.base.ErrorCode;
import app.perpetua.flow.base.Refusal;
import app.perpetua.flow.http.Reply;
import app.perpetua.flow.http.Request;
import app.perpetua.flow.parsing.JsonReader;
import app.perpetua.flow.parsing.QueryParameters;
import app.perpetua.flow.sql.Tx;
import java.time.Duration;
import java.util.Base64;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** Requests about the browsers that a user wants to be pushed to. */
public final class PushRoutes {
  /** 65 bytes in base64, and then some. */
  private static final int KEY = 100;

  private static final int AUTH_BYTES = 16;

  /** Somebody must configure keys first. */
  private static final Duration LATER = Duration.ofHours(1);

  private final PushSubscriptions subscriptions;
  private final AddressGuard guard;
  private final Optional<String> publicKey;

  /**
   * @param guard decides which endpoints may be pushed to
   * @param vapid who we are to push services; without it nobody can subscribe
   */
  public PushRoutes(PushSubscriptions subscriptions, AddressGuard guard, Optional<Vapid> vapid) {
    this.subscriptions = subscriptions;
    this.guard = guard;
    this.publicKey = vapid.map(Vapid::publicText);
  }

  /** GET /notifications/push-key. */
  public Function<Tx, Reply> key(Request request) {
    return _ -> Reply.ok(Map.of("public_key", publicKey.orElseThrow(PushRoutes::unavailable)));
  }

  /** POST /notifications/push-subscription. */
  public Function<Tx, Reply> subscribe(Request request) {
    JsonReader body = request.body().required("endpoint", "keys");
    String endpoint = body.text("endpoint", 1, AddressGuard.MAX_LENGTH);
    JsonReader keys = body.object("keys");
    byte[] p256dh = null;
    byte[] auth = null;
    if (keys != null) {
      keys.required("p256dh", "auth");
      p256dh = bytes(keys, "p256dh", P256::isPoint, "must be a point on P-256 in base64url");
      auth = bytes(keys, "auth", b -> b.length == AUTH_BYTES, "must be 16 bytes in base64url");
    }
    if (endpoint != null && publicKey.isPresent()) {
      checkEndpoint(body, endpoint);
    }
    body.validate();
    String checked = Objects.requireNonNull(endpoint);
    byte[] point = Objects.requireNonNull(p256dh);
    byte[] secret = Objects.requireNonNull(auth);
    return tx -> {
      if (publicKey.isEmpty()) {
        throw unavailable();
      }
      PushSubscriptions.Saved saved = subscriptions.save(tx, checked, point, secret);
      return saved.added() ? Reply.created(saved.subscription()) : Reply.ok(saved.subscription());
    };
  }

  /** Here, since the look-up of its host must not happen inside a transaction. */
  private void checkEndpoint(JsonReader body, String endpoint) {
    try {
      switch (guard.check(endpoint)) {
        case Verdict.Allowed _ -> {}
        case Verdict.Denied(String why) -> body.addError("endpoint", why);
        case Verdict.Unknown _ -> body.addError("endpoint", "must be at a host that can be found");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw Refusal.of(ErrorCode.SERVICE_UNAVAILABLE, "the service is being stopped")
          .retryAfter(Duration.ofSeconds(1));
    }
  }

  /** DELETE /notifications/push-subscription, the endpoint in the body or in the query. */
  public Function<Tx, Reply> unsubscribe(Request request) {
    QueryParameters query = request.query();
    String asked = query.text("endpoint", AddressGuard.MAX_LENGTH);
    query.validate();
    JsonReader body = request.body().notNull("endpoint");
    String told = body.text("endpoint", 1, AddressGuard.MAX_LENGTH);
    if (asked == null && !body.has("endpoint")) {
      body.addError("endpoint", "is required");
    } else if (asked != null && told != null && !asked.equals(told)) {
      body.addError("endpoint", "must be the one in the query");
    }
    body.validate();
    String endpoint = told == null ? Objects.requireNonNull(asked) : told;
    return tx -> {
      subscriptions.remove(tx, endpoint);
      return Reply.noContent();
    };
  }

  private static byte @Nullable [] bytes(
      JsonReader keys, String name, Predicate<byte[]> fits, String message) {
    String text = keys.text(name, 1, KEY);
    if (text == null) {
      return null;
    }
    try {
      byte[] bytes = Base64.getUrlDecoder().decode(text);
      if (fits.test(bytes)) {
        return bytes;
      }
    } catch (IllegalArgumentException e) {
      // Told below.
    }
    keys.addError(name, message);
    return null;
  }

  private static Refusal unavailable() {
    return Refusal.of(ErrorCode.SERVICE_UNAVAILABLE, "push is not configured here")
        .retryAfter(LATER);
  }
}
